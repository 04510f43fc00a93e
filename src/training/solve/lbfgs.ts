/**
 * L-BFGS: minimises a smooth function from its values and gradients alone (Nocedal and Wright, Numerical Optimization
 * (2006), algorithms 7.4 and 7.5). Deterministic, in float64.
 */
import { type Asking, dot, type Evaluation, strongWolfe } from './line-search.js';

export interface LbfgsOptions {
  /** Done when no component of the gradient is larger. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Relative error of the values. Default 1e-15: float64. */
  readonly noise?: number;
  /** Pairs of steps and changes of gradient that are kept. Default 10. */
  readonly memory?: number;
}

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Largest component of the gradient, without its sign. */
  readonly gradient: number;
  /** True where the tolerance was reached, or where rounding ended the search within ten times of it. */
  readonly converged: boolean;
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / (step · change). */
  readonly inverse: number;
}

/** Yields the points at which it needs value and gradient; the gradients must not be reused by the caller. */
export function* lbfgs(start: Float64Array, options: LbfgsOptions): Asking<Minimum> {
  const { tolerance, maxIterations, noise = 1e-15, memory = 10 } = options;
  let point = start;
  let at: Evaluation = yield point;
  const pairs: Pair[] = [];
  for (let iteration = 0; ; iteration++) {
    const gradient = largest(at.gradient);
    const end = { point, value: at.value, iterations: iteration, gradient };
    if (gradient <= tolerance) return { ...end, converged: true };
    if (iteration >= maxIterations) return { ...end, converged: false };
    const direction = descent(at.gradient, pairs);
    // Without a known curvature the first step is one of length 1.
    const first = pairs.length === 0 ? 1 / Math.sqrt(dot(at.gradient, at.gradient)) : 1;
    const found = yield* strongWolfe(point, at, direction, first, noise);
    if (found === undefined) {
      if (pairs.length === 0) return { ...end, converged: gradient <= 10 * tolerance };
      pairs.length = 0; // the memory misleads: go on from the gradient alone
      continue;
    }
    remember(pairs, memory, point, at.gradient, found.point, found.gradient);
    point = found.point;
    at = found;
  }
}

/** The two loops: minus the inverse Hessian, as far as it is known, times the gradient. */
function descent(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares: number[] = [];
  for (const { step, change, inverse } of pairs.toReversed()) {
    const share = inverse * dot(step, direction);
    shares.push(share);
    add(direction, change, -share);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.inverse * dot(last.change, last.change));
    for (let index = 0; index < direction.length; index++) direction[index] = (direction[index] ?? 0) * scale;
  }
  for (const { step, change, inverse } of pairs) {
    const back = inverse * dot(change, direction);
    add(direction, step, (shares.pop() ?? 0) - back);
  }
  return direction;
}

function remember(
  pairs: Pair[],
  memory: number,
  from: Float64Array,
  before: Float64Array,
  to: Float64Array,
  after: Float64Array,
): void {
  const step = to.map((value, index) => value - (from[index] ?? 0));
  const change = after.map((value, index) => value - (before[index] ?? 0));
  const curvature = dot(step, change);
  // Rounding can make it vanish; such a pair would ruin the directions.
  if (!(curvature > 1e-14 * Math.sqrt(dot(step, step) * dot(change, change)))) return;
  pairs.push({ step, change, inverse: 1 / curvature });
  if (pairs.length > memory) pairs.shift();
}

/** target += factor * other */
function add(target: Float64Array, other: Float64Array, factor: number): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = (target[index] ?? 0) + factor * (other[index] ?? 0);
  }
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
