/** The features on which scikit-learn's heads were fitted: see scripts/golden/heads.py. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { LabelledFeatures } from '../../../src/training/solve/fit-options.js';
import { realModel } from '../../support/real-model.js';

export interface Split {
  readonly train: LabelledFeatures;
  readonly test: LabelledFeatures;
  /** Class of each test example. */
  readonly classes: readonly number[];
}

/** The linear congruential generator of the golden values. */
export class Lcg {
  #state = 1;

  uniform(): number {
    this.#state = (Math.imul(1664525, this.#state) + 1013904223) >>> 0;
    return (this.#state + 0.5) / 2 ** 32;
  }

  normal(): number {
    const length = Math.sqrt(-2 * Math.log(this.uniform()));
    return length * Math.cos(2 * Math.PI * this.uniform());
  }

  normals(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => this.normal());
  }
}

export function tableOf(
  rows: readonly ArrayLike<number>[],
  labels: readonly (readonly string[])[],
  targets: readonly number[] = [],
): LabelledFeatures {
  const width = rows[0]?.length ?? 0;
  const features = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    features.set(row, index * width);
  });
  return { names: rows.map((_, index) => `row ${index}`), labels, targets, features, width };
}

function splitOf(
  rows: readonly ArrayLike<number>[],
  classes: readonly number[],
  train: readonly number[],
  test: readonly number[],
): Split {
  const pick = (indices: readonly number[]) => {
    const chosen = indices.map((index) => classes[index] ?? -1);
    return {
      classes: chosen,
      table: tableOf(
        indices.map((index) => rows[index] ?? []),
        chosen.map((value) => [String(value)]),
        chosen,
      ),
    };
  };
  const tested = pick(test);
  return { train: pick(train).table, test: tested.table, classes: tested.classes };
}

/** The 8x8 digits: the first examples of each class, tested on the last 500 of the file, by other writers. */
export async function digits(perClass: number): Promise<Split> {
  const { folder } = await realModel('dataset/digits');
  const text = gunzipSync(await readFile(join(folder, 'digits.csv.gz'))).toString('utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  const classes = lines.map((line) => line[64] ?? -1);
  const rows = lines.map((line) => line.slice(0, 64));
  const first = classes.slice(0, 1297);
  const train = Array.from({ length: 10 }, (_, digit) =>
    first.flatMap((value, index) => (value === digit ? [index] : [])).slice(0, perClass),
  ).flat();
  const test = Array.from({ length: 500 }, (_, index) => 1297 + index);
  return splitOf(rows, classes, train, test);
}

/** Mixture of Gaussians on the unit sphere. */
export function mixture(
  classes: number,
  width: number,
  perClass: number,
  perTest: number,
  spread: number,
): Split {
  const lcg = new Lcg();
  const centres = Array.from({ length: classes }, () => lcg.normals(width));
  const rows: Float64Array[] = [];
  const labels: number[] = [];
  for (const count of [perClass, perTest]) {
    for (let index = 0; index < classes * count; index++) {
      const label = Math.floor(index / count);
      const row = lcg.normals(width).map((value, at) => (centres[label]?.[at] ?? 0) + spread * value);
      const length = Math.hypot(...row);
      rows.push(row.map((value) => value / length));
      labels.push(label);
    }
  }
  const all = labels.map((_, index) => index);
  return splitOf(rows, labels, all.slice(0, classes * perClass), all.slice(classes * perClass));
}

export function accuracyOf(scores: Float32Array, classes: readonly number[]): number {
  return (
    predictedOf(scores, classes.length).filter((value, index) => value === classes[index]).length /
    classes.length
  );
}

export function predictedOf(scores: Float32Array, examples: number): number[] {
  const outputs = scores.length / examples;
  return Array.from({ length: examples }, (_, row) => {
    const own = scores.subarray(row * outputs, (row + 1) * outputs);
    return own.indexOf(Math.max(...own));
  });
}
