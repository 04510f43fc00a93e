/** A chance variation of an example, so that a network does not learn what does not matter. */
import { type AudioAugmentation, augmentAudio } from '../../data/audio/augment-audio.js';
import type { Raw } from '../../data/dataset.js';
import { type AugmentImageOptions, augmentImage } from '../../data/image/augment.js';
import type { Random } from '../../data/random.js';

export interface Variation {
  /** For pictures; their defaults where it is left out. */
  readonly image?: AugmentImageOptions | undefined;
  /** For recordings; by default noise 10 to 30 dB below, up to 0.1 s of shift, 6 dB louder or quieter. */
  readonly audio?: AudioAugmentation | undefined;
}

const DEFAULT_AUDIO: AudioAugmentation = { noise: [10, 30], shift: 0.1, gain: [-6, 6] };

/** Texts stay as they are. */
export function vary(raw: Raw, random: Random, { image, audio = DEFAULT_AUDIO }: Variation = {}): Raw {
  if (raw.kind === 'image') return augmentImage(raw, random, image);
  if (raw.kind === 'audio') return augmentAudio(raw, () => random.uniform(), audio);
  return raw;
}
