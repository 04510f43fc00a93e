import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rateAt, SCHEDULES } from '../../../src/training/loop/schedule.js';

describe('rateAt', () => {
  it('rises over the first tenth, then stays or falls along half a cosine', () => {
    const rates = (schedule: 'cosine' | 'constant') =>
      Array.from({ length: 20 }, (_, step) => rateAt(schedule, 1, step, 20));
    expect(rates('constant').slice(0, 4)).toEqual([1 / 3, 2 / 3, 1, 1]);
    const cosine = rates('cosine');
    expect(cosine.slice(0, 3)).toEqual([1 / 3, 2 / 3, 1]);
    expect(cosine[11]).toBeCloseTo(0.5, 12);
    expect(cosine[19]).toBeLessThan(0.01);
  });

  it('is never negative, never above the peak, and positive at first', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SCHEDULES), fc.integer({ min: 1, max: 500 }), (schedule, steps) => {
        const rates = Array.from({ length: steps }, (_, step) => rateAt(schedule, 0.3, step, steps));
        expect(rates[0]).toBeGreaterThan(0);
        expect(Math.min(...rates)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...rates)).toBeLessThanOrEqual(0.3);
      }),
    );
  });
});
