import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import type { AudioInput } from '../../../src/data/audio/card-spectrogram.js';
import { audioFrontEnd } from '../../../src/data/audio/front-end.js';
import { prepareAudio } from '../../../src/data/audio/prepare-audio.js';
import { parseCard } from '../../../src/registry/parse-card.js';
import { expectLike, golden, noise, normOf, type Summary, sumOf, sweep } from './golden.js';

const SIGNALS = {
  sweep: sweep(16_000, 16_000, 50, 7500, 0.6),
  noise: noise(16_000, 0.3),
  long: Float32Array.from([...sweep(20_000, 16_000, 100, 4000, 0.02), ...noise(15_000, 0.01)]),
  short: sweep(5000, 16_000, 300, 900, 0.4),
};
const { cases } = await golden<{ cases: Readonly<Record<string, Summary>> }>('audio-features');

function wanted(name: string): Summary {
  const found = cases[name];
  if (found === undefined) throw new Error(`no golden value ${name}`);
  return found;
}

async function inputOf(name: string): Promise<AudioInput> {
  const path = fileURLToPath(new URL(`../../../registry/audio/${name}/1.0.0.json`, import.meta.url));
  const card = parseCard(await readFile(path, 'utf8'), name);
  if (card.input?.modality !== 'audio') throw new Error(`${name} hears nothing`);
  return card.input;
}

