import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augmentAudio } from '../../../src/data/audio/augment-audio.js';
import type { RawAudio } from '../../../src/data/dataset.js';
import { Random } from '../../../src/data/random.js';
import { sweep } from './golden.js';

const clip: RawAudio = {
  kind: 'audio',
  sampleRate: 8000,
  channels: [sweep(8000, 8000, 100, 3000, 0.2), sweep(8000, 8000, 500, 50, 0.1)],
};

function draws(seed: number): () => number {
  const random = Random.seeded(seed, 'augment');
  return () => random.uniform();
}

function power(channels: readonly Float32Array[]): number {
  return channels.reduce(
    (sum, channel) => sum + channel.reduce((total, sample) => total + sample ** 2, 0),
    0,
  );
}

describe('augmented recordings', () => {
  it('have the noise that was asked for, white and without a mean', () => {
    const noisy = augmentAudio(clip, draws(1), { noise: [10, 10] });
    const hiss = noisy.channels.map((channel, index) =>
      channel.map((sample, at) => sample - (clip.channels[index]?.[at] ?? 0)),
    );
    expect(10 * Math.log10(power(clip.channels) / power(hiss))).toBeCloseTo(10, 0);
    const first = hiss[0] ?? new Float32Array();
    const size = Math.sqrt(power([first]) / first.length);
    expect(Math.abs(first.reduce((sum, value) => sum + value, 0) / first.length)).toBeLessThan(0.05 * size);
    const neighbours = first.reduce((sum, value, at) => sum + value * (first[at + 1] ?? 0), 0);
    expect(Math.abs(neighbours / power([first]))).toBeLessThan(0.05);
    // Normally distributed: 68.3 % within one standard deviation.
    const within = first.filter((value) => Math.abs(value) < size).length / first.length;
    expect(within).toBeGreaterThan(0.66);
    expect(within).toBeLessThan(0.71);
    expect(hiss[1]).not.toEqual(first);
  });

  it('are moved in time by a whole number of samples, all channels alike', () => {
    const one: RawAudio = { ...clip, channels: [Float32Array.of(1, 2, 3, 4).map((value) => value / 8)] };
    const at = (place: number) => augmentAudio(one, () => place, { shift: 2 / 8000 }).channels[0];
    expect(at(0.5)).toEqual(Float32Array.of(0.125, 0.25, 0.375, 0.5));
    expect(at(0)).toEqual(Float32Array.of(0.375, 0.5, 0, 0));
    expect(at(0.999)).toEqual(Float32Array.of(0, 0, 0.125, 0.25));
    expect(augmentAudio(one, () => 0.999, { shift: 1 }).channels[0]).toEqual(new Float32Array(4));
    expect(augmentAudio(one, () => 0, { shift: 1 }).channels[0]).toEqual(new Float32Array(4));
  });

  it('are louder or quieter, and never beyond full scale', () => {
    const louder = augmentAudio(clip, draws(1), { gain: [6, 6] });
    expect(louder.channels[0]?.[1234]).toBeCloseTo((clip.channels[0]?.[1234] ?? 0) * 10 ** 0.3, 6);
    const loudest = augmentAudio(clip, draws(1), { gain: [60, 60] });
    const peak = Math.max(...loudest.channels.flatMap((channel) => Array.from(channel, Math.abs)));
    expect(peak).toBeCloseTo(1, 6);
    const ratio = (loudest.channels[0]?.[1234] ?? 0) / (loudest.channels[1]?.[1234] ?? 1);
    expect(ratio).toBeCloseTo((clip.channels[0]?.[1234] ?? 0) / (clip.channels[1]?.[1234] ?? 1), 4);
  });

  it('depend on the seed alone, keep their size, and leave the original as it was', () => {
    const before = clip.channels.map((channel) => channel.slice());
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 2, noNaN: true }), (seed, shift) => {
        const options = { noise: [0, 30], shift, gain: [-6, 20] } as const;
        const found = augmentAudio(clip, draws(seed), options);
        expect(found.channels.map(({ length }) => length)).toEqual([8000, 8000]);
        expect(found.channels.every((channel) => channel.every((sample) => Math.abs(sample) <= 1))).toBe(
          true,
        );
        expect(augmentAudio(clip, draws(seed), options)).toEqual(found);
      }),
      { numRuns: 10 },
    );
    expect(augmentAudio(clip, draws(1), { noise: [5, 5] })).not.toEqual(
      augmentAudio(clip, draws(2), { noise: [5, 5] }),
    );
    expect(clip.channels).toEqual(before);
  });

  it('of silence stay silent', () => {
    const silence: RawAudio = { ...clip, channels: [new Float32Array(100)] };
    const found = augmentAudio(silence, draws(3), { noise: [5, 30], shift: 0.01, gain: [-6, 6] });
    expect(found.channels).toEqual(silence.channels);
  });

  it('need ranges that make sense', () => {
    expect(() => augmentAudio(clip, draws(1), { noise: [30, 5] })).toThrowError(/noise/);
    expect(() => augmentAudio(clip, draws(1), { gain: [Number.NaN, 5] })).toThrowError(/gain/);
    expect(() => augmentAudio(clip, draws(1), { shift: -1 })).toThrowError(/shift/);
  });
});
