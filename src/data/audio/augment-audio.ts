/** Copies of a recording that differ as other recordings of the same thing would. */
import { ZooError } from '../../core/errors.js';
import type { RawAudio } from '../dataset.js';

/** Each range is drawn from uniformly; what is left out is not done. */
export interface AudioAugmentation {
  /** White noise, as the ratio of the clip's power to its own in dB: [5, 30], say. Silence gets none. */
  readonly noise?: readonly [lowest: number, highest: number] | undefined;
  /** The furthest that the clip is moved, forwards or backwards, in seconds; zeros come in, its length stays. */
  readonly shift?: number | undefined;
  /** Louder or quieter, in dB: [-6, 6], say. */
  readonly gain?: readonly [lowest: number, highest: number] | undefined;
}

function between(what: string, [lowest, highest]: readonly [number, number], random: () => number): number {
  if (!(Number.isFinite(lowest) && Number.isFinite(highest) && lowest <= highest)) {
    throw new ZooError('USAGE', `The range of ${what} makes no sense`, {
      found: `${lowest} to ${highest} dB`,
    });
  }
  return lowest + (highest - lowest) * random();
}

/** Normally distributed values, by Box and Muller's transform. */
function normal(count: number, random: () => number): Float64Array {
  const values = new Float64Array(count);
  for (let index = 0; index < count; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random())); // 1 - random is never 0
    const angle = 2 * Math.PI * random();
    values[index] = radius * Math.cos(angle);
    if (index + 1 < count) values[index + 1] = radius * Math.sin(angle);
  }
  return values;
}

function power(channels: readonly Float32Array[]): number {
  let sum = 0;
  let count = 0;
  for (const channel of channels) {
    for (const sample of channel) sum += sample * sample;
    count += channel.length;
  }
  return count === 0 ? 0 : sum / count;
}

function shifted(channel: Float32Array, by: number): Float32Array {
  const moved = new Float32Array(channel.length);
  if (by >= 0) moved.set(channel.subarray(0, Math.max(0, channel.length - by)), by < channel.length ? by : 0);
  else moved.set(channel.subarray(-by));
  return moved;
}

/**
 * Shifts, adds noise, and changes the volume, in this order. The same `random` gives the same bytes. Where samples
 * would leave [-1, 1], the whole clip is made quieter, so the ratio to the noise stays.
 * @param random gives numbers from 0 up to, not including, 1.
 * @throws ZooError `USAGE` for a range that makes no sense.
 */
export function augmentAudio(audio: RawAudio, random: () => number, options: AudioAugmentation): RawAudio {
  const { noise, shift, gain } = options;
  let channels: readonly Float32Array[] = audio.channels;
  if (shift !== undefined) {
    if (!(Number.isFinite(shift) && shift >= 0)) {
      throw new ZooError('USAGE', 'The shift must be a number of seconds from 0 up', { found: shift });
    }
    const by = Math.round((2 * random() - 1) * shift * audio.sampleRate);
    channels = channels.map((channel) => shifted(channel, by));
  }
  if (noise !== undefined) {
    // Of the clip before it was moved: it may have been moved out almost wholly.
    const size = Math.sqrt(power(audio.channels) / 10 ** (between('noise', noise, random) / 10));
    channels = channels.map((channel) => {
      const hiss = normal(channel.length, random);
      return channel.map((sample, index) => sample + size * (hiss[index] ?? 0));
    });
  }
  const factor = gain === undefined ? 1 : 10 ** (between('gain', gain, random) / 20);
  const loudest = channels.reduce(
    (most, channel) => channel.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), most),
    0,
  );
  const fitting = loudest * factor > 1 ? 1 / loudest : factor;
  return { ...audio, channels: channels.map((channel) => channel.map((sample) => sample * fitting)) };
}
