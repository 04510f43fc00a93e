/** C by cross-validation along a path from strong to weak penalties, each fold starting where it was before. */
import type { Head } from '../../transfer/heads/head.js';
import type { DesignMatrix } from './design-matrix.js';
import type { FitOptions, Validation } from './fit-options.js';
import type { FoldPlan } from './folds.js';
import { validationOf } from './held-out.js';
import { exampleLoss, type LinearObjective, outputsTogether } from './linear-objective.js';
import { solveTogether } from './solve-together.js';

/** .01 … 100, two a decade. */
export const C_GRID: readonly number[] = Array.from({ length: 9 }, (_, step) => 10 ** (-2 + step / 2));
/**
 * Vectors of length 1 that point in nearly the same direction need larger weights to be told apart (docs/results.md).
 */
const MORE_FOR_UNIT_LENGTH: readonly number[] = [1e3, 1e4, 1e5];

/** Values of C that are tried where nobody says which, ascending. */
export function usualGrid({ scaling }: Head): readonly number[] {
  return scaling === 'unit-length' ? [...C_GRID, ...MORE_FOR_UNIT_LENGTH] : C_GRID;
}

/** scikit-learn's default: scores of folds don't change with more. */
const TOLERANCE = 1e-4;
const MOST_ITERATIONS = 500;

export type Tried = Validation & { readonly c: number };

/**
 * @param objective its weights say how much each row counts; its C is not used.
 * @returns one entry for each C of the grid, in its order.
 */
export async function validateGrid(
  head: Head,
  matrix: DesignMatrix,
  objective: LinearObjective,
  plan: FoldPlan & { readonly method: Validation['method'] },
  grid: readonly number[],
  options: Pick<FitOptions, 'signal' | 'onProgress'>,
): Promise<Tried[]> {
  const tried: Tried[] = [];
  const training = Array.from({ length: plan.count }, (_, fold) =>
    objective.weights.map((weight, row) => (plan.folds[row] === fold ? 0 : weight)),
  );
  let starts: Float64Array[] = [];
  for (const c of grid) {
    options.onProgress?.({ phase: 'cross-validation', done: tried.length, total: grid.length });
    const problems = training.map((weights) => ({ ...objective, weights, c }));
    const minima = await solveTogether(
      matrix,
      problems,
      { tolerance: TOLERANCE, maxIterations: MOST_ITERATIONS, signal: options.signal },
      starts,
    );
    starts = minima.map(({ point }) => point);
    const held = heldOutOutputs(outputsTogether(matrix, problems, starts), objective, plan);
    const losses = lossesOf(objective, held);
    tried.push({ c, ...validationOf(head, plan, held, objective.targets, losses, 0) });
  }
  options.onProgress?.({ phase: 'cross-validation', done: grid.length, total: grid.length });
  return tried;
}

/** Classification: the most accurate, and of equals that with the least loss. Others: the least loss. */
export function bestOf(head: Head, tried: readonly Tried[]): Tried | undefined {
  const better = (a: Tried, b: Tried) =>
    head.task === 'classification' && a.mean !== b.mean ? a.mean > b.mean : a.loss < b.loss;
  return tried.reduce<Tried | undefined>(
    (best, one) => (best === undefined || better(one, best) ? one : best),
    undefined,
  );
}

/** Of each row, the outputs of the fold that didn't see it. */
function heldOutOutputs(raw: Float64Array, { outputs }: LinearObjective, plan: FoldPlan): Float64Array {
  const rows = plan.folds.length;
  const columns = plan.count * outputs;
  const held = new Float64Array(rows * outputs);
  plan.folds.forEach((fold, row) => {
    const start = row * columns + fold * outputs;
    held.set(raw.subarray(start, start + outputs), row * outputs);
  });
  return held;
}

function lossesOf({ loss, outputs, targets }: LinearObjective, held: Float64Array): Float64Array {
  const raw = held.slice();
  return Float64Array.from({ length: held.length / outputs }, (_, row) =>
    exampleLoss(loss, raw, row * outputs, targets, row * outputs, outputs),
  );
}
