/** To which size a picture is resized for a network, and which part of it is taken. */
import { ZooError } from '../../core/errors.js';
import type { CardInput } from '../../registry/card-input.js';
import type { Size, Window } from './resample.js';

export type ImageInput = Extract<CardInput, { modality: 'image' }>;

export interface Geometry {
  readonly resized: Size;
  /** May reach beyond the resized picture: black there. */
  readonly window: Window;
}

/**
 * Height and width that the network takes, by its card.
 * @returns undefined where the card leaves them open and has no rule.
 */
export function cardSize(input: ImageInput): Size | undefined {
  const [, first, second, third] = input.shape;
  const [shapeHeight, shapeWidth] = input.layout === 'NCHW' ? [second, third] : [first, second];
  const [height, width] = input.crop?.centre ?? input.resize?.to ?? [shapeHeight, shapeWidth];
  return typeof height === 'number' && typeof width === 'number' ? { height, width } : undefined;
}

/** @throws ZooError `USAGE` for sizes that no picture has, or where neither caller nor card names one. */
export function outputSize(input: ImageInput, size: Size | undefined): Size {
  const chosen = size ?? cardSize(input);
  if (chosen === undefined) {
    throw new ZooError('USAGE', 'This network takes pictures of any size, so a size must be chosen', {
      hint: 'Give height and width.',
    });
  }
  if ([chosen.height, chosen.width].every((side) => Number.isInteger(side) && side >= 1 && side <= 16384))
    return chosen;
  throw new ZooError('USAGE', 'Not a size of pictures', {
    expected: 'height and width from 1 to 16384 pixels',
    found: `${chosen.height} x ${chosen.width}`,
  });
}

/**
 * By the card: resized so that the shorter side has a length and the longer one in proportion (rounded down), or
 * squeezed `to` a size; then cut from the centre. For a size that differs from the card's, both are scaled alike. A card
 * with a crop and no resize rule is only cropped; one with neither is squeezed to the size.
 */
export function geometry(image: Size, input: ImageInput, size: Size): Geometry {
  const resized = resizedSize(image, input, size);
  return { resized, window: centreWindow(resized, size) };
}

/** The middle of a picture; a half pixel goes to the even neighbour, as in torchvision. */
export function centreWindow(image: Size, size: Size): Window {
  return {
    top: roundHalfToEven((image.height - size.height) / 2),
    left: roundHalfToEven((image.width - size.width) / 2),
    width: size.width,
    height: size.height,
  };
}

function resizedSize(image: Size, { resize, crop }: ImageInput, size: Size): Size {
  const [naturalHeight, naturalWidth] = crop?.centre ?? [size.height, size.width];
  if (resize?.shorterSide !== undefined) {
    const scale = Math.min(size.height, size.width) / Math.min(naturalHeight, naturalWidth);
    const shorter = Math.max(1, Math.round(resize.shorterSide * scale));
    return image.width <= image.height
      ? { width: shorter, height: Math.max(1, Math.floor((shorter * image.height) / image.width)) }
      : { width: Math.max(1, Math.floor((shorter * image.width) / image.height)), height: shorter };
  }
  if (crop === undefined) return size;
  if (resize?.to === undefined) return { width: image.width, height: image.height };
  return {
    height: Math.max(1, Math.round((resize.to[0] * size.height) / naturalHeight)),
    width: Math.max(1, Math.round((resize.to[1] * size.width) / naturalWidth)),
  };
}

function roundHalfToEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}
