/**
 * IDX, the format of MNIST: a magic number that says type and dimensions, the sizes as big-endian integers of 32 bits,
 * then bytes (described on the page of MNIST by LeCun, Cortes and Burges).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZooError } from '../../core/errors.js';
import type { Example } from '../dataset.js';
import { pixelExamples } from './pixel-examples.js';

const UNSIGNED_BYTES = 0x08;

interface Idx {
  readonly sizes: readonly number[];
  readonly bytes: Uint8Array;
}

/** Unsigned bytes in any number of dimensions. @throws ZooError `INTEGRITY` when the size does not fit the header. */
export function parseIdx(content: Buffer, name: string): Idx {
  const dimensions = content[3] ?? 0;
  const start = 4 + 4 * dimensions;
  if (
    content.length < start ||
    content.readUInt16BE(0) !== 0 ||
    content[2] !== UNSIGNED_BYTES ||
    dimensions === 0
  ) {
    throw notIdx(name, 'another header');
  }
  const sizes = Array.from({ length: dimensions }, (_, index) => content.readUInt32BE(4 + 4 * index));
  const length = sizes.reduce((product, size) => product * size, 1);
  if (content.length - start !== length) {
    throw notIdx(name, `${content.length - start} bytes for ${sizes.join(' x ')}`);
  }
  return { sizes, bytes: content.subarray(start) };
}

/**
 * Pictures and labels of one part, from the two files that MNIST names so.
 * @param stem `train` or `t10k`.
 */
export async function readIdxPart(folder: string, stem: string, part: 'train' | 'test'): Promise<Example[]> {
  const imageFile = `${stem}-images-idx3-ubyte`;
  const labelFile = `${stem}-labels-idx1-ubyte`;
  const images = parseIdx(await readFile(join(folder, imageFile)), imageFile);
  const labels = parseIdx(await readFile(join(folder, labelFile)), labelFile);
  const [count, height, width] = images.sizes;
  if (count === undefined || height === undefined || width === undefined)
    throw notIdx(imageFile, 'no pictures');
  if (labels.sizes.length !== 1 || labels.sizes[0] !== count) {
    throw notIdx(labelFile, `${labels.sizes[0]} labels for ${count} pictures`);
  }
  return pixelExamples({
    width,
    height,
    levels: images.bytes,
    labels: Array.from(labels.bytes, String),
    prefix: `${stem}:`,
    first: 0,
    part,
  });
}

function notIdx(name: string, found: string): ZooError {
  return new ZooError('INTEGRITY', `${name} is not a file of pictures or labels in IDX`, {
    expected: 'unsigned bytes, as many as its header says',
    found,
    hint: 'Check it with: zoo verify',
  });
}
