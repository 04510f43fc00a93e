/** Ten JSON files, one a digit: `{"data": [784 numbers from 0 to 1 for each picture]}`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZooError } from '../../core/errors.js';
import type { Example } from '../dataset.js';
import { pixelExamples } from './pixel-examples.js';

const SIDE = 28;
const SIZE = SIDE * SIDE;

/** @throws ZooError `INTEGRITY` when a file does not hold such numbers. */
export async function readDigitFiles(folder: string): Promise<Example[]> {
  const examples: Example[] = [];
  for (let digit = 0; digit <= 9; digit++) {
    const file = `${digit}.json`;
    const values = numbersOf(await readFile(join(folder, file), 'utf8'), file);
    examples.push(
      ...pixelExamples({
        width: SIDE,
        height: SIDE,
        levels: Uint8Array.from(values, (value) => Math.round(value * 255)),
        labels: new Array<string>(values.length / SIZE).fill(String(digit)),
        prefix: `${file}:`,
        first: 0,
      }),
    );
  }
  return examples;
}

function numbersOf(text: string, file: string): number[] {
  const bad = (cause?: unknown) =>
    new ZooError('INTEGRITY', `${file} does not hold pictures`, {
      expected: `{"data": […]} with ${SIZE} numbers from 0 to 1 for each picture`,
      hint: 'Check it with: zoo verify',
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bad(cause);
  }
  if (typeof value !== 'object' || value === null || !('data' in value)) throw bad();
  const { data } = value;
  if (!Array.isArray(data) || data.length === 0 || data.length % SIZE !== 0) throw bad();
  if (!data.every((one): one is number => typeof one === 'number' && one >= 0 && one <= 1)) throw bad();
  return data;
}
