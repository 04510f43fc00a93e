import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planWindows, windows } from '../../../src/data/audio/windows.js';

const clips = fc.record({
  count: fc.integer({ min: 1, max: 300 }),
  length: fc.integer({ min: 1, max: 80 }),
  hop: fc.integer({ min: 1, max: 90 }),
  coverage: fc.double({ min: 0, max: 1, noNaN: true }),
  pad: fc.boolean(),
});

describe('windows', () => {
  it('of a clip of several', () => {
    const samples = Float32Array.from({ length: 10 }, (_, index) => index + 1);
    expect(windows(samples, 4, 3)).toEqual({
      starts: [0, 3, 6],
      padded: 0,
      dropped: 0,
      data: Float32Array.of(1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10),
    });
    expect(windows(samples, 4, 4)).toEqual({
      starts: [0, 4, 8],
      padded: 2,
      dropped: 0,
      data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0),
    });
    expect(planWindows(10, 4, 4, { coverage: 0.75 })).toEqual({ starts: [0, 4], padded: 0, dropped: 2 });
    expect(planWindows(10, 4, 4, { pad: false })).toEqual({ starts: [0, 4], padded: 0, dropped: 2 });
  });

  it('of a short clip are one, filled with zeros, however short', () => {
    expect(windows(Float32Array.of(1), 4, 2, { coverage: 1 })).toEqual({
      starts: [0],
      padded: 3,
      dropped: 0,
      data: Float32Array.of(1, 0, 0, 0),
    });
    expect(planWindows(3, 4, 2, { pad: false })).toEqual({ starts: [], padded: 0, dropped: 3 });
  });

  it('keep their rules for any clip', () => {
    fc.assert(
      fc.property(clips, ({ count, length, hop, coverage, pad }) => {
        const plan = planWindows(count, length, hop, { coverage, pad });
        plan.starts.forEach((start, index) => {
          expect(start).toBe(index * hop);
        });
        const last = plan.starts.at(-1);
        const full = plan.starts.filter((start) => start + length <= count).length;
        expect(full).toBe(count < length ? 0 : Math.floor((count - length) / hop) + 1);
        // At most one window isn't full, and its zeros are counted.
        expect(plan.starts.length - full).toBeLessThanOrEqual(pad ? 1 : 0);
        expect(plan.padded).toBe(last === undefined ? 0 : Math.max(0, last + length - count));
        if (plan.padded > 0 && full > 0)
          expect(length - plan.padded).toBeGreaterThanOrEqual(coverage * length);
        if (pad) expect(plan.starts.length).toBeGreaterThan(0);
        const end = last === undefined ? 0 : Math.min(count, last + length);
        expect(plan.dropped).toBe(count - end);
        if (pad && coverage === 0 && hop <= length) expect(plan.dropped).toBe(0);
      }),
    );
  });

  it('hold the samples of their places', () => {
    fc.assert(
      fc.property(clips, ({ count, length, hop }) => {
        const samples = Float32Array.from({ length: count }, (_, index) => index + 1);
        const { data, starts } = windows(samples, length, hop);
        expect(data.length).toBe(starts.length * length);
        for (const [index, value] of data.entries()) {
          const at = (starts[Math.floor(index / length)] ?? 0) + (index % length);
          expect(value).toBe(at < count ? at + 1 : 0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('need lengths and hops that make sense', () => {
    for (const wrong of [0, -1, 1.5, Number.NaN]) {
      expect(() => planWindows(10, wrong, 1)).toThrowError(/window length/);
      expect(() => planWindows(10, 1, wrong)).toThrowError(/hop/);
    }
    for (const wrong of [-0.1, 1.1, Number.NaN]) {
      expect(() => planWindows(10, 1, 1, { coverage: wrong })).toThrowError(/coverage/);
    }
  });
});
