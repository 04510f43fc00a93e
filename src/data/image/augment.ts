/** Chance variations of pictures: what a class looks like does not depend on these. */
import { ZooError } from '../../core/errors.js';
import type { RawImage } from '../dataset.js';
import type { Random } from '../random.js';
import { cropImage } from './crop.js';
import { rawImage } from './raw-image.js';

export interface AugmentImageOptions {
  /**
   * A random part of the picture, by the rule of Inception's training as torchvision has it: this share of its area
   * (default from 0.6), with the ratio of its sides changed by at most this factor (default 4/3). False for none.
   */
  readonly crop?: { readonly area?: readonly [number, number]; readonly ratio?: number } | false | undefined;
  /** Mirrors half of the pictures left to right. Wrong for digits, letters and signs, so false by default. */
  readonly flip?: boolean | undefined;
  /** Turns by up to so many degrees to either side, 0 … 45. Default 0. */
  readonly rotation?: number | undefined;
  /** Largest relative change of brightness, contrast and saturation, 0 … 1. Default 0.2 each. False for none. */
  readonly colour?:
    | { readonly brightness?: number; readonly contrast?: number; readonly saturation?: number }
    | false
    | undefined;
}

/**
 * One variation. Crop, turn, mirror, colour, in this order; the same state of the generator gives the same picture, and
 * every call draws equally often from it whatever comes out.
 * @throws ZooError `USAGE` for amounts outside their ranges.
 */
export function augmentImage(image: RawImage, random: Random, options: AugmentImageOptions = {}): RawImage {
  const { rotation = 0, flip = false } = options;
  const crop =
    options.crop === false ? undefined : { area: [0.6, 1] as const, ratio: 4 / 3, ...options.crop };
  const colour =
    options.colour === false
      ? undefined
      : { brightness: 0.2, contrast: 0.2, saturation: 0.2, ...options.colour };
  checkAmounts(rotation, crop, colour);
  const draws = Array.from({ length: 9 }, () => random.uniform());
  const [
    area = 0,
    ratio = 0,
    left = 0,
    top = 0,
    turn = 0,
    mirror = 0,
    brightness = 0,
    contrast = 0,
    saturation = 0,
  ] = draws;
  let out = image;
  if (crop !== undefined) out = randomPart(out, crop.area, crop.ratio, [area, ratio, left, top]);
  if (rotation > 0) out = rotate(out, rotation * (2 * turn - 1));
  if (flip && mirror < 0.5) out = mirrored(out);
  if (colour === undefined) return out;
  return jitter(
    out,
    1 + colour.brightness * (2 * brightness - 1),
    1 + colour.contrast * (2 * contrast - 1),
    1 + colour.saturation * (2 * saturation - 1),
  );
}

function checkAmounts(
  rotation: number,
  crop: { readonly area: readonly [number, number]; readonly ratio: number } | undefined,
  colour: { readonly brightness: number; readonly contrast: number; readonly saturation: number } | undefined,
): void {
  const bad =
    !(rotation >= 0 && rotation <= 45) ||
    (crop !== undefined &&
      !(crop.area[0] > 0 && crop.area[0] <= crop.area[1] && crop.area[1] <= 1 && crop.ratio >= 1)) ||
    (colour !== undefined && !Object.values(colour).every((amount) => amount >= 0 && amount <= 1));
  if (!bad) return;
  throw new ZooError('USAGE', 'Not an amount of augmentation', {
    expected: 'rotation 0 … 45, area 0 … 1 with the smaller first, ratio from 1, colour changes 0 … 1',
    found: JSON.stringify({ rotation, crop, colour }),
  });
}

function randomPart(
  image: RawImage,
  [least, most]: readonly [number, number],
  factor: number,
  [area, ratio, left, top]: readonly [number, number, number, number],
): RawImage {
  const pixels = image.width * image.height * (least + (most - least) * area);
  // Even in the logarithm: twice as wide is as likely as half as wide.
  const sides = (image.width / image.height) * factor ** (2 * ratio - 1);
  const width = Math.min(image.width, Math.max(1, Math.round(Math.sqrt(pixels * sides))));
  const height = Math.min(image.height, Math.max(1, Math.round(Math.sqrt(pixels / sides))));
  return cropImage(image, {
    left: Math.floor(left * (image.width - width + 1)),
    top: Math.floor(top * (image.height - height + 1)),
    width,
    height,
  });
}

function mirrored(image: RawImage): RawImage {
  const { width, height, data } = image;
  const out = new Uint8Array(data.length);
  for (let row = 0, to = 0; row < height; row++) {
    for (let from = (row * width + width - 1) * 3; to < (row + 1) * width * 3; from -= 3, to += 3) {
      out[to] = data[from] ?? 0;
      out[to + 1] = data[from + 1] ?? 0;
      out[to + 2] = data[from + 2] ?? 0;
    }
  }
  return { ...image, data: out };
}

/**
 * About the centre, counter-clockwise, bilinear; the size stays. What comes in from outside repeats the edge, since
 * black corners would tell the network about the turn.
 */
export function rotate(image: RawImage, degrees: number): RawImage {
  const { width, height, data } = image;
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const middleX = (width - 1) / 2;
  const middleY = (height - 1) / 2;
  const out = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const fromX = clamp(middleX + cos * (x - middleX) - sin * (y - middleY), width - 1);
      const fromY = clamp(middleY + sin * (x - middleX) + cos * (y - middleY), height - 1);
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const across = fromX - left;
      const down = fromY - top;
      const at = (top * width + left) * 3;
      const right = left + 1 < width ? 3 : 0;
      const below = top + 1 < height ? width * 3 : 0;
      for (let channel = 0; channel < 3; channel++) {
        const upper = mix(data[at + channel] ?? 0, data[at + right + channel] ?? 0, across);
        const lower = mix(data[at + below + channel] ?? 0, data[at + below + right + channel] ?? 0, across);
        out[to + channel] = Math.round(mix(upper, lower, down));
      }
    }
  }
  return { ...image, data: out };
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

/** Brightness scales levels, contrast the distance from the mean grey, saturation the distance from the own grey. */
function jitter(image: RawImage, brightness: number, contrast: number, saturation: number): RawImage {
  const { data } = image;
  let sum = 0;
  for (let at = 0; at < data.length; at += 3) sum += greyOf(data, at);
  const mean = clamp((sum / (data.length / 3)) * brightness, 255);
  const out = new Uint8ClampedArray(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const grey = mean + (greyOf(data, at) * brightness - mean) * contrast;
    for (let channel = 0; channel < 3; channel++) {
      const level = mean + ((data[at + channel] ?? 0) * brightness - mean) * contrast;
      out[at + channel] = grey + (level - grey) * saturation;
    }
  }
  return rawImage(image.width, image.height, new Uint8Array(out.buffer));
}

function greyOf(data: Uint8Array, at: number): number {
  return 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
}
