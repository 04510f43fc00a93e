/** Turning a picture as the Orientation field of its EXIF data says (EXIF 2.32, tag 0x0112). */
import type { RawImage } from '../dataset.js';

/**
 * @param orientation 1 … 8: where the file's first row and column lie in the upright picture; 1 is upright already.
 */
export function orient(image: RawImage, orientation: number): RawImage {
  if (orientation < 2 || orientation > 8) return image;
  const { width, height, data } = image;
  const turned = orientation >= 5;
  const outWidth = turned ? height : width;
  const outHeight = turned ? width : height;
  const flipX = [2, 3, 7, 8].includes(orientation);
  const flipY = [3, 4, 6, 7].includes(orientation);
  const out = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++, to += 3) {
      // Where the pixel comes from: transposed for 5 to 8, then mirrored in the file's own axes.
      const column = turned ? y : x;
      const row = turned ? x : y;
      const from = ((flipY ? height - 1 - row : row) * width + (flipX ? width - 1 - column : column)) * 3;
      out[to] = data[from] ?? 0;
      out[to + 1] = data[from + 1] ?? 0;
      out[to + 2] = data[from + 2] ?? 0;
    }
  }
  return { ...image, width: outWidth, height: outHeight, data: out };
}
