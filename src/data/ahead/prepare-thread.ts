/** What a thread of the pool does: resizing pictures, resampling recordings, spectrograms. */
import { ZooError, type ZooErrorCode, type ZooErrorDetails } from '../../core/errors.js';
import type { AudioInput } from '../audio/card-spectrogram.js';
import { type AudioFrontEnd, type AudioTensor, audioFrontEnd } from '../audio/front-end.js';
import { prepareAudio } from '../audio/prepare-audio.js';
import type { RawAudio, RawImage } from '../dataset.js';
import type { ImageInput } from '../image/geometry.js';
import { prepareImage } from '../image/prepare.js';
import type { Size } from '../image/resample.js';

export interface ImageJob {
  readonly image: RawImage;
  readonly input: ImageInput;
  readonly size: Size;
}

export interface AudioJob {
  readonly audio: RawAudio;
  readonly input: AudioInput;
  /** See `FrontEndOptions`. */
  readonly hop: number | undefined;
}

export type PrepareJob = ImageJob | AudioJob;

/** An error crosses to another thread as its parts: its class would be lost. */
export interface FailedJob extends ZooErrorDetails {
  readonly code: ZooErrorCode;
  readonly message: string;
}

export type PrepareReply<Result> = { readonly done: Result } | { readonly failed: FailedJob };

/** Filters and windows are made once a network. */
const frontEnds = new Map<string, AudioFrontEnd>();

/** @throws whatever is no `ZooError`. */
export default function run(job: PrepareJob): PrepareReply<Float32Array | AudioTensor> {
  try {
    if ('image' in job) return { done: prepareImage(job.image, job.input, job.size) };
    return { done: prepareAudio(job.audio, job.input, frontEndOf(job)) };
  } catch (error) {
    if (!(error instanceof ZooError)) throw error;
    const { code, message, expected, found, hint } = error;
    return { failed: { code, message, expected, found, hint } };
  }
}

function frontEndOf({ input, hop }: AudioJob): AudioFrontEnd {
  const key = JSON.stringify([input, hop]);
  let frontEnd = frontEnds.get(key);
  if (frontEnd === undefined) {
    frontEnd = audioFrontEnd(input, hop === undefined ? {} : { hop });
    frontEnds.set(key, frontEnd);
  }
  return frontEnd;
}