function thrown(run: () => unknown): ZooError {
  try {
    run();
  } catch (error) {
    if (error instanceof ZooError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('front ends of the catalogue', () => {
  it.each([
    ['keyword-spotting-dscnn', 'sweep'],
    ['keyword-spotting-dscnn', 'noise'],
    ['keyword-spotting-dscnn', 'short'],
    ['resemblyzer', 'sweep'],
    ['resemblyzer', 'noise'],
    ['resemblyzer', 'long'],
    ['resemblyzer', 'short'],
    ['crepe-tiny', 'sweep'],
    ['crepe-tiny', 'noise'],
  ] as const)('%s hears %s as its authors have it', async (name, signal) => {
    const { data, shape } = audioFrontEnd(await inputOf(name), { coverage: name === 'crepe-tiny' ? 0.5 : 0 })(
      SIGNALS[signal],
    );
    const summary = wanted(`${name}, ${signal}`);
    expect(shape).toEqual(summary.shape);
    expectLike(data, summary, 1e-4);
  });

  it.each(['speech-embedding', 'speech-embedding-onnx'])('%s: windows of the whole clip', async (name) => {
    const input = await inputOf(name);
    const { data, shape, starts, padded } = audioFrontEnd(input, { pad: false })(SIGNALS.sweep);
    expect(shape).toEqual([3, 76, 32, 1]);
    expect([starts, padded]).toEqual([[0, 1280, 2560], 0]);
    // 97 frames of 32 bands by librosa, of which the windows are cuts 8 frames apart.
    const { stride, values } = wanted('speech embedding, sweep');
    for (const [index, value] of values.entries()) {
      const at = index * stride;
      for (const window of [0, 1, 2]) {
        const place = at - window * 8 * 32;
        if (place < 0 || place >= 76 * 32) continue;
        expect(Math.abs((data[window * 76 * 32 + place] ?? Number.NaN) - value)).toBeLessThan(
          1e-4 * Math.abs(value),
        );
      }
    }
  });

  it('speech-embedding equals the network that is its front end', async () => {
    const { speechEmbedding: output } = await golden<{
      speechEmbedding: { first16: readonly number[]; sum: number; l2: number };
    }>('audio-front-ends');
    const clip = Float32Array.from(
      { length: 16_000 },
      (_, index) => Math.round(8000 * Math.sin((2 * Math.PI * 440 * index) / 16_000)) / 32_768,
    );
    const input = await inputOf('speech-embedding-onnx');
    const front = audioFrontEnd({
      ...input,
      shape: [null, 97, 32, 1],
      window: { samples: 15_872, hop: 160 },
    });
    const levels = Array.from(front(clip.subarray(0, 15_872)).data, (value) => (value - 2) * 10);
    for (const [index, value] of output.first16.entries()) {
      expect(Math.abs((levels[index] ?? 0) - value)).toBeLessThan(1e-4 * value);
    }
    expect(Math.abs(sumOf(levels) / output.sum - 1)).toBeLessThan(1e-4);
    expect(Math.abs(normOf(levels) / output.l2 - 1)).toBeLessThan(1e-4);
  });

  it('keyword spotting equals what its catalogue says of a tone', async () => {
    const { keywordSpotting } = await golden<{
      keywordSpotting: { frames: readonly (readonly number[])[]; sum: number; l2: number };
    }>('audio-front-ends');
    const tone = Float32Array.from({ length: 16_000 }, (_, index) =>
      Math.sin((2 * Math.PI * 440 * index) / 16_000),
    );
    const { data } = audioFrontEnd(await inputOf('keyword-spotting-dscnn'))(tone);
    // In single precision, whose rounding a pure tone's quiet bands show (see singlePrecisionError in the other file).
    for (const [index, value] of keywordSpotting.frames.flat().entries()) {
      expect(Math.abs((data[index] ?? 0) - value)).toBeLessThan(3e-4 * Math.max(20, Math.abs(value)));
    }
    expect(Math.abs(normOf(data) / keywordSpotting.l2 - 1)).toBeLessThan(1e-4);
    expect(Math.abs(sumOf(data) / keywordSpotting.sum - 1)).toBeLessThan(1e-4);
  });

  it.each(['basic-pitch', 'basic-pitch-savedmodel'])('%s takes samples as they are', async (name) => {
    const clip = noise(50_000, 0.5);
    const { data, shape, starts, padded, dropped } = audioFrontEnd(await inputOf(name))(clip);
    expect({ shape, starts, padded, dropped }).toEqual({
      shape: [1, 43_844, 1],
      starts: [0],
      padded: 0,
      dropped: 6156,
    });
    expect(Buffer.from(data.buffer).equals(Buffer.from(clip.buffer, 0, 4 * 43_844))).toBe(true);
    const overlapping = audioFrontEnd(await inputOf(name), { hop: 22_050 })(clip);
    expect(overlapping).toMatchObject({
      shape: [2, 43_844, 1],
      starts: [0, 22_050],
      padded: 15_894,
      dropped: 0,
    });
    const second = Buffer.from(overlapping.data.buffer, 4 * 43_844, 4 * 27_950);
    expect(second.equals(Buffer.from(clip.buffer, 4 * 22_050))).toBe(true);
    expect(overlapping.data.subarray(43_844 + 27_950).every((sample) => sample === 0)).toBe(true);
  });

  it('crepe turns a constant frame into zeros', async () => {
    const { data } = audioFrontEnd(await inputOf('crepe-tiny'))(new Float32Array(1024).fill(0.3));
    for (const value of data) expect(Math.abs(value)).toBeLessThan(1e-3);
  });

  it('hears silence without infinities', async () => {
    for (const name of [
      'keyword-spotting-dscnn',
      'resemblyzer',
      'crepe-tiny',
      'speech-embedding',
      'basic-pitch',
    ]) {
      const { data } = audioFrontEnd(await inputOf(name))(new Float32Array(16_000));
      expect(data.every(Number.isFinite), name).toBe(true);
    }
  });
});

describe('front ends by settings', () => {
  const yamnet: AudioInput = {
    modality: 'audio',
    shape: [null, 98, 64],
    dtype: 'float32',
    sampleRate: 16_000,
    window: { samples: 16_000 },
    spectrogram: {
      kind: 'log mel spectrogram',
      melBands: 64,
      windowSamples: 400,
      hopSamples: 160,
      fft: 512,
      lowestHz: 125,
      highestHz: 7500,
      log: 'log(x + 0.001)',
      mel: 'tf.signal.linear_to_mel_weight_matrix',
      window: 'periodic Hann',
      magnitude: true,
    },
  };

  it.each(['sweep', 'noise'] as const)('YAMNet: %s', (name) => {
    expectLike(audioFrontEnd(yamnet)(SIGNALS[name]).data, wanted(`yamnet, ${name}`), 1e-4);
  });

  it.each<[string, Partial<AudioInput>, RegExp]>([
    ['an unknown entry', { spectrogram: { ...yamnet.spectrogram, preEmphasis: 0.97 } }, /preEmphasis/],
    ['an unknown kind', { spectrogram: { ...yamnet.spectrogram, kind: 'wavelets' } }, /kind/],
    ['an unknown window', { spectrogram: { ...yamnet.spectrogram, window: 'Hamming' } }, /window/],
    ['an unknown logarithm', { spectrogram: { ...yamnet.spectrogram, log: 'log2(x)' } }, /log/],
    ['a missing number', { spectrogram: { kind: 'MFCC', windowSamples: 400 } }, /hopSamples/],
    ['another network', { spectrogram: { network: 'other.onnx' } }, /network/],
    ['an unknown range', { range: '0 to 255' }, /range/],
    ['a window that gives other frames', { window: { samples: 8000 } }, /contradict/],
    ['an input without fixed sizes', { shape: [null, null, 64] }, /open/],
    ['no window', { window: undefined }, /window/],
  ])('refuse %s', (_, change, words) => {
    const error = thrown(() => audioFrontEnd({ ...yamnet, ...change }));
    expect(error.code).toBe('DATA');
    expect(error.message).toMatch(words);
  });

  it('refuse a hop between frames, an empty clip, and one without a full window', () => {
    expect(thrown(() => audioFrontEnd(yamnet, { hop: 1000 })).code).toBe('USAGE');
    expect(thrown(() => audioFrontEnd(yamnet)(new Float32Array())).code).toBe('DATA');
    expect(thrown(() => audioFrontEnd(yamnet, { pad: false })(SIGNALS.short)).code).toBe('DATA');
  });
});

describe('recordings for a network', () => {
  it('are mixed and resampled', async () => {
    const input = await inputOf('keyword-spotting-dscnn');
    const left = sweep(8000, 8000, 100, 3000, 0.5);
    const right = left.map((sample) => -sample / 2);
    const audio = { kind: 'audio', sampleRate: 8000, channels: [left, right] } as const;
    const found = prepareAudio(audio, input, audioFrontEnd(input));
    expect(found.shape).toEqual([1, 49, 10, 1]);
    // The mix is a quarter of the left channel, and this network divides by the maximum.
    const alone = prepareAudio({ ...audio, channels: [left] }, input, audioFrontEnd(input));
    for (const [index, value] of found.data.entries()) expect(value).toBeCloseTo(alone.data[index] ?? 0, 3);
  });
});
