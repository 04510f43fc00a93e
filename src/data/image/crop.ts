/** Parts of pictures, without resampling. */
import type { RawImage } from '../dataset.js';
import { centreWindow } from './geometry.js';
import { rawImage } from './raw-image.js';
import type { Size, Window } from './resample.js';

/** @param window may reach beyond the picture: black there. */
export function cropImage(image: RawImage, window: Window): RawImage {
  const { left, top, width, height } = window;
  const data = new Uint8Array(width * height * 3);
  const from = Math.max(left, 0);
  const end = Math.min(left + width, image.width);
  for (let row = Math.max(top, 0); from < end && row < Math.min(top + height, image.height); row++) {
    const at = row * image.width;
    data.set(image.data.subarray((at + from) * 3, (at + end) * 3), ((row - top) * width + from - left) * 3);
  }
  return rawImage(width, height, data);
}

/** The middle, as torchvision's CenterCrop has it. */
export function centreCrop(image: RawImage, size: Size): RawImage {
  return cropImage(image, centreWindow(image, size));
}
