/** The short-time Fourier transform, frame by frame. */
import { powerTransform } from './fourier.js';

export interface StftSettings {
  /** Samples under the window. */
  readonly frame: number;
  /** Samples from one frame to the next. */
  readonly hop: number;
  /** Length of the transform, at least `frame`. */
  readonly fft: number;
  readonly hann: 'periodic' | 'symmetric';
  /** Where a frame shorter than the transform lies in it: at its start as in TensorFlow, or centred as in librosa. */
  readonly place: 'start' | 'centre';
  /**
   * `none`: the first frame begins with the first sample, and a last frame that isn't full is left out.
   * Otherwise frame k is centred on sample k * hop, and the signal goes on with zeros or mirrored.
   */
  readonly edges: 'none' | 'zeros' | 'reflect';
  /** 1 for magnitudes, 2 for powers. */
  readonly power: 1 | 2;
}

/** The Hann window; the periodic one is the symmetric one of a value more, without its last. */
export function hannWindow(length: number, kind: 'periodic' | 'symmetric'): Float64Array {
  const period = kind === 'periodic' ? length : length - 1;
  return Float64Array.from({ length }, (_, index) =>
    length === 1 ? 1 : 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / period),
  );
}

/** Samples that a frame spans: with its window centred in the transform, the whole transform. */
function span({ place, frame, fft }: StftSettings): number {
  return place === 'start' ? frame : fft;
}

/** How many frames `samples` samples give. */
export function frameCount(samples: number, settings: StftSettings): number {
  if (settings.edges !== 'none') return 1 + Math.floor(samples / settings.hop);
  return samples < span(settings) ? 0 : 1 + Math.floor((samples - span(settings)) / settings.hop);
}

/** The index that stands for `index` in a signal of `count` samples mirrored at its first and last sample. */
function mirrored(index: number, count: number): number {
  if (count === 1) return 0;
  const period = 2 * (count - 1);
  const place = ((index % period) + period) % period;
  return place < count ? place : period - place;
}

/**
 * Calls `use` with the spectrum of each frame: fft / 2 + 1 magnitudes or powers, in an array that is used again for
 * the next frame.
 */
export function eachSpectrum(
  samples: Float32Array,
  settings: StftSettings,
  use: (spectrum: Float64Array, frame: number) => void,
): void {
  const { frame, hop, fft, place, edges, power } = settings;
  const window = hannWindow(frame, settings.hann);
  const offset = place === 'start' ? 0 : Math.floor((fft - frame) / 2);
  const before = edges === 'none' ? 0 : Math.floor(fft / 2);
  const transform = powerTransform(fft);
  const input = new Float64Array(fft);
  const spectrum = new Float64Array(Math.floor(fft / 2) + 1);
  const count = frameCount(samples.length, settings);
  for (let index = 0; index < count; index++) {
    const start = index * hop - before + offset;
    for (let k = 0; k < frame; k++) {
      const at = start + k;
      const sample = edges === 'reflect' ? samples[mirrored(at, samples.length)] : samples[at];
      input[offset + k] = (sample ?? 0) * (window[k] as number); // as long as the frame
    }
    transform(input, spectrum);
    if (power === 1) for (let k = 0; k < spectrum.length; k++) spectrum[k] = Math.sqrt(spectrum[k] as number);
    use(spectrum, index);
  }
}
