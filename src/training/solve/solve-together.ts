/** Several linear problems on the same examples, solved side by side: folds, or one alone. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { DesignMatrix } from './design-matrix.js';
import { type LbfgsOptions, lbfgs, type Minimum } from './lbfgs.js';
import { evaluateTogether, type LinearObjective, parameterCount } from './linear-objective.js';

/** Other work of the process, and an abort, wait at most about so long. */
const BREATHE_MS = 50;

/**
 * Each problem runs its own L-BFGS; those that need an evaluation share a pass over the matrix.
 * @param starts where to begin; zeros by default.
 * @throws the signal's reason.
 */
export async function solveTogether(
  matrix: DesignMatrix,
  objectives: readonly LinearObjective[],
  options: LbfgsOptions & { readonly signal?: AbortSignal | undefined },
  starts: readonly Float64Array[] = [],
): Promise<Minimum[]> {
  const minima: Minimum[] = [];
  let asking: Asking[] = objectives.map((objective, index) => {
    const start = starts[index] ?? new Float64Array(parameterCount(objective, matrix.width));
    const search = lbfgs(start, { ...options, noise: matrix.noise });
    // A search asks at once for its start.
    search.next();
    return { index, objective, search, point: start };
  });
  let breathed = performance.now();
  while (asking.length > 0) {
    options.signal?.throwIfAborted();
    const evaluations = evaluateTogether(
      matrix,
      asking.map(({ objective }) => objective),
      asking.map(({ point }) => point),
    );
    const still: Asking[] = [];
    asking.forEach((one, at) => {
      const evaluation = evaluations[at];
      if (evaluation === undefined) return;
      const answer = one.search.next(evaluation);
      if (answer.done === true) minima[one.index] = answer.value;
      else still.push({ ...one, point: answer.value });
    });
    asking = still;
    if (performance.now() - breathed < BREATHE_MS) continue;
    await breathe();
    breathed = performance.now();
  }
  return minima;
}

interface Asking {
  readonly index: number;
  readonly objective: LinearObjective;
  readonly search: ReturnType<typeof lbfgs>;
  readonly point: Float64Array;
}
