/** Local data: examples with labels, each decoded when it is needed. */
import type { Digest } from '../core/digest.js';
import type { Modality } from '../registry/card-names.js';

/** Rotated as its EXIF data says; alpha is laid on white, grey is repeated. */
export interface RawImage {
  readonly kind: 'image';
  readonly width: number;
  readonly height: number;
  /** 8 bits a channel, RGB, rows from the top: height * width * 3 bytes. */
  readonly data: Uint8Array;
  /** True where red, green and blue are equal in every pixel. */
  readonly grey: boolean;
}

export interface RawAudio {
  readonly kind: 'audio';
  /** Hz. */
  readonly sampleRate: number;
  /** One array a channel, values in [-1, 1]. */
  readonly channels: readonly Float32Array[];
}

export interface RawText {
  readonly kind: 'text';
  readonly text: string;
}

export type Raw = RawImage | RawAudio | RawText;

export interface Example {
  /** Unique in its data set: a relative path with forward slashes, or `file.csv:12`, or an index. */
  readonly name: string;
  /** One for classification, several for multi-label, none where unknown. */
  readonly labels: readonly string[];
  /** For regression. */
  readonly target?: number;
  /** Where the data set is published in two parts: which one this belongs to. */
  readonly part?: 'train' | 'test';
  /** Decodes. @throws ZooError `DATA` naming the file when it can't be read. */
  load(signal?: AbortSignal): Promise<Raw>;
  /** sha256 of the bytes that it is made of: the file, the text as UTF-8, the pixels. */
  digest(): Promise<Digest>;
}

export interface Dataset {
  readonly modality: Modality;
  /** What it was read from, for messages: a path or `dataset/digits@1.0.0`. */
  readonly origin: string;
  /** Every label that occurs, sorted (numbers by value). */
  readonly labels: readonly string[];
  readonly examples: readonly Example[];
  /** Worth saying once: files that were left out, and why. */
  readonly notes: readonly string[];
  /** Classes that were named, by a folder say, and have no example. */
  readonly emptyClasses?: readonly string[];
  /** The largest share of examples, 0 … 1, that may turn out unreadable; 0 where it isn't given. */
  readonly tolerate?: number;
}
