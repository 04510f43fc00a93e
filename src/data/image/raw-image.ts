/** Making pictures out of bytes. */
import type { RawImage } from '../dataset.js';

/** @param data RGB, rows from the top: width * height * 3 bytes. */
export function rawImage(width: number, height: number, data: Uint8Array): RawImage {
  if (data.length !== width * height * 3) throw new RangeError(`${data.length} bytes for ${width}x${height}`);
  return { kind: 'image', width, height, data, grey: isGrey(data) };
}

/** @param levels one byte a pixel. */
export function greyImage(width: number, height: number, levels: Uint8Array): RawImage {
  if (levels.length !== width * height) throw new RangeError(`${levels.length} bytes for ${width}x${height}`);
  const data = new Uint8Array(levels.length * 3);
  for (let from = 0, to = 0; from < levels.length; from++, to += 3) {
    const level = levels[from] ?? 0;
    data[to] = level;
    data[to + 1] = level;
    data[to + 2] = level;
  }
  return { kind: 'image', width, height, data, grey: true };
}

/** Pictures in colour show it within a few pixels, so this rarely reads far. */
function isGrey(data: Uint8Array): boolean {
  for (let at = 0; at < data.length; at += 3) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  }
  return true;
}

/** RGBA over white, as the contract of `RawImage` says. */
export function overWhite(rgba: Uint8Array, width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const alpha = rgba[from + 3] ?? 255;
    for (let channel = 0; channel < 3; channel++) {
      data[to + channel] = Math.round(((rgba[from + channel] ?? 0) * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return data;
}
