/** What the files of a network tell about it by themselves, in the words of a card. */
import { ZooError } from '../../core/errors.js';
import type { Card, FileRole } from '../card.js';

/** A file on this machine and the path that it has, or will have, in a card. */
export interface LocalFile {
  readonly path: string;
  /** Path on this machine. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
}

export interface DescribedTensor {
  readonly name: string;
  /** null is any size. Left out when the format does not tell. */
  readonly shape?: (number | null)[];
  readonly dtype?: string;
}

/** The part of a card's `input` that shapes tell; range, colours and sample rate are for a person to fill in. */
export interface DescribedInput {
  /** `image` for one tensor of pictures; left out when shapes alone do not say it. */
  readonly modality?: 'image';
  readonly name?: string;
  readonly shape?: (number | null)[];
  readonly dtype?: string;
  readonly layout?: 'NHWC' | 'NCHW';
  /** All inputs, where there are several. */
  readonly tensors?: DescribedTensor[];
}

/** Card fields that were read from the files, and what a person must still fill in. */
export interface FormatDescription {
  readonly format: Card['format'];
  readonly parameters?: number;
  readonly architecture?: string;
  readonly input?: DescribedInput;
  readonly output?: NonNullable<Card['output']>;
  readonly features?: NonNullable<Card['features']>;
  /** What each file is, by its path; a file that no format claims is left out. */
  readonly roles: Readonly<Record<string, FileRole>>;
  /** One sentence each. Fields that no file can tell (licence, summary, task …) are not repeated here. */
  readonly unknown: readonly string[];
}

/** What one reader finds; `describeFiles` adds the roles of the other files. */
export type Description = Omit<FormatDescription, 'roles'> & { readonly roles: Record<string, FileRole> };

/** An error of a file that is not what its first bytes say. */
export function malformed(path: string, what: string, expected?: string | number, found?: string | number) {
  return new ZooError('INTEGRITY', `${path} is malformed: ${what}`, { expected, found });
}

/**
 * The number of elements of a tensor.
 * @throws ZooError `INTEGRITY` for a negative or fractional dimension, or a product beyond 2^53.
 */
export function elementCount(shape: readonly number[], path: string): number {
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      throw malformed(
        path,
        'a tensor has an impossible dimension',
        'whole numbers from 0',
        String(dimension),
      );
    }
    count *= dimension;
    if (!Number.isSafeInteger(count)) {
      throw malformed(
        path,
        'a tensor has more elements than any file can hold',
        undefined,
        shape.join(' × '),
      );
    }
  }
  return count;
}

/** The `input` of a card from all inputs of a network, as far as shapes tell. */
export function describeInput(inputs: readonly DescribedTensor[]): DescribedInput | undefined {
  const [first] = inputs;
  if (first === undefined) return undefined;
  if (inputs.length > 1) return { tensors: [...inputs] };
  const layout = pictureLayout(first);
  return { ...(layout ? { modality: 'image', layout } : {}), ...first };
}

/** Four dimensions with one or three channels and a square or free picture: nothing else in practice. */
function pictureLayout({ shape, dtype }: DescribedTensor): 'NHWC' | 'NCHW' | undefined {
  if (shape?.length !== 4 || (dtype !== 'float32' && dtype !== 'uint8' && dtype !== 'int8')) return undefined;
  const [, a, b, c] = shape;
  if (c === 3 && (a ?? 32) >= 16 && (b ?? 32) >= 16) return 'NHWC';
  if (a === 3 && (b ?? 32) >= 16 && (c ?? 32) >= 16) return 'NCHW';
  return undefined;
}

/** Adds what every network needs and no reader found. */
export function stillUnknown(found: {
  input?: DescribedInput | undefined;
  output?: Card['output'] | undefined;
  features?: Card['features'] | undefined;
  parameters?: number | undefined;
}): string[] {
  const unknown: string[] = [];
  if (found.parameters === undefined) unknown.push('parameters: the format does not tell how many there are');
  if (found.input === undefined) unknown.push('input: the format does not tell what the network takes in');
  else if (found.input.modality === 'image') {
    unknown.push('input: colour order, value range, mean and std, and how pictures are resized and cropped');
  } else unknown.push('input: how raw data becomes the tensors (sample rate, spectrogram, tokenizer, range)');
  if (found.output?.heads !== undefined) unknown.push('output: what each of its outputs means');
  else if (found.output?.units === undefined)
    unknown.push('output: which layer or node it is, and how many units it has');
  if (found.output?.labels === undefined) unknown.push('output: labels, one a unit, where units are classes');
  if (found.features === undefined)
    unknown.push('features: the layer or node to cut at, and its width (no head was recognised)');
  else unknown.push('features: the cut is a guess (what goes into the last layer with weights); check it');
  return unknown;
}
