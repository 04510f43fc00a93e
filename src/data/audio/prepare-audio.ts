/** A decoded recording as the input of a network. */
import type { RawAudio } from '../dataset.js';
import type { AudioInput } from './card-spectrogram.js';
import type { AudioFrontEnd, AudioTensor } from './front-end.js';
import { resample } from './resample.js';
import { toMono } from './to-mono.js';

/**
 * Mixes to one channel, resamples, and applies the network's front end.
 * @throws ZooError `DATA` as the front end does.
 */
export function prepareAudio(audio: RawAudio, input: AudioInput, frontEnd: AudioFrontEnd): AudioTensor {
  return frontEnd(resample(toMono(audio), audio.sampleRate, input.sampleRate));
}
