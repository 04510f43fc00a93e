/** From a clip to what an audio network takes, as its authors did it: windows, ranges, spectrograms. */
import { ZooError } from '../../core/errors.js';
import { type RangeSteps, readRange } from './card-range.js';
import { type AudioInput, readSpectrogram } from './card-spectrogram.js';
import { type SpectrogramSettings, spectrogram } from './spectrogram.js';
import { frameCount } from './stft.js';
import { planWindows, type WindowOptions, type WindowPlan, windows } from './windows.js';

export interface AudioTensor extends WindowPlan {
  /** Row by row. */
  readonly data: Float32Array;
  /** The card's shape with the number of windows in front. */
  readonly shape: readonly number[];
}

export interface FrontEndOptions extends WindowOptions {
  /** Samples from one window to the next. Default: the card's, or the window's length. */
  readonly hop?: number | undefined;
}

/** Takes one clip: samples of one channel at the card's rate. */
export type AudioFrontEnd = (samples: Float32Array) => AudioTensor;

/** Values of one clip's windows together: 1 GiB. */
const MAX_VALUES = 2 ** 28;

function misfit(message: string, expected: string | number, found: string | number): ZooError {
  return new ZooError('DATA', message, { expected, found });
}

/** The fixed sizes of one input, without the batch. */
function inputShape({ shape }: AudioInput): number[] {
  return shape.slice(1).map((size) => {
    if (size === null || size < 1)
      throw misfit('The card leaves the input open', 'fixed sizes', String(size));
    return size;
  });
}

/** Frames that one window of `samples` samples gives a network that takes `wanted` of them. */
function checkFrames(settings: SpectrogramSettings, samples: number, wanted: number): void {
  const given = frameCount(samples, settings.stft);
  // Centred frames: the one on the first sample of the next window belongs to that window.
  const usable = settings.stft.edges === 'none' ? given : given - 1;
  if (usable !== wanted) throw misfit("The card's window and shape contradict each other", wanted, usable);
}

/** One window after the other, each prepared by itself. */
function windowByWindow(
  cut: Float32Array,
  length: number,
  values: number,
  range: RangeSteps,
  settings: SpectrogramSettings | undefined,
): Float32Array {
  const count = cut.length / length;
  const data = settings === undefined ? cut : new Float32Array(count * values);
  for (let index = 0; index < count; index++) {
    const window = cut.subarray(index * length, (index + 1) * length);
    range.window?.(window);
    if (settings !== undefined) {
      data.set(spectrogram(window, settings).data.subarray(0, values), index * values);
    }
  }
  return data;
}

/**
 * The front end of a network, from its card's `input`. Spectrograms are taken of the whole clip and cut into windows
 * of frames, so that frames at the seams hear both sides, except where the card prepares each window by itself.
 * @throws ZooError `DATA` for a card that asks for what is not known here, or contradicts itself; the front end
 * throws it for an empty clip, or one whose windows would not fit into memory. `USAGE` for a hop that isn't a whole
 * number of samples, or of frames where frames are cut.
 */
export function audioFrontEnd(input: AudioInput, options: FrontEndOptions = {}): AudioFrontEnd {
  const settings = readSpectrogram(input);
  const range = readRange(input);
  const inner = inputShape(input);
  const values = inner.reduce((product, size) => product * size, 1);
  const length = input.window?.samples ?? (settings === undefined ? values : undefined);
  if (length === undefined)
    throw misfit('The card does not say how long a window is', 'window.samples', 'none');
  const hop = options.hop ?? input.window?.hop ?? length;
  const width = settings === undefined ? 1 : (settings.cepstrum?.coefficients ?? settings.mel.bands);
  const frames = values / width;
  if (settings === undefined) {
    if (values !== length) throw misfit("The card's window and shape contradict each other", values, length);
  } else {
    checkFrames(settings, length, frames);
  }
  const cutsFrames = settings !== undefined && range.window === undefined;
  if (cutsFrames && hop % settings.stft.hop !== 0) {
    throw new ZooError('USAGE', 'The hop must be a whole number of frames', {
      expected: `a multiple of ${settings.stft.hop} samples`,
      found: hop,
    });
  }
  return (samples) => {
    if (samples.length === 0) throw misfit('An empty clip gives no input', 'at least one sample', 0);
    const plan = planWindows(samples.length, length, hop, options);
    if (plan.starts.length === 0) throw misfit('The clip is shorter than a window', length, samples.length);
    if (plan.starts.length * values > MAX_VALUES) {
      throw new ZooError('DATA', 'The clip has too many windows to hold in memory', {
        expected: `at most ${Math.floor(MAX_VALUES / values)}`,
        found: plan.starts.length,
        hint: 'Use a longer hop, or cut the recording into shorter files.',
      });
    }
    const clip = range.clip(samples);
    const shape = [plan.starts.length, ...inner];
    if (!cutsFrames) {
      const cut = windows(clip, length, hop, options).data;
      const data = windowByWindow(cut, length, values, range, settings);
      return { ...plan, data, shape };
    }
    const end = (plan.starts.at(-1) ?? 0) + length;
    const padded = new Float32Array(Math.max(clip.length, end));
    padded.set(clip);
    const whole = spectrogram(padded, settings).data;
    const data = new Float32Array(plan.starts.length * values);
    for (const [index, start] of plan.starts.entries()) {
      const from = (start / settings.stft.hop) * width;
      data.set(whole.subarray(from, from + values), index * values);
    }
    return { ...plan, data, shape };
  };
}
