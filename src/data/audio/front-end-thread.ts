/** What a thread of the front-end pool does: mixing, resampling and spectrograms, with nothing else to wait for. */
import { ZooError, type ZooErrorCode, type ZooErrorDetails } from '../../core/errors.js';
import type { RawAudio } from '../dataset.js';
import type { AudioInput } from './card-spectrogram.js';
import { type AudioFrontEnd, type AudioTensor, audioFrontEnd } from './front-end.js';
import { prepareAudio } from './prepare-audio.js';

export interface FrontEndJob {
  readonly audio: RawAudio;
  readonly input: AudioInput;
  /** See `FrontEndOptions`. */
  readonly hop: number | undefined;
}

/** An error crosses to another thread as its parts: its class would be lost. */
export interface FailedJob extends ZooErrorDetails {
  readonly code: ZooErrorCode;
  readonly message: string;
}

export type FrontEndReply = AudioTensor | { readonly failed: FailedJob };

/** Filters and windows are made once a network. */
const frontEnds = new Map<string, AudioFrontEnd>();

/** @throws whatever is no `ZooError`. */
export default function run({ audio, input, hop }: FrontEndJob): FrontEndReply {
  try {
    return prepareAudio(audio, input, frontEndOf(input, hop));
  } catch (error) {
    if (!(error instanceof ZooError)) throw error;
    const { code, message, expected, found, hint } = error;
    return { failed: { code, message, expected, found, hint } };
  }
}

function frontEndOf(input: AudioInput, hop: number | undefined): AudioFrontEnd {
  const key = JSON.stringify([input, hop]);
  let frontEnd = frontEnds.get(key);
  if (frontEnd === undefined) {
    frontEnd = audioFrontEnd(input, hop === undefined ? {} : { hop });
    frontEnds.set(key, frontEnd);
  }
  return frontEnd;
}
