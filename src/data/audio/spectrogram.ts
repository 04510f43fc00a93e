/** Mel spectrograms, their logarithms, and cepstra. */
import { type CepstrumSettings, cepstrum } from './cepstrum.js';
import { type MelSettings, melFilters } from './mel-filters.js';
import { eachSpectrum, frameCount, type StftSettings } from './stft.js';

export type LogSettings =
  | { readonly kind: 'none' }
  /** The natural logarithm of x + offset. */
  | { readonly kind: 'natural'; readonly offset: number }
  /** 10 log10(max(x, floor)); what lies more than `range` below the greatest value of the clip is raised to there. */
  | { readonly kind: 'decibel'; readonly floor: number; readonly range?: number | undefined };

export interface SpectrogramSettings {
  /** Hz. */
  readonly sampleRate: number;
  /** What samples are multiplied with first. Default 1. */
  readonly gain?: number | undefined;
  readonly stft: StftSettings;
  readonly mel: MelSettings;
  readonly log: LogSettings;
  readonly cepstrum?: CepstrumSettings | undefined;
  /** Applied to each value at the end: value * scale + offset. */
  readonly affine?: { readonly scale: number; readonly offset: number } | undefined;
}

export interface Spectrogram {
  readonly frames: number;
  /** Values a frame: mel bands, or coefficients. */
  readonly width: number;
  /** [frames, width] */
  readonly data: Float32Array;
}

/** Replaces each value; typed arrays' own map would take as much memory again. */
function replaceEach(values: Float64Array, by: (value: number) => number): void {
  for (let index = 0; index < values.length; index++) values[index] = by(values[index] as number);
}

function applyLog(values: Float64Array, log: LogSettings): void {
  if (log.kind === 'none') return;
  if (log.kind === 'natural') {
    replaceEach(values, (value) => Math.log(value + log.offset));
    return;
  }
  replaceEach(values, (value) => 10 * Math.log10(Math.max(value, log.floor)));
  if (log.range === undefined) return;
  const quietest =
    values.reduce((most, level) => Math.max(most, level), Number.NEGATIVE_INFINITY) - log.range;
  replaceEach(values, (level) => Math.max(level, quietest));
}

/** The spectrogram of a whole signal at the settings' rate. A signal shorter than a frame may give none. */
export function spectrogram(samples: Float32Array, settings: SpectrogramSettings): Spectrogram {
  const { stft, mel, sampleRate, gain = 1, affine } = settings;
  const filters = melFilters(mel, sampleRate, stft.fft);
  const frames = frameCount(samples.length, stft);
  const values = new Float64Array(frames * filters.length);
  const scale = gain ** stft.power;
  eachSpectrum(samples, stft, (spectrum, frame) => {
    for (const [band, { start, weights }] of filters.entries()) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) {
        sum += (weights[k] as number) * (spectrum[start + k] as number); // filters lie inside the spectrum
      }
      values[frame * filters.length + band] = scale * sum;
    }
  });
  applyLog(values, settings.log);
  const width = settings.cepstrum?.coefficients ?? filters.length;
  const result =
    settings.cepstrum === undefined ? values : cepstrum(values, filters.length, settings.cepstrum);
  const { scale: factor, offset } = affine ?? { scale: 1, offset: 0 };
  return { frames, width, data: Float32Array.from(result, (value) => value * factor + offset) };
}
