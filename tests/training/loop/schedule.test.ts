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

  it('goes through one cycle as PyTorch does: a 25th of the peak, the peak after 30 %, a 250,000th', () => {
    const rates = Array.from({ length: 20 }, (_, step) => rateAt('one-cycle', 2, step, 20));
    expect(rates[0]).toBeCloseTo(2 / 25, 12);
    expect(rates[5]).toBeCloseTo(2, 12);
    expect(rates[19]).toBeCloseTo(2 / 25 / 1e4, 12);
    // Halfway up, and halfway down.
    expect(rateAt('one-cycle', 2, 2.5, 20)).toBeCloseTo((2 + 2 / 25) / 2, 12);
    expect(rates[12]).toBeCloseTo((2 + 2 / 25 / 1e4) / 2, 6);
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
