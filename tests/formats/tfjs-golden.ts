/** Values of networks that Python TensorFlow computed (scripts/golden/tfjs-networks.py), and how ours are compared. */
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';

/** The parity that is promised, in units of `max(1, |value|)`; sums and norms in units of the sum of sizes, or the norm. */
export const PARITY = 1e-4;

export interface Summary {
  readonly shape: number[];
  readonly first: number[];
  readonly sum: number;
  readonly sumOfSizes: number;
  readonly norm: number;
  readonly min: number;
  readonly max: number;
  readonly argmax: number;
}
export type GoldenInput =
  | { readonly formula: 'sine'; readonly shape: number[]; readonly a: number }
  | { readonly formula: 'lcg'; readonly shape: number[]; readonly low: number; readonly high: number }
  | { readonly texts: string[] }
  | { readonly ids: number[][] };
export interface GoldenCase {
  readonly input: GoldenInput;
  readonly outputs: Readonly<Record<string, Summary>>;
}

export async function goldenCases(network: string): Promise<GoldenCase[]> {
  const file = new URL('../golden/tfjs-networks.json', import.meta.url);
  const cases: GoldenCase[] | undefined = JSON.parse(await readFile(file, 'utf8')).networks[network];
  if (cases === undefined) throw new Error(`no golden values of ${network}`);
  return cases;
}

/** The formulas of the golden file. */
export function formulaTensor(input: Extract<GoldenInput, { formula: string }>): Tensor {
  const values = new Float32Array(input.shape.reduce((product, size) => product * size, 1));
  let state = 1;
  for (let index = 0; index < values.length; index++) {
    if (input.formula === 'sine') {
      values[index] = input.a * Math.sin(0.01 * index);
      continue;
    }
    // The product goes beyond 2^53, so it is made of two halves.
    const high = Math.floor(state / 65536) * 1664525;
    state = ((high % 65536) * 65536 + (state % 65536) * 1664525 + 1013904223) % 2 ** 32;
    values[index] = input.low + (input.high - input.low) * (state / 2 ** 32);
  }
  return tf.tensor(values, input.shape);
}

/** Fails unless a tensor is the one that Python computed, as far as the summary tells. */
export function expectGolden(tensor: Tensor, golden: Summary, what: string): void {
  expect(tensor.shape, what).toEqual(golden.shape);
  const values = tensor.dataSync();
  let sum = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    sum += value;
    squares += value * value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  // Rounding errors follow the largest numbers that are summed, not the small result that they may leave.
  const range = Math.max(Math.abs(golden.min), Math.abs(golden.max)) / 5;
  const near = (actual: number, wanted: number, name: string) =>
    expect(Math.abs(actual - wanted), `${what}: ${name} is ${actual}, not ${wanted}`).toBeLessThanOrEqual(
      PARITY * Math.max(1, Math.abs(wanted), range),
    );
  for (const [index, wanted] of golden.first.entries())
    near(values[index] ?? Number.NaN, wanted, `value ${index}`);
  near(min, golden.min, 'min');
  near(max, golden.max, 'max');
  near(values[golden.argmax] ?? Number.NaN, golden.max, 'the value that should be the largest');
  expect(Math.abs(sum - golden.sum), `${what}: sum`).toBeLessThanOrEqual(PARITY * golden.sumOfSizes);
  expect(Math.abs(Math.sqrt(squares) - golden.norm), `${what}: norm`).toBeLessThanOrEqual(
    PARITY * golden.norm,
  );
}
