/**
 * Strong Wolfe line search: algorithms 3.5 and 3.6 of Nocedal and Wright, Numerical Optimization (2006), with cubic
 * interpolation (their equation 3.59), kept away from the ends of the bracket.
 */

/** A function value and its gradient at one point. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Asks for evaluations by yielding points, so that many searches can share one pass over the data. */
export type Asking<Result> = Generator<Float64Array, Result, Evaluation>;

export interface SearchResult extends Evaluation {
  readonly point: Float64Array;
  readonly step: number;
}

/** Sufficient decrease, and how flat the end must be against the start: the usual ones for quasi-Newton steps. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
const MOST_EVALUATIONS = 25;
const LONGEST_STEP = 1e10;

interface Trial extends SearchResult {
  /** Derivative along the direction. */
  readonly slope: number;
}

/**
 * Looks along `direction` from `start`.
 * @param first the step that is tried first.
 * @param noise relative error of the values: where they differ by less, slopes decide instead (the approximate Wolfe
 *   conditions of Hager and Zhang 2005), so that the search goes on to where rounding hides the descent.
 * @returns undefined where no lower point is found: `direction` doesn't descend, or rounding hides the descent.
 */
export function* strongWolfe(
  start: Float64Array,
  at: Evaluation,
  direction: Float64Array,
  first: number,
  noise: number,
): Asking<SearchResult | undefined> {
  const origin: Trial = { ...at, point: start, step: 0, slope: dot(at.gradient, direction) };
  if (!(origin.slope < 0)) return undefined;
  const line = new Line(origin, direction, noise * Math.abs(at.value));
  let previous = origin;
  for (let step = first; line.evaluations < MOST_EVALUATIONS && step < LONGEST_STEP; step *= 2) {
    const trial = yield* line.at(step);
    if (!line.decreases(trial) || (trial.value > previous.value + line.noise && previous !== origin)) {
      return yield* zoom(line, previous, trial);
    }
    if (line.isFlat(trial)) return trial;
    if (trial.slope >= 0) return yield* zoom(line, trial, previous);
    previous = trial;
  }
  return previous === origin ? undefined : previous;
}

/** `low` satisfies sufficient decrease and is the lowest so far; a good step lies between it and `high`. */
function* zoom(line: Line, low: Trial, high: Trial): Asking<SearchResult | undefined> {
  while (line.evaluations < MOST_EVALUATIONS) {
    const step = between(low, high);
    if (step === low.step || step === high.step) break;
    const trial = yield* line.at(step);
    if (!line.decreases(trial) || trial.value > low.value + line.noise) {
      high = trial;
      continue;
    }
    if (line.isFlat(trial)) return trial;
    if (trial.slope * (high.step - low.step) >= 0) high = low;
    low = trial;
  }
  return low.step > 0 ? low : undefined;
}

class Line {
  readonly #origin: Trial;
  readonly #direction: Float64Array;
  readonly noise: number;
  evaluations = 0;

  constructor(origin: Trial, direction: Float64Array, noise: number) {
    this.#origin = origin;
    this.#direction = direction;
    this.noise = noise;
  }

  *at(step: number): Asking<Trial> {
    this.evaluations += 1;
    const { point: start } = this.#origin;
    const point = start.map((value, index) => value + step * (this.#direction[index] ?? 0));
    const { value, gradient } = yield point;
    return { value, gradient, point, step, slope: dot(gradient, this.#direction) };
  }

  /** False also for values that are no numbers: the step was far too long. */
  decreases({ value, step, slope }: Trial): boolean {
    const { value: before, slope: descent } = this.#origin;
    if (value <= before + DECREASE * step * descent) return true;
    return value <= before + this.noise && slope <= (2 * DECREASE - 1) * descent;
  }

  isFlat({ slope }: Trial): boolean {
    return Math.abs(slope) <= -CURVATURE * this.#origin.slope;
  }
}

/** Where the cubic through both ends has its minimum; the middle where it has none or lies at an end. */
function between(one: Trial, other: Trial): number {
  const low = Math.min(one.step, other.step);
  const width = Math.abs(one.step - other.step);
  const d1 = one.slope + other.slope - (3 * (one.value - other.value)) / (one.step - other.step);
  const root = Math.sqrt(d1 * d1 - one.slope * other.slope);
  const d2 = Math.sign(other.step - one.step) * root;
  const step =
    other.step - ((other.step - one.step) * (other.slope + d2 - d1)) / (other.slope - one.slope + 2 * d2);
  const margin = 0.1 * width;
  return step >= low + margin && step <= low + width - margin ? step : low + width / 2;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}
