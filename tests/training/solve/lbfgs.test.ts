import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LbfgsOptions, lbfgs, type Minimum } from '../../../src/training/solve/lbfgs.js';
import type { Evaluation } from '../../../src/training/solve/line-search.js';

function minimise(
  evaluate: (point: Float64Array) => Evaluation,
  start: readonly number[],
  options: Partial<LbfgsOptions> = {},
): Minimum & { readonly evaluations: number } {
  const search = lbfgs(Float64Array.from(start), { tolerance: 1e-8, maxIterations: 500, ...options });
  let asked = search.next();
  for (let evaluations = 0; ; evaluations++) {
    if (asked.done === true) return { ...asked.value, evaluations };
    if (evaluations > 100_000) throw new Error('it never ends');
    asked = search.next(evaluate(asked.value));
  }
}

/** Banana-shaped valleys in a row; the minimum is at 1, 1, 1 … */
function rosenbrock(point: Float64Array): Evaluation {
  const gradient = new Float64Array(point.length);
  let value = 0;
  for (let at = 0; at + 1 < point.length; at++) {
    const [x, y] = [point[at] ?? 0, point[at + 1] ?? 0];
    value += 100 * (y - x * x) ** 2 + (1 - x) ** 2;
    gradient[at] = (gradient[at] ?? 0) - 400 * x * (y - x * x) - 2 * (1 - x);
    gradient[at + 1] = (gradient[at + 1] ?? 0) + 200 * (y - x * x);
  }
  return { value, gradient };
}

describe('L-BFGS', () => {
  it.each([[[-1.2, 1]], [[0, 0, 0, 0]], [Array.from({ length: 50 }, (_, at) => Math.sin(at))]])(
    'finds the end of the valley of Rosenbrock from %j',
    (start) => {
      const found = minimise(rosenbrock, start);
      expect(found.converged).toBe(true);
      expect(found.gradient).toBeLessThan(1e-8);
      for (const value of found.point) expect(value).toBeCloseTo(1, 6);
      // Another minimum exists from 4 dimensions on; the value tells.
      expect(found.value).toBeLessThan(1e-12);
      expect(found.evaluations).toBeLessThan(1.5 * found.iterations + 20);
    },
  );

  it('solves any convex quadratic', () => {
    const curvature = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    const place = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(curvature, place, place), { minLength: 1, maxLength: 12 }), (axes) => {
        const found = minimise(
          (point) => ({
            value: axes.reduce(
              (sum, [bend, centre], at) => sum + (bend * ((point[at] ?? 0) - centre) ** 2) / 2,
              0,
            ),
            gradient: point.map((value, at) => (axes[at]?.[0] ?? 0) * (value - (axes[at]?.[1] ?? 0))),
          }),
          axes.map(([, , start]) => start),
          { tolerance: 1e-6 },
        );
        expect(found.converged).toBe(true);
        axes.forEach(([bend, centre], at) => {
          expect(Math.abs((found.point[at] ?? 0) - centre)).toBeLessThanOrEqual(1e-5 / bend + 1e-9);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('ends at once at a minimum, and when its iterations are over', () => {
    expect(minimise(rosenbrock, [1, 1])).toMatchObject({ iterations: 0, converged: true, evaluations: 1 });
    expect(minimise(rosenbrock, [-1.2, 1], { maxIterations: 3 })).toMatchObject({
      iterations: 3,
      converged: false,
    });
  });

  it('ends where values are not those of the gradient, or are no numbers', () => {
    const liar = minimise((point) => ({ value: 1, gradient: point.map(() => 1) }), [0, 0]);
    expect(liar.converged).toBe(false);
    const broken = minimise((point) => ({ value: Number.NaN, gradient: point.map(() => Number.NaN) }), [1]);
    expect(broken.converged).toBe(false);
  });

  it('goes on where rounding hides the descent', () => {
    // Values are right to 1e-4 only; the gradient is exact.
    const rounded = (point: Float64Array): Evaluation => ({
      value: Math.round((10 + point.reduce((sum, x, at) => sum + ((at + 1) * x * x) / 2, 0)) * 1e3) / 1e3,
      gradient: point.map((x, at) => (at + 1) * x),
    });
    const found = minimise(rounded, [1, -1, 0.5, 2], { noise: 1e-3, tolerance: 1e-9 });
    expect(found.converged).toBe(true);
    expect(Math.hypot(...found.point)).toBeLessThan(1e-8);
  });
});
