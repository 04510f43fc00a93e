import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { powerTransform } from '../../../src/data/audio/fourier.js';
import { type MelSettings, melFilters } from '../../../src/data/audio/mel-filters.js';
import { type SpectrogramSettings, spectrogram } from '../../../src/data/audio/spectrogram.js';
import { eachSpectrum, frameCount, hannWindow, type StftSettings } from '../../../src/data/audio/stft.js';
import { expectLike, golden, noise, type Summary, sweep } from './golden.js';

interface Golden {
  readonly filters: Readonly<Record<string, Summary>>;
  readonly cases: Readonly<Record<string, Summary>>;
}

const { filters, cases } = await golden<Golden>('audio-features');
const SIGNALS = { sweep: sweep(16_000, 16_000, 50, 7500, 0.6), noise: noise(16_000, 0.3) };
const NAMES = ['sweep', 'noise'] as const;

function wanted(name: string): Summary {
  const found = cases[name];
  if (found === undefined) throw new Error(`no golden value ${name}`);
  return found;
}

function stft(samples: Float32Array, settings: StftSettings): Float32Array {
  const rows: number[] = [];
  eachSpectrum(samples, settings, (spectrum) => {
    rows.push(...spectrum);
  });
  return Float32Array.from(rows);
}

const LIBROSA: StftSettings = {
  frame: 400,
  hop: 160,
  fft: 400,
  hann: 'periodic',
  place: 'centre',
  edges: 'zeros',
  power: 1,
};

