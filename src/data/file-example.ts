/** An example that is a file of its own. */
import { sha256OfFile } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import type { Modality } from '../registry/card-names.js';
import type { Example, Raw } from './dataset.js';
import { readWholeFile } from './read-whole-file.js';

/** Bytes. The tokens that a network takes in come out of a few thousand. */
const LARGEST_TEXT = 64 * 2 ** 20;
/** Bytes: as much as Node reads in one piece. What is decoded has limits of its own. */
const LARGEST_RECORDING = 2 ** 31 - 1;

export interface FileExampleOptions {
  /** Where the file is. */
  readonly path: string;
  readonly modality: Modality;
  /** Unique in the data set; the path that messages name is always the file's. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly target?: number | undefined;
  readonly part?: 'train' | 'test' | undefined;
}

/** Nothing is read before it is asked for. */
export function fileExample({ path, modality, name, labels, target, part }: FileExampleOptions): Example {
  return {
    name,
    labels,
    ...(target === undefined ? {} : { target }),
    ...(part === undefined ? {} : { part }),
    load: (signal) => loadFile(path, modality, signal),
    digest: () => sha256OfFile(path),
  };
}

/** The decoders are loaded when the first file needs them. */
async function loadFile(path: string, modality: Modality, signal: AbortSignal | undefined): Promise<Raw> {
  if (modality === 'image') {
    const { decodeImage } = await import('./image/decode.js');
    return decodeImage(path, { signal });
  }
  if (modality === 'audio') {
    const { decodeAudio } = await import('./audio/decode-audio.js');
    return decodeAudio(await readWholeFile(path, LARGEST_RECORDING, signal), path);
  }
  return { kind: 'text', text: utf8(await readWholeFile(path, LARGEST_TEXT, signal), path) };
}

function utf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ZooError('DATA', `${path} is not text in UTF-8`, { hint: 'Save it as UTF-8.', cause });
  }
}
