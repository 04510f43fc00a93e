/** Reading golden values, and comparing with them. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export async function golden<Content>(name: string): Promise<Content> {
  return JSON.parse(
    await readFile(fileURLToPath(new URL(`../../golden/${name}.json`, import.meta.url)), 'utf8'),
  );
}

export async function fixture(name: string): Promise<Uint8Array> {
  return readFile(fileURLToPath(new URL(`../../fixtures/audio/${name}`, import.meta.url)));
}

/** What a script writes down of an array: every `stride`-th value, and figures of all of them. */
export interface Summary {
  readonly shape: readonly number[];
  readonly stride: number;
  readonly values: readonly number[];
  readonly sum: number;
  readonly l2: number;
  readonly max: number;
}

export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

export function normOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/**
 * Each value within `tolerance` of itself or of the root mean square, whichever is greater, and the norm within
 * `tolerance`.
 * @returns the greatest such error, for reports.
 */
export function expectLike(found: ArrayLike<number>, wanted: Summary, tolerance: number): number {
  const count = wanted.shape.reduce((product, size) => product * size, 1);
  expect(found.length).toBe(count);
  const typical = wanted.l2 / Math.sqrt(count);
  const errors = wanted.values.map((value, index) => {
    const distance = Math.abs((found[index * wanted.stride] ?? Number.NaN) - value);
    return distance / Math.max(Math.abs(value), typical);
  });
  const norm = Math.abs(normOf(Array.from(found)) - wanted.l2) / wanted.l2;
  const worst = Math.max(...errors, norm);
  expect(worst).toBeLessThan(tolerance);
  const sum = Math.abs(sumOf(Array.from(found)) - wanted.sum);
  expect(sum).toBeLessThan(tolerance * typical * count);
  return worst;
}

/** The linear congruential generator of the golden inputs, from -1 to 1 times `size`. */
export function noise(count: number, size: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return size * ((2 * state) / 2 ** 32 - 1);
  });
}

/** A tone whose pitch rises evenly from `low` to `high` Hz over the whole length, at `size`. */
export function sweep(count: number, rate: number, low: number, high: number, size: number): Float32Array {
  const seconds = count / rate;
  return Float32Array.from({ length: count }, (_, index) => {
    const time = index / rate;
    return size * Math.sin(2 * Math.PI * (low * time + ((high - low) * time * time) / (2 * seconds)));
  });
}
