/** The settings of the front end out of a card's words. Cards don't change once published, so their words stay. */
import { ZooError } from '../../core/errors.js';
import type { CardInput } from '../../registry/card-input.js';
import type { LogSettings, SpectrogramSettings } from './spectrogram.js';

export type AudioInput = Extract<CardInput, { modality: 'audio' }>;
type Words = NonNullable<AudioInput['spectrogram']>;

function unknownSetting(key: string, value: unknown, expected: string): ZooError {
  return new ZooError('DATA', `The card asks for a spectrogram that is not known here: ${key}`, {
    expected,
    found: JSON.stringify(value),
    hint: 'A newer version of neuralzoo may know it.',
  });
}

/** Reads the entries of a card one by one, and then says which of them nobody asked for. */
class Reader {
  readonly #left: Map<string, string | number | boolean>;

  constructor(words: Words) {
    this.#left = new Map(Object.entries(words));
  }

  take(...names: string[]): { key: string; value: string | number | boolean } | undefined {
    for (const key of names) {
      const value = this.#left.get(key);
      if (value === undefined) continue;
      this.#left.delete(key);
      return { key, value };
    }
    return undefined;
  }

  number(fallback: number | undefined, ...names: string[]): number {
    const entry = this.take(...names);
    const value = entry?.value ?? fallback;
    if (typeof value === 'number' && value >= 0) return value;
    throw unknownSetting(names.join(' or '), entry?.value, 'a number');
  }

  /** The meaning of the first pattern that fits; `fallback` where the card is silent. */
  word<Meaning>(
    fallback: Meaning,
    meanings: readonly (readonly [RegExp, Meaning])[],
    ...names: string[]
  ): Meaning {
    const entry = this.take(...names);
    if (entry === undefined) return fallback;
    const found = meanings.find(([pattern]) => pattern.test(String(entry.value)));
    if (found !== undefined) return found[1];
    throw unknownSetting(entry.key, entry.value, meanings.map(([pattern]) => pattern.source).join(' or '));
  }

  finish(): void {
    for (const [key, value] of this.#left) throw unknownSetting(key, value, 'no such setting');
  }
}

function readLog(reader: Reader, inDecibel: boolean): LogSettings {
  const entry = reader.take('log');
  if (entry !== undefined) {
    const offset = /^log\(x \+ ([\d.e-]+)\)$/.exec(String(entry.value))?.[1];
    if (offset === undefined) throw unknownSetting('log', entry.value, 'log(x + a number)');
    return { kind: 'natural', offset: Number(offset) };
  }
  if (!inDecibel) return { kind: 'none' };
  const range = reader.take('topDb')?.value;
  const floor = reader.number(1e-10, 'floor');
  return { kind: 'decibel', floor, range: typeof range === 'number' ? range : undefined };
}

/**
 * The front end of Google's speech embedding, which is a network of its own (melspectrogram.onnx, .tflite in
 * openWakeWord). Read out of its weights: they are a windowed Fourier transform and librosa's mel filters.
 */
function speechEmbedding(sampleRate: number): SpectrogramSettings {
  return {
    sampleRate,
    gain: 2 ** 15, // it takes samples in the range of 16-bit integers
    stft: {
      frame: 400,
      hop: 160,
      fft: 512,
      hann: 'periodic',
      place: 'centre',
      edges: 'none',
      power: 2,
    },
    mel: { bands: 32, lowest: 60, highest: 3800, scale: 'slaney', straightOver: 'hertz', norm: 'slaney' },
    log: { kind: 'decibel', floor: 1e-10, range: 80 },
    affine: { scale: 0.1, offset: 2 },
  };
}

/**
 * Reads `input.spectrogram`. Where a card says nothing: librosa's way for a Slaney scale, TensorFlow's otherwise.
 * @returns undefined where the network takes samples.
 * @throws ZooError `DATA` for an entry that is not understood: a guess would give wrong features in silence.
 */
export function readSpectrogram(input: AudioInput): SpectrogramSettings | undefined {
  const { sampleRate, spectrogram: words } = input;
  if (words === undefined) return undefined;
  const reader = new Reader(words);
  const network = reader.take('network');
  if (network !== undefined) {
    if (!/^melspectrogram\.(onnx|tflite)$/.test(String(network.value))) {
      throw unknownSetting('network', network.value, 'melspectrogram.onnx or melspectrogram.tflite');
    }
    reader.word(true, [[/^32$/, true]], 'bands');
    reader.word(true, [[/^76$/, true]], 'frames');
    reader.word(true, [[/^25$/, true]], 'windowMs');
    reader.word(true, [[/^10$/, true]], 'hopMs');
    reader.word(true, [[/^output \/ 10 \+ 2$/, true]], 'scale');
    reader.finish();
    return speechEmbedding(sampleRate);
  }
  const kind = reader.word<{ cepstral?: true; decibel?: true; power: 1 | 2 } | undefined>(
    undefined,
    [
      [/^MFCC$/i, { cepstral: true, power: 2 }],
      [/^power mel spectrogram, not logarithmic$/i, { power: 2 }],
      [/^log mel spectrogram$/i, { power: 2 }],
      [/^mel spectrogram in dB$/i, { decibel: true, power: 2 }],
    ],
    'kind',
  );
  if (kind === undefined) throw unknownSetting('kind', undefined, 'MFCC or a mel spectrogram');
  const librosa = reader.word(
    false,
    [
      [/slaney|librosa/i, true],
      [/linear_to_mel_weight_matrix|tensorflow|htk/i, false],
    ],
    'mel',
    'scale',
  );
  const frame = reader.number(undefined, 'windowSamples', 'frameSamples');
  const fft = reader.number(librosa ? frame : 2 ** Math.ceil(Math.log2(frame)), 'fft');
  const settings: SpectrogramSettings = {
    sampleRate,
    stft: {
      frame,
      hop: reader.number(undefined, 'hopSamples', 'stepSamples'),
      fft,
      hann: reader.word<'periodic' | 'symmetric'>(
        'periodic',
        [
          [/^periodic Hann$/i, 'periodic'],
          [/^symmetric Hann$/i, 'symmetric'],
        ],
        'window',
      ),
      place: librosa ? 'centre' : 'start',
      edges: reader.word<'none' | 'zeros' | 'reflect'>(
        librosa ? 'zeros' : 'none',
        [
          [/^false$/, 'none'],
          [/^(true|zeros)$/, 'zeros'],
          [/^reflect$/, 'reflect'],
        ],
        'centred',
      ),
      power: reader.word<1 | 2>(
        kind.power,
        [
          [/^true$/, 1],
          [/^false$/, 2],
        ],
        'magnitude',
      ),
    },
    mel: {
      bands: reader.number(undefined, 'melBands'),
      lowest: reader.number(0, 'lowestHz'),
      highest: reader.number(sampleRate / 2, 'highestHz'),
      scale: librosa ? 'slaney' : 'htk',
      straightOver: librosa ? 'hertz' : 'mel',
      norm: librosa ? 'slaney' : 'none',
    },
    log: readLog(reader, kind.decibel === true),
    cepstrum:
      kind.cepstral === undefined
        ? undefined
        : {
            coefficients: reader.number(undefined, 'coefficients'),
            norm: reader.word<'ortho' | 'tensorflow'>(
              librosa ? 'ortho' : 'tensorflow',
              [
                [/mfccs_from_log_mel_spectrograms/, 'tensorflow'],
                [/ortho/i, 'ortho'],
              ],
              'mfcc',
            ),
          },
  };
  reader.take('frames'); // checked against the shape by the front end
  reader.finish();
  return settings;
}
