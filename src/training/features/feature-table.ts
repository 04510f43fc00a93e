/** Features of a data set, block by block as they are made, or whole in memory. */
import type { Example } from '../../data/dataset.js';

/** An example that could not be read. */
export interface Unreadable {
  readonly name: string;
  readonly reason: string;
}

/** A batch of examples in a row and their features. */
export interface FeatureBlock {
  /** Its place among all blocks of the data set, from 0. */
  readonly index: number;
  /** Those that could be read, in the order of the data set. */
  readonly examples: readonly Example[];
  /** [examples, width], row-major. */
  readonly features: Float32Array;
  readonly unreadable: readonly Unreadable[];
  /** False where the network ran for it; true where it was in the cache. */
  readonly cached: boolean;
}

export interface FeatureTable {
  readonly names: readonly string[];
  /** None where unknown, several for multi-label. */
  readonly labels: readonly (readonly string[])[];
  /** For regression; undefined where an example has none. */
  readonly targets: readonly (number | undefined)[];
  /** [names, width], row-major. */
  readonly features: Float32Array;
  readonly width: number;
  readonly unreadable: readonly Unreadable[];
  /** Examples whose features the network computed now; the others came from the cache. */
  readonly computed: number;
}

/** Puts blocks together. */
export async function collectTable(
  blocks: AsyncIterable<FeatureBlock>,
  width: number,
): Promise<FeatureTable> {
  const examples: Example[] = [];
  const unreadable: Unreadable[] = [];
  const parts: Float32Array[] = [];
  let computed = 0;
  for await (const block of blocks) {
    for (const example of block.examples) examples.push(example);
    unreadable.push(...block.unreadable);
    parts.push(block.features);
    if (!block.cached) computed += block.examples.length;
  }
  const features = new Float32Array(examples.length * width);
  let at = 0;
  for (const part of parts) {
    features.set(part, at);
    at += part.length;
  }
  return {
    names: examples.map((example) => example.name),
    labels: examples.map((example) => example.labels),
    targets: examples.map((example) => example.target),
    features,
    width,
    unreadable,
    computed,
  };
}

/** Some rows of a table, in the order in which they are named. */
export function rowsOfTable(
  { names, labels, targets, features, width }: FeatureTable,
  rows: readonly number[],
): Pick<FeatureTable, 'names' | 'labels' | 'targets' | 'features' | 'width'> {
  const picked = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries()) {
    picked.set(features.subarray(row * width, (row + 1) * width), at * width);
  }
  return {
    names: rows.map((row) => names[row] ?? ''),
    labels: rows.map((row) => labels[row] ?? []),
    targets: rows.map((row) => targets[row]),
    features: picked,
    width,
  };
}
