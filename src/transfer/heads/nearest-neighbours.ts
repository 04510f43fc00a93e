/** The most frequent class among the k most similar training examples, by the cosine of their features. */
import * as z from 'zod';
import { ZooError } from '../../core/errors.js';
import { checkCount } from '../../data/check-number.js';
import type { Weights } from '../../formats/weight.js';
import type { Head, TrainingRows } from './head.js';
import { headKind } from './head-kind.js';
import { checkLabels } from './labels.js';
import { float32, float32Of, int32, int32Of } from './weight-data.js';

export interface NearestNeighboursOptions {
  /** At least two, in the order of the outputs. */
  readonly labels: readonly string[];
  /** Neighbours that vote; all examples where there are fewer. Default 3. */
  readonly k?: number | undefined;
}

const MOST_NEIGHBOURS = 1000;

/** Votes of nearer neighbours count more by this in all: too little to outvote anyone, enough to decide a tie. */
const TIE_SHARE = 1e-3;

/**
 * Its parameters are the training examples themselves.
 * @throws ZooError `DATA` for labels that can't be used; `USAGE` for a bad k.
 */
export function nearestNeighbours(options: NearestNeighboursOptions): Head {
  const labels = checkLabels(options.labels, 2);
  const outputs = labels.length;
  const k = options.k ?? 3;
  checkCount('neighbours', k, 1, MOST_NEIGHBOURS);
  return {
    kind: 'nearest-neighbours',
    task: 'classification',
    labels,
    outputs,
    activation: 'softmax',
    loss: undefined,
    metrics: ['accuracy', 'macro.f1'],
    scaling: 'unit-length',
    fitting: { by: 'examples', fit: (rows) => rememberExamples(rows, outputs) },
    differentiable: undefined,
    describe: () => ({ kind: 'nearest-neighbours', labels, k }),
    shapes: (width) =>
      new Map([
        ['examples', [null, width]],
        ['classes', [null]],
      ]),
    scores(parameters, features, examples, width) {
      const known = float32Of(parameters, 'examples');
      const classes = int32Of(parameters, 'classes');
      checkClasses(classes, known.length / width, outputs);
      const scores = new Float32Array(examples * outputs);
      for (let example = 0; example < examples; example++) {
        const similar = similarities(features, example, known, classes.length, width);
        vote(nearest(similar, k), classes, scores, example * outputs);
      }
      return scores;
    },
  };
}

function rememberExamples({ features, rows, width, targets }: TrainingRows, outputs: number) {
  const classes = Int32Array.from({ length: rows }, (_, row) =>
    targets.subarray(row * outputs, (row + 1) * outputs).indexOf(1),
  );
  return new Map([
    ['examples', float32([rows, width], features.slice(0, rows * width))],
    ['classes', int32([rows], classes)],
  ]);
}

/**
 * What an export needs to vote as this head does.
 * @returns the class of each example, and the share of each neighbour, the nearest first; at most k, and as many as there
 *   are examples.
 * @throws ZooError `INTEGRITY` for parameters that don't belong together.
 */
export function neighbourVotes(head: Head, parameters: Weights): { classes: Int32Array; votes: number[] } {
  const classes = int32Of(parameters, 'classes');
  checkClasses(classes, parameters.get('examples')?.shape[0] ?? 0, head.outputs);
  const { k } = head.describe();
  return { classes, votes: shares(Math.min(typeof k === 'number' ? k : 1, classes.length)) };
}

/** Files can hold anything. */
function checkClasses(classes: Int32Array, examples: number, outputs: number): void {
  const valid = classes.every((index) => index >= 0 && index < outputs);
  if (valid && classes.length === examples && examples > 0) return;
  throw new ZooError('INTEGRITY', 'The examples of the head and their classes do not belong together', {
    expected: `a class from 0 to ${outputs - 1} for each of ${examples} examples`,
    found: `${classes.length} classes`,
  });
}

/** Inner products with the examples, four at a time; all have length 1. */
function similarities(
  features: Float32Array,
  example: number,
  known: Float32Array,
  count: number,
  width: number,
): Float64Array {
  const similar = new Float64Array(count);
  const start = example * width;
  for (let row = 0; row < count; row += 4) {
    const [a, b] = [row * width, Math.min(row + 1, count - 1) * width];
    const [c, d] = [Math.min(row + 2, count - 1) * width, Math.min(row + 3, count - 1) * width];
    let [sa, sb, sc, sd] = [0, 0, 0, 0];
    for (let at = 0; at < width; at++) {
      const value = features[start + at] ?? 0;
      sa += value * (known[a + at] ?? 0);
      sb += value * (known[b + at] ?? 0);
      sc += value * (known[c + at] ?? 0);
      sd += value * (known[d + at] ?? 0);
    }
    similar[row] = sa;
    // Writes beyond the last example have no effect.
    similar[row + 1] = sb;
    similar[row + 2] = sc;
    similar[row + 3] = sd;
  }
  return similar;
}

/** Indices of the k largest, the largest first; the earlier example where two are alike. */
function nearest(similar: Float64Array, k: number): number[] {
  const best: number[] = [];
  similar.forEach((value, index) => {
    const last = best.at(-1);
    if (best.length === k && last !== undefined && value <= (similar[last] ?? 0)) return;
    let place = best.length;
    while (place > 0 && value > (similar[best[place - 1] ?? 0] ?? 0)) place -= 1;
    best.splice(place, 0, index);
    if (best.length > k) best.pop();
  });
  return best;
}

function vote(neighbours: readonly number[], classes: Int32Array, scores: Float32Array, start: number): void {
  const votes = shares(neighbours.length);
  neighbours.forEach((neighbour, rank) => {
    const at = start + (classes[neighbour] ?? 0);
    scores[at] = (scores[at] ?? 0) + (votes[rank] ?? 0);
  });
}

/** What each of `count` neighbours counts, the nearest first; all together 1. */
function shares(count: number): number[] {
  const votes = Array.from(
    { length: count },
    (_, rank) => 1 + (TIE_SHARE * (count - 1 - rank)) / (count * count),
  );
  const all = votes.reduce((sum, one) => sum + one, 0);
  return votes.map((one) => one / all);
}

export const nearestNeighboursKind = headKind({
  kind: 'nearest-neighbours',
  options: z.strictObject({ labels: z.array(z.string()), k: z.number() }),
  make: nearestNeighbours,
});
