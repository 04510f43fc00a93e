/**
 * The class whose mean is nearest (Mensink et al. 2013, "Distance-Based Image Classification"; the prototypes of Snell
 * et al. 2017): nothing is trained, so it works from one example a class, and shows what training adds.
 */
import * as z from 'zod';
import type { Weights } from '../../formats/weight.js';
import { type Head, SCALINGS, type Scaling, type TrainingRows } from './head.js';
import { headKind } from './head-kind.js';
import { checkLabels } from './labels.js';
import { softmax } from './loss.js';
import { float32, float32Of } from './weight-data.js';

export interface NearestMeanOptions {
  /** At least two, in the order of the outputs. */
  readonly labels: readonly string[];
  /** `unit-length` by default, where the nearest mean is that of the most similar direction; or `none`. */
  readonly scaling?: Exclude<Scaling, 'standardise'> | undefined;
}

/** @throws ZooError `DATA` for labels that can't be used. */
export function nearestMean(options: NearestMeanOptions): Head {
  const labels = checkLabels(options.labels, 2);
  const outputs = labels.length;
  const scaling = options.scaling ?? 'unit-length';
  return {
    kind: 'nearest-mean',
    task: 'classification',
    labels,
    outputs,
    activation: 'softmax',
    loss: undefined,
    metrics: ['accuracy', 'macro.f1', 'logLoss', 'calibration.error'],
    scaling,
    fitting: { by: 'examples', fit: (rows) => fitMeans(rows, outputs) },
    differentiable: undefined,
    describe: () => ({ kind: 'nearest-mean', labels, scaling }),
    shapes: (width) =>
      new Map([
        ['means', [outputs, width]],
        ['spread', [1]],
      ]),
    scores(parameters, features, examples, width) {
      const means = float32Of(parameters, 'means');
      const spread = float32Of(parameters, 'spread')[0] ?? 1;
      const scores = new Float32Array(examples * outputs);
      for (let example = 0; example < examples; example++) {
        for (let output = 0; output < outputs; output++) {
          const distance = squaredDistance(features, example * width, means, output * width, width);
          scores[example * outputs + output] = -distance / spread;
        }
        softmax(scores, example * outputs, outputs);
      }
      return scores;
    },
  };
}

/**
 * The same head as `kernel` [width, outputs] and `bias` [outputs] of a dense layer with softmax, which differs by rounding:
 * -|x - m|² / s is (2 m x - |m|²) / s but for a number that is the same for every class.
 */
export function denseOfMeans(parameters: Weights): Weights {
  const means = float32Of(parameters, 'means');
  const spread = float32Of(parameters, 'spread')[0] ?? 1;
  const outputs = parameters.get('means')?.shape[0] ?? 0;
  const width = means.length / outputs;
  const kernel = new Float32Array(means.length);
  const bias = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    let squares = 0;
    for (let at = 0; at < width; at++) {
      const mean = means[output * width + at] ?? 0;
      kernel[at * outputs + output] = (2 * mean) / spread;
      squares += mean ** 2;
    }
    bias[output] = -squares / spread;
  }
  return new Map([
    ['kernel', float32([width, outputs], kernel)],
    ['bias', float32([outputs], bias)],
  ]);
}

function fitMeans({ features, rows, width, targets }: TrainingRows, outputs: number) {
  const sums = new Float64Array(outputs * width);
  const counts = new Float64Array(outputs);
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      if (targets[row * outputs + output] !== 1) continue;
      counts[output] = (counts[output] ?? 0) + 1;
      for (let at = 0; at < width; at++) {
        sums[output * width + at] = (sums[output * width + at] ?? 0) + (features[row * width + at] ?? 0);
      }
    }
  }
  const means = sums.map((sum, at) => sum / (counts[Math.floor(at / width)] || 1));
  const distances = leaveOneOutDistances({ features, rows, width, targets }, means, counts);
  return new Map([
    ['means', float32([outputs, width], Float32Array.from(means))],
    ['spread', float32([1], Float32Array.of(chooseSpread(distances, targets, outputs)))],
  ]);
}

/** Squared distances to each mean, where an example does not count for the mean of its own class: [rows, outputs]. */
function leaveOneOutDistances(
  { features, rows, width, targets }: TrainingRows,
  means: Float64Array,
  counts: Float64Array,
): Float64Array {
  const outputs = counts.length;
  return Float64Array.from({ length: rows * outputs }, (_, at) => {
    const row = Math.floor(at / outputs);
    const output = at % outputs;
    const distance = squaredDistance(features, row * width, means, output * width, width);
    const count = counts[output] ?? 0;
    // x - (n m - x) / (n - 1) = (x - m) n / (n - 1)
    return targets[at] === 1 && count > 1 ? distance * (count / (count - 1)) ** 2 : distance;
  });
}

/**
 * The one number that turns distances into probabilities: that with the least log loss when each example is left
 * out, among 81 from 10^-3 to 10 times the average distance.
 */
function chooseSpread(distances: Float64Array, targets: Float64Array, outputs: number): number {
  const average = distances.reduce((sum, distance) => sum + distance, 0) / Math.max(1, distances.length);
  if (!(average > 0)) return 1;
  let best = { spread: average, loss: Number.POSITIVE_INFINITY };
  for (let step = 0; step <= 80; step++) {
    const spread = average * 10 ** (-3 + step / 20);
    const scores = distances.map((distance) => -distance / spread);
    let loss = 0;
    for (let start = 0; start < scores.length; start += outputs) {
      softmax(scores, start, outputs);
      for (let at = start; at < start + outputs; at++) {
        if (targets[at] === 1) loss -= Math.log(Math.max(scores[at] ?? 0, Number.MIN_VALUE));
      }
    }
    if (loss < best.loss) best = { spread, loss };
  }
  return best.spread;
}

function squaredDistance(
  left: Float32Array,
  leftStart: number,
  right: Float32Array | Float64Array,
  rightStart: number,
  width: number,
): number {
  let sum = 0;
  for (let at = 0; at < width; at++)
    sum += ((left[leftStart + at] ?? 0) - (right[rightStart + at] ?? 0)) ** 2;
  return sum;
}

export const nearestMeanKind = headKind({
  kind: 'nearest-mean',
  options: z.strictObject({
    labels: z.array(z.string()),
    scaling: z.enum(SCALINGS).exclude(['standardise']),
  }),
  make: nearestMean,
});
