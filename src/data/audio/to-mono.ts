import type { RawAudio } from '../dataset.js';

/** The mean of the channels, as librosa and most training pipelines mix; one channel is returned as it is. */
export function toMono(audio: RawAudio): Float32Array {
  const [first = new Float32Array(), ...others] = audio.channels;
  if (others.length === 0) return first;
  const sum = Float64Array.from(first);
  for (const channel of others) {
    for (let index = 0; index < sum.length; index++) sum[index] = (sum[index] ?? 0) + (channel[index] ?? 0);
  }
  return Float32Array.from(sum, (total) => total / audio.channels.length);
}
