/** Linear heads: C by cross-validation, then all examples to convergence. */
import { Random } from '../../data/random.js';
import type { Weights } from '../../formats/weight.js';
import type { Head } from '../../transfer/heads/head.js';
import type { Loss } from '../../transfer/heads/loss.js';
import { foldKernel, type Standard, standardised, standardOf } from '../../transfer/heads/standardise.js';
import { classesOf } from '../../transfer/heads/targets.js';
import { float32 } from '../../transfer/heads/weight-data.js';
import { bestOf, type Tried, usualGrid, validateGrid } from './choose-c.js';
import { type DesignMatrix, Float64Matrix, TensorMatrix } from './design-matrix.js';
import type { FitEvidence, FitOptions } from './fit-options.js';
import type { LinearObjective } from './linear-objective.js';
import { planValidation } from './plan-validation.js';
import { type Reduced, reduceWidth } from './reduce-width.js';
import { solveTogether } from './solve-together.js';

/** Where nothing tells better; scikit-learn's default too. */
export const DEFAULT_C = 1;
const MOST_ITERATIONS = 2000;
/** Largest component of the gradient, for products in float64 and in float32. */
const TOLERANCE = { float64: 1e-9, float32: 1e-7 };
/** Multiplications of one product from which TensorFlow's float32 is used: below, float64 takes milliseconds. */
const MOST_IN_FLOAT64 = 2e6;

export interface LinearRows {
  /** [rows, width], of unit length where the head says so, not standardised. */
  readonly features: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** [rows, outputs]. */
  readonly targets: Float64Array;
  /** One a row. */
  readonly weights: Float64Array;
}

export interface LinearFit {
  readonly parameters: Weights;
  readonly evidence: FitEvidence;
}

/** @throws ZooError `NO_RUNTIME` for many examples, which need TensorFlow; the signal's reason. */
export async function fitLinear(
  head: Head,
  loss: Loss,
  data: LinearRows,
  options: FitOptions,
): Promise<LinearFit> {
  const { rows, width } = data;
  const target = loss === 'squared' ? standardOf(data.targets, rows, head.outputs) : unscaled(head.outputs);
  const targets = standardised(data.targets, rows, target, new Float64Array(data.targets.length));
  const plan = planFor(head, data, options);
  const space = openSpace(head, data);
  const objective = { loss, outputs: head.outputs, targets, weights: data.weights, c: DEFAULT_C };
  let tried: Tried[] = [];
  if (plan.method !== 'none') {
    const grid = typeof options.c === 'number' ? [options.c] : (options.grid ?? usualGrid(head));
    tried = await withMatrix(space, head.outputs * plan.count, (matrix) =>
      validateGrid(head, matrix, objective, plan, grid, options),
    );
  }
  const best = bestOf(head, tried);
  const given = typeof options.c === 'number';
  const c = given ? options.c : (best?.c ?? DEFAULT_C);
  options.onProgress?.({ phase: 'training', done: 0, total: undefined });
  const minimum = await withMatrix(space, head.outputs, (matrix) =>
    solve(matrix, { ...objective, c }, options),
  );
  const notes: string[] = [];
  if (plan.method === 'none' && !given) notes.push(`C is ${DEFAULT_C}, unchecked: ${plan.reason}.`);
  if (!minimum.converged) notes.push(`The solver stopped after ${minimum.iterations} iterations.`);
  return {
    parameters: parametersOf(space.back(minimum.point), head.outputs, width, space.standard, target),
    evidence: {
      solver: 'lbfgs',
      examples: rows,
      c,
      chosenBy: given ? 'given' : best === undefined ? 'default' : 'cross-validation',
      validation: best === undefined ? null : withoutC(best),
      tried,
      iterations: minimum.iterations,
      converged: minimum.converged,
      objective: minimum.value,
      notes,
    },
  };
}

