/** Every bound of the audio room, and the error for a file that can't be used. */
import { ZooError, type ZooErrorDetails } from '../../core/errors.js';

export interface AudioLimits {
  readonly maxChannels: number;
  /** Hz. */
  readonly minSampleRate: number;
  /** Hz. */
  readonly maxSampleRate: number;
  /** Samples of all channels together; four bytes each in memory. */
  readonly maxSamples: number;
}

/** 2^28 samples are 1 GiB: 50 minutes of 44.1 kHz stereo, or 4 hours and a half of 16 kHz mono. */
export const AUDIO_LIMITS: AudioLimits = {
  maxChannels: 32,
  minSampleRate: 1_000,
  maxSampleRate: 768_000,
  maxSamples: 2 ** 28,
};

/** The error for a file that can't be read; `name` is the file's. */
export function unreadableAudio(name: string, reason: string, details: ZooErrorDetails = {}): ZooError {
  return new ZooError('DATA', `${name} can't be read as audio: ${reason}`, details);
}

/**
 * Checks what a file declares, or what it has given so far, before memory is taken for more of it.
 * @param samples of one channel.
 * @throws ZooError `DATA`.
 */
export function checkExtent(
  name: string,
  { channels, sampleRate, samples }: { channels: number; sampleRate: number; samples: number },
  limits: AudioLimits,
): void {
  if (!Number.isInteger(channels) || channels < 1 || channels > limits.maxChannels) {
    throw unreadableAudio(name, 'the number of channels makes no sense', {
      expected: `1 to ${limits.maxChannels}`,
      found: channels,
    });
  }
  const { minSampleRate, maxSampleRate } = limits;
  if (!Number.isInteger(sampleRate) || sampleRate < minSampleRate || sampleRate > maxSampleRate) {
    throw unreadableAudio(name, 'the sample rate makes no sense', {
      expected: `${minSampleRate} to ${maxSampleRate} Hz`,
      found: `${sampleRate} Hz`,
    });
  }
  if (samples * channels > limits.maxSamples) {
    throw unreadableAudio(name, 'it is too long', {
      expected: `at most ${limits.maxSamples} samples over all channels`,
      found: samples * channels,
      hint: 'Cut the recording into shorter files.',
    });
  }
}
