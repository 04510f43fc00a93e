import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multiplyByTransposed } from '../../../src/training/solve/design-matrix.js';
import { reduceWidth } from '../../../src/training/solve/reduce-width.js';
import { Lcg } from './made-features.js';

describe('reduceWidth', () => {
  it('keeps products with weights and lengths of weights', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat({ max: 5 }),
        (rows, width, skip) => {
          const lcg = new Lcg();
          lcg.normals(skip);
          const values = lcg.normals(rows * width);
          const reduced = reduceWidth(values, rows, width);
          expect(reduced.width).toBe(Math.min(rows, width));
          const weights = lcg.normals(2 * reduced.width);
          const full = reduced.expand(weights, 2);
          const before = multiplyByTransposed(reduced.values, rows, weights, 2, reduced.width);
          const after = multiplyByTransposed(values, rows, full, 2, width);
          after.forEach((product, at) => {
            expect(product).toBeCloseTo(before[at] ?? Number.NaN, 6);
          });
          expect(Math.hypot(...full)).toBeCloseTo(Math.hypot(...weights), 6);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('finds the rank: repeated, scaled and zero rows add nothing', () => {
    const lcg = new Lcg();
    const [a, b] = [lcg.normals(40), lcg.normals(40)];
    const rows = [a, b, a, a.map((x) => -3 * x), new Float64Array(40), a.map((x, at) => x + (b[at] ?? 0))];
    const values = Float64Array.from(rows.flatMap((row) => [...row]));
    const reduced = reduceWidth(values, rows.length, 40);
    expect(reduced.width).toBe(2);
    const inner = multiplyByTransposed(values, 6, values, 6, 40);
    multiplyByTransposed(reduced.values, 6, reduced.values, 6, 2).forEach((product, at) => {
      expect(product).toBeCloseTo(inner[at] ?? Number.NaN, 9);
    });
    expect(reduceWidth(new Float64Array(12), 3, 4).width).toBe(0);
  });
});
