/** Tables in gzip without column names: the pixels of a picture, then its label, in each row. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ZooError } from '../../core/errors.js';
import type { Example } from '../dataset.js';
import { pixelExamples } from './pixel-examples.js';

const unzip = promisify(gunzip);
/** Unpacked; the largest known one has 18 MB. */
const MOST_BYTES = 2 ** 28;

/**
 * Reads pictures of `side` by `side` pixels.
 * @param white the largest value in the table, which becomes 255.
 * @throws ZooError `INTEGRITY` when the file is not such a table.
 */
export async function readPixelTable(
  folder: string,
  file: string,
  side: number,
  white: number,
): Promise<Example[]> {
  const path = join(folder, file);
  const rows = (await unpack(path)).split('\n').filter((row) => row.trim() !== '');
  const size = side * side;
  const levels = new Uint8Array(rows.length * size);
  const labels = rows.map((row, index) => {
    const cells = row.split(',');
    const values = cells.map(Number);
    if (cells.length !== size + 1 || !values.every((value) => value >= 0))
      throw badRow(file, index + 1, size);
    for (let pixel = 0; pixel < size; pixel++) {
      const value = values[pixel] ?? 0;
      if (value > white) throw badRow(file, index + 1, size);
      levels[index * size + pixel] = Math.round((value * 255) / white);
    }
    return String(values[size]);
  });
  return pixelExamples({ width: side, height: side, levels, labels, prefix: `${basename(file)}:`, first: 1 });
}

async function unpack(path: string): Promise<string> {
  const packed = await readFile(path);
  try {
    return (await unzip(packed, { maxOutputLength: MOST_BYTES })).toString('latin1');
  } catch (cause) {
    throw new ZooError('INTEGRITY', `${basename(path)} is not a whole gzip file`, {
      found: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

function badRow(file: string, row: number, pixels: number): ZooError {
  return new ZooError('INTEGRITY', `${file}:${row} is not a picture with its label`, {
    expected: `${pixels} pixels and a label, separated by commas`,
    hint: 'Check it with: zoo verify',
  });
}
