/**
 * What a linear head minimises: the weighted mean of its loss over the examples and a penalty on its weights,
 *
 *     sum_i s_i loss(W x_i + b, t_i) / sum_i s_i  +  |W|² / (2 C sum_i s_i)
 *
 * which is scikit-learn's LogisticRegression(C) divided by C sum_i s_i, and its Ridge(alpha = 1 / C). The
 * bias b is not penalised. For two classes the penalty counts twice: see `decayOf`.
 */
import { type Loss, sigmoid } from '../../transfer/heads/loss.js';
import type { DesignMatrix } from './design-matrix.js';
import type { Evaluation } from './line-search.js';

export interface LinearObjective {
  readonly loss: Loss;
  readonly outputs: number;
  /** [rows, outputs]. */
  readonly targets: Float64Array;
  /** One weight a row; 0 leaves it out. */
  readonly weights: Float64Array;
  /** C: the larger, the weaker the penalty. */
  readonly c: number;
}

/** Numbers that an objective has: a weight for each output and feature, then a bias for each output. */
export function parameterCount(objective: LinearObjective, width: number): number {
  return objective.outputs * (width + 1);
}

/**
 * Value and gradient of several objectives at their points, in one pass over the matrix.
 * @param points weights [outputs, width], then biases [outputs].
 */
export function evaluateTogether(
  matrix: DesignMatrix,
  objectives: readonly LinearObjective[],
  points: readonly Float64Array[],
): Evaluation[] {
  const { rows, width } = matrix;
  const raw = outputsTogether(matrix, objectives, points);
  const columns = raw.length / rows;
  let first = 0;
  const values = objectives.map((objective, index) => {
    const loss = replaceByResiduals(objective, raw, columns, first);
    first += objective.outputs;
    return loss + penaltyOf(objective, width, points[index] ?? new Float64Array());
  });
  const slopes = matrix.multiplyTransposed(raw, columns);
  first = 0;
  return objectives.map((objective, index) => {
    const { outputs } = objective;
    const gradient = new Float64Array(parameterCount(objective, width));
    const decay = decayOf(objective);
    const point = points[index] ?? new Float64Array();
    for (let at = 0; at < outputs * width; at++) {
      gradient[at] = (slopes[first * width + at] ?? 0) + decay * (point[at] ?? 0);
    }
    for (let row = 0; row < rows; row++) {
      for (let output = 0; output < outputs; output++) {
        const at = outputs * width + output;
        gradient[at] = (gradient[at] ?? 0) + (raw[row * columns + first + output] ?? 0);
      }
    }
    first += outputs;
    return { value: values[index] ?? Number.NaN, gradient };
  });
}

/** Raw outputs of several objectives side by side: [rows, sum of their outputs]. */
export function outputsTogether(
  matrix: DesignMatrix,
  objectives: readonly LinearObjective[],
  points: readonly Float64Array[],
): Float64Array {
  const { rows, width } = matrix;
  const columns = objectives.reduce((sum, { outputs }) => sum + outputs, 0);
  const weights = new Float64Array(columns * width);
  const biases = new Float64Array(columns);
  let first = 0;
  objectives.forEach(({ outputs }, index) => {
    const point = points[index] ?? new Float64Array();
    weights.set(point.subarray(0, outputs * width), first * width);
    biases.set(point.subarray(outputs * width), first);
    first += outputs;
  });
  const raw = Float64Array.from(matrix.multiply(weights, columns));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      raw[at] = (raw[at] ?? 0) + (biases[column] ?? 0);
    }
  }
  return raw;
}

/**
 * What half of |W|² is multiplied by. For two classes scikit-learn has one vector w, where a softmax ends with w / 2 and
 * -w / 2, whose squares sum to half of those of w: counted twice, the same C gives the same probabilities.
 */
export function decayOf({ loss, outputs, weights, c }: Omit<LinearObjective, 'targets'>): number {
  const times = loss === 'softmax' && outputs === 2 ? 2 : 1;
  return times / (c * total(weights));
}

function penaltyOf(objective: LinearObjective, width: number, point: Float64Array): number {
  let squares = 0;
  for (let at = 0; at < objective.outputs * width; at++) squares += (point[at] ?? 0) ** 2;
  return (squares * decayOf(objective)) / 2;
}

/** Puts the derivatives of the mean loss in the place of the outputs. @returns the mean loss. */
function replaceByResiduals(
  { loss, outputs, targets, weights }: LinearObjective,
  raw: Float64Array,
  columns: number,
  first: number,
): number {
  const sum = total(weights);
  let mean = 0;
  for (let row = 0; row < weights.length; row++) {
    const start = row * columns + first;
    const share = (weights[row] ?? 0) / sum;
    if (share === 0) {
      raw.fill(0, start, start + outputs);
      continue;
    }
    mean += share * exampleLoss(loss, raw, start, targets, row * outputs, outputs);
    for (let at = start; at < start + outputs; at++) raw[at] = share * (raw[at] ?? 0);
  }
  return mean;
}

/**
 * The loss of one example, whose raw outputs are replaced by their derivatives.
 * @param start of its `outputs` numbers in `raw`; those in `targets` are at `from`.
 */
export function exampleLoss(
  loss: Loss,
  raw: Float64Array,
  start: number,
  targets: Float64Array,
  from: number,
  outputs: number,
): number {
  if (loss === 'softmax') return softmaxLoss(raw, start, targets, from, outputs);
  let value = 0;
  for (let output = 0; output < outputs; output++) {
    const z = raw[start + output] ?? 0;
    const target = targets[from + output] ?? 0;
    if (loss === 'sigmoid') {
      value += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z;
      raw[start + output] = sigmoid(z) - target;
    } else {
      value += (z - target) ** 2 / 2;
      raw[start + output] = z - target;
    }
  }
  return value;
}

function softmaxLoss(
  raw: Float64Array,
  start: number,
  targets: Float64Array,
  from: number,
  outputs: number,
): number {
  let top = Number.NEGATIVE_INFINITY;
  let wanted = 0;
  for (let output = 0; output < outputs; output++) {
    const z = raw[start + output] ?? 0;
    if (z > top) top = z;
    wanted += z * (targets[from + output] ?? 0);
  }
  let sum = 0;
  for (let at = start; at < start + outputs; at++) {
    const share = Math.exp((raw[at] ?? 0) - top);
    raw[at] = share;
    sum += share;
  }
  for (let output = 0; output < outputs; output++) {
    raw[start + output] = (raw[start + output] ?? 0) / sum - (targets[from + output] ?? 0);
  }
  return Math.log(sum) + top - wanted;
}

function total(weights: Float64Array): number {
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
}
