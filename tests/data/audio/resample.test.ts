import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resample } from '../../../src/data/audio/resample.js';
import { expectLike, golden, noise, type Summary } from './golden.js';

interface Golden {
  readonly soxrLevels: Readonly<Record<string, number>>;
  readonly cases: readonly {
    readonly from: number;
    readonly to: number;
    readonly noise: Summary;
    readonly tones: Summary;
  }[];
}

const { cases, soxrLevels } = await golden<Golden>('audio-resample');

function tone(hertz: number, rate: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin((2 * Math.PI * hertz * index) / rate));
}

/** dB of the middle half, against a sine at full scale. */
function level(samples: Float32Array): number {
  const middle = samples.subarray(samples.length / 4, (3 * samples.length) / 4);
  return 10 * Math.log10((2 * middle.reduce((sum, sample) => sum + sample ** 2, 0)) / middle.length + 1e-30);
}

describe.each(cases)('$from to $to Hz', ({ from, to, noise: byScipy, tones: bySoxr }) => {
  it('equals the same filter in scipy, ends included', () => {
    expectLike(resample(noise(3000, 0.5), from, to), byScipy, 1e-6);
  });

  it('equals soxr for tones in the pass band', () => {
    const lower = Math.min(from, to);
    const input = Float32Array.from({ length: 6000 }, (_, index) =>
      [0.01, 0.11, 0.27, 0.43].reduce(
        (sum, f) => sum + 0.2 * Math.sin((2 * Math.PI * f * lower * index) / from + f),
        0,
      ),
    );
    const output = resample(input, from, to);
    // soxr rounds the length, librosa and we round it up.
    expect(output.length - (bySoxr.shape[0] ?? 0)).toBeOneOf([0, 1]);
    // Away from the ends, where both feel the silence around the signal but soxr's filter is longer.
    const inner = bySoxr.values.flatMap((value, index) => {
      const at = index * bySoxr.stride;
      return at < 300 || at > output.length - 300 ? [] : [Math.abs((output[at] ?? Number.NaN) - value)];
    });
    expect(inner.length).toBeGreaterThan(20);
    // soxr's own pass band is flat within 0.01 dB, which is 1e-3 of the amplitude.
    expect(Math.max(...inner)).toBeLessThan(5e-4);
  });
});

describe('the filter', () => {
  it.each([
    [44_100, 16_000],
    [48_000, 22_050],
    [44_100, 16_001], // interpolated phases
  ])('%d to %d Hz: flat in the pass band, silent above', (from, to) => {
    for (const part of [0.01, 0.3, 0.6, 0.8, 0.9, 0.913]) {
      expect(Math.abs(level(resample(tone((part * to) / 2, from, from), from, to))), `${part}`).toBeLessThan(
        0.005,
      );
    }
    for (const part of [1.001, 1.02, 1.05, 1.1, 1.3]) {
      expect(level(resample(tone((part * to) / 2, from, from), from, to)), `${part}`).toBeLessThan(-110);
    }
  });

  it('is as good as soxr in high quality, by whose pass band it goes', () => {
    for (const [part, reference] of Object.entries(soxrLevels)) {
      const found = level(resample(tone(Number(part) * 8000, 44_100, 88_200), 44_100, 16_000));
      if (reference > -1) expect(Math.abs(found)).toBeLessThanOrEqual(Math.abs(reference) + 0.001);
      else if (reference > -100) expect(Math.abs(found - reference)).toBeLessThan(1);
      else expect(found).toBeLessThan(-120);
    }
  });

  it('adds no images when the rate rises', () => {
    const raised = resample(tone(3000, 8000, 8000), 8000, 24_000);
    const error = raised.reduce(
      (worst, sample, index) =>
        index < 600 || index > raised.length - 600
          ? worst
          : Math.max(worst, Math.abs(sample - Math.sin((2 * Math.PI * 3000 * index) / 24_000))),
      0,
    );
    expect(error).toBeLessThan(1e-6);
  });

  it('keeps a constant, and starts without delay', () => {
    const constant = resample(new Float32Array(4000).fill(0.25), 44_100, 16_000);
    for (const sample of constant.subarray(300, -300)) expect(sample).toBeCloseTo(0.25, 7);
    const pulse = new Float32Array(4410);
    pulse[2204] = 1;
    const narrow = resample(pulse, 44_100, 22_050);
    expect(narrow.indexOf(Math.max(...narrow))).toBe(1102);
    const wide = resample(pulse, 44_100, 88_200);
    expect(wide.indexOf(Math.max(...wide))).toBe(4408);
  });
});

describe('any rates', () => {
  const rate = fc.integer({ min: 100, max: 48_000 });

  it('give ceil(n * to / from) finite samples, and the same ones again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), rate, rate, (count, from, to) => {
        const input = noise(count, 1);
        const output = resample(input, from, to);
        expect(output.length).toBe(Number((BigInt(count) * BigInt(to) + BigInt(from) - 1n) / BigInt(from)));
        expect(output.every(Number.isFinite)).toBe(true);
        expect(resample(input, from, to)).toEqual(output);
      }),
      { numRuns: 40 },
    );
  });

  it('are linear', () => {
    const a = noise(500, 0.5);
    const b = tone(440, 22_050, 500);
    const sum = resample(
      a.map((sample, index) => sample + (b[index] ?? 0)),
      22_050,
      16_000,
    );
    const [first, second] = [resample(a, 22_050, 16_000), resample(b, 22_050, 16_000)];
    for (const [index, sample] of sum.entries()) {
      expect(sample).toBeCloseTo((first[index] ?? 0) + (second[index] ?? 0), 6);
    }
  });

  it('must be whole numbers of Hz', () => {
    for (const wrong of [0, -1, 44_100.5, Number.NaN, 2 ** 23]) {
      expect(() => resample(new Float32Array(4), wrong, 16_000)).toThrowError(/sample rate/);
      expect(() => resample(new Float32Array(4), 16_000, wrong)).toThrowError(/sample rate/);
    }
  });

  it('that are equal return the samples themselves', () => {
    const samples = noise(10, 1);
    expect(resample(samples, 16_000, 16_000)).toBe(samples);
  });
});
