/** What a card's `range` asks to be done to samples, out of its words. */
import { ZooError } from '../../core/errors.js';
import type { AudioInput } from './card-spectrogram.js';

export interface RangeSteps {
  /** Done to the whole clip. */
  readonly clip: (samples: Float32Array) => Float32Array;
  /** Done to each window, in place; undefined where there is nothing to do. */
  readonly window: ((samples: Float32Array) => void) | undefined;
}

const asItIs = (samples: Float32Array): Float32Array => samples;

/** CREPE's frames: mean 0, population standard deviation 1; a constant frame becomes zeros. */
function standardise(samples: Float32Array): void {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0) / samples.length;
  const deviation = Math.max(Math.sqrt(variance), 1e-8);
  for (let index = 0; index < samples.length; index++) {
    samples[index] = ((samples[index] ?? 0) - mean) / deviation;
  }
}

/** MLPerf Tiny's keyword spotting divides by the greatest sample (not the greatest size). Silence stays as it is. */
function divideByMaximum(samples: Float32Array): void {
  const greatest = samples.reduce((most, sample) => Math.max(most, sample), 0);
  if (greatest === 0) return;
  for (let index = 0; index < samples.length; index++) samples[index] = (samples[index] ?? 0) / greatest;
}

/** Resemblyzer's: louder by one factor up to a root mean square of `decibel` dB below full scale; never quieter. */
function raiseVolume(decibel: number): RangeSteps['clip'] {
  const target = 10 ** (decibel / 20);
  return (samples) => {
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const gain = power === 0 ? 1 : target / Math.sqrt(power);
    return gain <= 1 ? samples : samples.map((sample) => sample * gain);
  };
}

/** @throws ZooError `DATA` for words that are not understood: a guess would give wrong features in silence. */
export function readRange({ range }: AudioInput): RangeSteps {
  if (range === undefined || range === '-1 to 1') return { clip: asItIs, window: undefined };
  // The front end itself multiplies.
  if (/^melspectrogram\.(onnx|tflite) takes samples .*in the range of int16/.test(range)) {
    return { clip: asItIs, window: undefined };
  }
  if (/minus its mean, divided by its standard deviation$/.test(range)) {
    return { clip: asItIs, window: standardise };
  }
  if (/^samples divided by their maximum and padded with zeros/.test(range)) {
    return { clip: asItIs, window: divideByMaximum };
  }
  const decibel = /^volume raised to (-[\d.]+) dBFS if it is lower$/.exec(range)?.[1];
  if (decibel !== undefined) return { clip: raiseVolume(Number(decibel)), window: undefined };
  throw new ZooError('DATA', 'The card asks for samples in a range that is not known here', {
    found: range,
    hint: 'A newer version of neuralzoo may know it.',
  });
}
