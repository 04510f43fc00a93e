/** The pictures of scripts/golden/images.py. */
import type { RawImage } from '../../../src/data/dataset.js';
import { rawImage } from '../../../src/data/image/raw-image.js';

/** Noise of the catalogue's generator: the upper 8 bits of each state, in NHWC order. */
export function lcgPicture(width: number, height: number): RawImage {
  let state = 1n;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (1664525n * state + 1013904223n) % 2n ** 32n;
    return Number(state >> 24n);
  });
  return rawImage(width, height, data);
}
