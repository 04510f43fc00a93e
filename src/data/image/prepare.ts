/** Pictures as a network wants them, by the rule of its card: size, colours, range, mean and deviation. */
import { ZooError } from '../../core/errors.js';
import type { RawImage } from '../dataset.js';
import { geometry, type ImageInput, outputSize } from './geometry.js';
import { type Pixels, resampleAntialiased, resamplePlain, type Size, type Window } from './resample.js';

/**
 * One picture as the network takes it: height * width * channels, rows from the top, channels together in the
 * network's order (RGB, BGR or one grey), whatever the layout of its tensor is.
 *
 * Antialiased bilinear and bicubic (the default for a card without a method) give Pillow's bytes exactly; the others
 * follow `tf.image.resize` without antialias and keep fractions of levels.
 * @param size the card's by default.
 * @throws ZooError `USAGE` for a bad size; `DATA` for an input that has neither one channel nor three.
 */
export function prepareImage(image: RawImage, input: ImageInput, size?: Size): Float32Array {
  const out = outputSize(input, size);
  const pixels = resizeImage(image, input, out);
  return toLevels(pixels, input);
}

/** The part up to the size: pixels of 0 … 255, RGB or one channel for a network that sees grey. */
export function resizeImage(
  image: RawImage,
  input: ImageInput,
  size: Size,
): Pixels<Uint8Array | Float32Array> {
  const { resized, window } = geometry(image, input, size);
  const inside = insideOf(window, resized);
  if (inside === undefined) return blank(size, channelsOf(image, input));
  const source = sourcePixels(image, input);
  const { method = 'bilinear', antialias = true } = input.resize ?? {};
  const pixels =
    antialias && (method === 'bilinear' || method === 'bicubic')
      ? resampleAntialiased(source, resized, inside, method)
      : resamplePlain(source, resized, inside, method);
  return paste(pixels, window, inside);
}

function insideOf(window: Window, { width, height }: Size): Window | undefined {
  const left = Math.max(window.left, 0);
  const top = Math.max(window.top, 0);
  const right = Math.min(window.left + window.width, width);
  const bottom = Math.min(window.top + window.height, height);
  return right > left && bottom > top ? { left, top, width: right - left, height: bottom - top } : undefined;
}

function channelsOf(image: RawImage, input: ImageInput): 1 | 3 {
  return image.grey || input.colourOrder === 'grey' ? 1 : 3;
}

/** Grey pictures are resized once, not three times over. */
function sourcePixels(image: RawImage, input: ImageInput): Pixels {
  const { width, height, data } = image;
  if (channelsOf(image, input) === 3) return { width, height, channels: 3, data };
  const levels = new Uint8Array(width * height);
  for (let to = 0, from = 0; to < levels.length; to++, from += 3) {
    // ITU-R 601-2 luma in Pillow's fixed point; a grey pixel keeps its level.
    levels[to] =
      ((data[from] ?? 0) * 19595 + (data[from + 1] ?? 0) * 38470 + (data[from + 2] ?? 0) * 7471 + 0x8000) >>
      16;
  }
  return { width, height, channels: 1, data: levels };
}

function blank({ width, height }: Size, channels: number): Pixels {
  return { width, height, channels, data: new Uint8Array(width * height * channels) };
}

/** Where the window reaches beyond the picture, black. */
function paste(
  pixels: Pixels<Uint8Array | Float32Array>,
  window: Window,
  inside: Window,
): Pixels<Uint8Array | Float32Array> {
  if (inside.width === window.width && inside.height === window.height) return pixels;
  const { channels } = pixels;
  const canvas = new Float32Array(window.width * window.height * channels);
  for (let row = 0; row < inside.height; row++) {
    const from = row * inside.width * channels;
    const to = ((inside.top - window.top + row) * window.width + inside.left - window.left) * channels;
    canvas.set(pixels.data.subarray(from, from + inside.width * channels), to);
  }
  return { width: window.width, height: window.height, channels, data: canvas };
}

/** Range, mean and deviation, channel by channel in the network's order, in float32 as the authors' programs have it. */
function toLevels(pixels: Pixels<Uint8Array | Float32Array>, input: ImageInput): Float32Array {
  const channels = input.colourOrder === 'grey' ? 1 : 3;
  for (const values of [input.mean, input.std]) {
    if (values !== undefined && values.length !== channels && values.length !== 1) {
      throw new ZooError('DATA', `The card gives ${values.length} numbers for ${channels} channels`, {
        hint: 'mean and std need one number a channel, or one for all.',
      });
    }
  }
  const { data } = pixels;
  const out = new Float32Array(pixels.width * pixels.height * channels);
  for (let channel = 0; channel < channels; channel++) {
    const source = pixels.channels === 1 ? 0 : input.colourOrder === 'BGR' ? 2 - channel : channel;
    const level = levelOf(input, channel);
    const table =
      data instanceof Uint8Array ? Float32Array.from({ length: 256 }, (_, byte) => level(byte)) : undefined;
    for (let to = channel, from = source; to < out.length; to += channels, from += pixels.channels) {
      const value = data[from] ?? 0;
      out[to] = table === undefined ? level(value) : (table[value] ?? 0);
    }
  }
  return out;
}

function levelOf(input: ImageInput, channel: number): (level: number) => number {
  const [low, high] = input.range;
  const mean = Math.fround(input.mean?.[channel] ?? input.mean?.[0] ?? 0);
  const std = Math.fround(input.std?.[channel] ?? input.std?.[0] ?? 1);
  const whole = low === 0 && high === 255;
  return (level) => {
    const ranged = whole ? level : Math.fround(low + ((high - low) * level) / 255);
    return Math.fround(Math.fround(ranged - mean) / std);
  };
}