describe('Fourier transforms', () => {
  /** |X|² straight from the definition. */
  function byDefinition(frame: Float64Array): number[] {
    return Array.from({ length: Math.floor(frame.length / 2) + 1 }, (_, k) => {
      let [real, imaginary] = [0, 0];
      for (const [n, value] of frame.entries()) {
        real += value * Math.cos((2 * Math.PI * k * n) / frame.length);
        imaginary -= value * Math.sin((2 * Math.PI * k * n) / frame.length);
      }
      return real ** 2 + imaginary ** 2;
    });
  }

  it('of any length are what the definition says', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 4, max: 130 })
          .chain((size) =>
            fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size }),
          ),
        (values) => {
          const frame = Float64Array.from(values);
          const power = new Float64Array(Math.floor(frame.length / 2) + 1);
          const transform = powerTransform(frame.length);
          transform(frame, power); // work arrays are used again
          transform(frame, power);
          for (const [k, value] of byDefinition(frame).entries()) expect(power[k]).toBeCloseTo(value, 9);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('short-time Fourier transforms', () => {
  it.each(NAMES)('like librosa, of a length that is no power of two: %s', (name) => {
    expectLike(
      stft(SIGNALS[name], LIBROSA),
      wanted(`librosa stft 400 centred zeros, magnitude, ${name}`),
      1e-4,
    );
  });

  it.each(NAMES)('like librosa, a short window in a longer transform, mirrored ends: %s', (name) => {
    const settings: StftSettings = { ...LIBROSA, fft: 512, hop: 128, edges: 'reflect', power: 2 };
    expectLike(
      stft(SIGNALS[name], settings),
      wanted(`librosa stft 512 of 400, reflect, power, ${name}`),
      1e-4,
    );
  });

  it.each(NAMES)('like librosa, symmetric window, no centring: %s', (name) => {
    const settings: StftSettings = {
      ...LIBROSA,
      frame: 512,
      fft: 512,
      hop: 256,
      hann: 'symmetric',
      edges: 'none',
    };
    expectLike(
      stft(SIGNALS[name], settings),
      wanted(`librosa stft 512 not centred, symmetric Hann, magnitude, ${name}`),
      1e-4,
    );
  });

  it.each(NAMES)('like TensorFlow: %s', (name) => {
    const settings: StftSettings = {
      frame: 480,
      hop: 320,
      fft: 512,
      hann: 'periodic',
      place: 'start',
      edges: 'none',
      power: 1,
    };
    expectLike(stft(SIGNALS[name], settings), wanted(`tensorflow stft 480 in 512, magnitude, ${name}`), 1e-4);
  });

  it('give as many frames as they say, for any length', () => {
    const settings = fc.record({
      frame: fc.integer({ min: 1, max: 16 }),
      hop: fc.integer({ min: 1, max: 20 }),
      fft: fc.constantFrom(16, 20),
      hann: fc.constantFrom('periodic' as const, 'symmetric' as const),
      place: fc.constantFrom('start' as const, 'centre' as const),
      edges: fc.constantFrom('none' as const, 'zeros' as const, 'reflect' as const),
      power: fc.constantFrom(1 as const, 2 as const),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), settings, (count, chosen) => {
        let frames = 0;
        eachSpectrum(noise(count, 1), chosen, (spectrum, index) => {
          expect(index).toBe(frames++);
          expect(spectrum.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
        });
        expect(frames).toBe(frameCount(count, chosen));
      }),
    );
  });

  it('take Hann windows that are the ones of the books', () => {
    expect(Array.from(hannWindow(4, 'periodic'), (value) => Number(value.toFixed(12)))).toEqual([
      0, 0.5, 1, 0.5,
    ]);
    expect(Array.from(hannWindow(5, 'symmetric'), (value) => Number(value.toFixed(12)))).toEqual([
      0, 0.5, 1, 0.5, 0,
    ]);
  });
});

describe('mel filters', () => {
  const settings: Record<string, Pick<MelSettings, 'scale' | 'straightOver' | 'norm'>> = {
    'librosa slaney none': { scale: 'slaney', straightOver: 'hertz', norm: 'none' },
    'librosa slaney slaney': { scale: 'slaney', straightOver: 'hertz', norm: 'slaney' },
    'librosa htk none': { scale: 'htk', straightOver: 'hertz', norm: 'none' },
    'librosa htk slaney': { scale: 'htk', straightOver: 'hertz', norm: 'slaney' },
    tensorflow: { scale: 'htk', straightOver: 'mel', norm: 'none' },
  };

  it.each(Object.keys(filters))('%s', (name) => {
    const summary = filters[name];
    const chosen = settings[name];
    if (summary === undefined || chosen === undefined) throw new Error(name);
    const dense = new Float32Array(40 * 257);
    for (const [band, { start, weights }] of melFilters(
      { bands: 40, lowest: 20, highest: 7600, ...chosen },
      16_000,
      512,
    ).entries()) {
      dense.set(weights, band * 257 + start);
    }
    expectLike(dense, summary, 1e-5);
  });

  it('give a band that no bin falls into no weights', () => {
    const [first] = melFilters(
      { bands: 64, lowest: 0, highest: 500, scale: 'slaney', straightOver: 'hertz', norm: 'none' },
      16_000,
      128,
    );
    expect(first).toEqual({ start: 0, weights: new Float64Array() });
  });
});

describe('spectrograms', () => {
  const decibel: SpectrogramSettings = {
    sampleRate: 16_000,
    stft: { ...LIBROSA, frame: 1024, fft: 1024, hop: 256, power: 2 },
    mel: { bands: 64, lowest: 0, highest: 8000, scale: 'slaney', straightOver: 'hertz', norm: 'slaney' },
    log: { kind: 'decibel', floor: 1e-10, range: 80 },
  };

  it.each(NAMES)('in dB within 80 dB, like librosa: %s', (name) => {
    const found = spectrogram(SIGNALS[name], decibel);
    expect([found.frames, found.width]).toEqual([63, 64]);
    expectLike(found.data, wanted(`librosa mel power in dB within 80, ${name}`), 1e-4);
  });

  it.each(NAMES)('as cepstra, like librosa: %s', (name) => {
    const found = spectrogram(SIGNALS[name], { ...decibel, cepstrum: { coefficients: 13, norm: 'ortho' } });
    expectLike(found.data, wanted(`librosa mfcc, ${name}`), 1e-4);
  });

  it('of silence are finite', () => {
    const silence = new Float32Array(4000);
    expect(new Set(spectrogram(silence, decibel).data)).toEqual(new Set([-100]));
    const none: SpectrogramSettings = { ...decibel, log: { kind: 'none' } };
    expect(new Set(spectrogram(silence, none).data)).toEqual(new Set([0]));
  });
});
