/** What the card of an export says of its input: the base's rule, at the size that was chosen. */
import type { CardInput } from '../registry/card-input.js';
import { tf } from '../runtime/tensorflow.js';
import type { Exportable } from './exportable.js';

type ImageInput = Extract<CardInput, { modality: 'image' }>;
type Sides = [height: number, width: number];

/** Pictures are channels-last, as every network is held here. */
export function exportedInput(input: CardInput, { example }: Pick<Exportable, 'example'>): CardInput {
  if (input.modality !== 'image' || !(example.inputs instanceof tf.Tensor)) return input;
  const [, height = 1, width = 1, channels = 3] = example.inputs.shape;
  return { ...scaled(input, [height, width]), shape: [null, height, width, channels], layout: 'NHWC' };
}

/** Resize and crop are scaled as `geometry` scales them for a size that is not the card's. */
function scaled(input: ImageInput, size: Sides): ImageInput {
  const { resize, crop, ...rule } = input;
  const natural = crop?.centre ?? size;
  const factor = Math.min(...size) / Math.min(...natural);
  const { shorterSide, to, ...how } = resize ?? {};
  const side = (value: number, axis: 0 | 1) => Math.max(1, Math.round((value * size[axis]) / natural[axis]));
  return {
    ...rule,
    ...(resize === undefined
      ? {}
      : {
          resize: {
            ...how,
            ...(shorterSide === undefined
              ? {}
              : { shorterSide: Math.max(1, Math.round(shorterSide * factor)) }),
            ...(to === undefined ? {} : { to: crop === undefined ? size : [side(to[0], 0), side(to[1], 1)] }),
          },
        }),
    ...(crop === undefined ? {} : { crop: { centre: size } }),
  };
}