/** With a C that is given, folds are made only when they are asked for. */
function planFor(head: Head, data: LinearRows, options: FitOptions) {
  if (typeof options.c === 'number' && options.folds === undefined) {
    return { method: 'none', reason: 'C was given' } as const;
  }
  const classes = head.task === 'classification' ? classesOf(data.targets, head.outputs) : undefined;
  const random = Random.seeded(options.seed ?? 0, 'folds');
  return planValidation(data.rows, classes, options.groups, options.folds, random);
}

/** Standardised features, in fewer dimensions where there are fewer examples. */
interface Space {
  readonly values: Float64Array | Float32Array;
  readonly rows: number;
  readonly width: number;
  readonly standard: Standard;
  /** A point in this space as one for the features: weights [outputs, width], then biases. */
  back(point: Float64Array): Float64Array;
}

function openSpace(head: Head, { features, rows, width }: LinearRows): Space {
  const standard = head.scaling === 'standardise' ? standardOf(features, rows, width) : unscaled(width);
  if (2 * rows > width) {
    const small = rows * width * head.outputs <= MOST_IN_FLOAT64;
    // What only TensorFlow will see needs no more than its precision, and half the memory.
    const into = small ? new Float64Array(rows * width) : new Float32Array(rows * width);
    return {
      values: standardised(features, rows, standard, into),
      rows,
      width,
      standard,
      back: (point) => point,
    };
  }
  const reduced = reduceWidth(
    standardised(features, rows, standard, new Float64Array(rows * width)),
    rows,
    width,
  );
  const back = (point: Float64Array) => expand(reduced, point, head.outputs);
  return { values: reduced.values, rows, width: reduced.width, standard, back };
}

/** Products in the precision that their size asks for. */
async function withMatrix<T>(
  space: Space,
  columns: number,
  use: (matrix: DesignMatrix) => Promise<T>,
): Promise<T> {
  const { values, rows, width } = space;
  const matrix =
    values instanceof Float64Array && rows * width * columns <= MOST_IN_FLOAT64
      ? new Float64Matrix(values, rows, width)
      : new TensorMatrix(values, rows, width);
  try {
    return await use(matrix);
  } finally {
    matrix.dispose();
  }
}

function expand(reduced: Reduced, point: Float64Array, outputs: number): Float64Array {
  const weights = reduced.expand(point.subarray(0, outputs * reduced.width), outputs);
  const expanded = new Float64Array(weights.length + outputs);
  expanded.set(weights);
  expanded.set(point.subarray(outputs * reduced.width), weights.length);
  return expanded;
}

async function solve(matrix: DesignMatrix, objective: LinearObjective, { signal }: FitOptions) {
  const tolerance = matrix instanceof TensorMatrix ? TOLERANCE.float32 : TOLERANCE.float64;
  const [minimum] = await solveTogether(matrix, [objective], {
    tolerance,
    maxIterations: MOST_ITERATIONS,
    signal,
  });
  if (minimum === undefined) throw new RangeError('one problem has one minimum');
  return minimum;
}

/** `kernel` [width, outputs] and `bias` for features, and targets, as they come. */
function parametersOf(
  point: Float64Array,
  outputs: number,
  width: number,
  standard: Standard,
  target: Standard,
): Weights {
  const kernel = new Float64Array(width * outputs);
  for (let output = 0; output < outputs; output++) {
    for (let at = 0; at < width; at++) {
      kernel[at * outputs + output] = (point[output * width + at] ?? 0) * (target.deviation[output] ?? 1);
    }
  }
  const bias = point
    .slice(outputs * width)
    .map((value, output) => value * (target.deviation[output] ?? 1) + (target.mean[output] ?? 0));
  const folded = foldKernel(kernel, bias, standard);
  return new Map([
    ['kernel', float32([width, outputs], Float32Array.from(folded.kernel))],
    ['bias', float32([outputs], Float32Array.from(folded.bias))],
  ]);
}

function unscaled(width: number): Standard {
  return { mean: new Float64Array(width), deviation: new Float64Array(width).fill(1) };
}

function withoutC({ c: _, ...validation }: Tried) {
  return validation;
}
