/**
 * Batch normalisation without a scale or without an offset. TensorFlow.js 4.22 computes it and then fails to keep the
 * one that is missing for the gradient; with ones and zeros in their places it computes the same and has a gradient.
 */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { Layer } from './build-layers.js';

/** @returns what was put into the layers, to be disposed with them. */
export function completeNormalisation(layers: readonly Layer[]): Tensor[] {
  const made: Tensor[] = [];
  for (const layer of layers) {
    if (layer.getClassName() !== 'BatchNormalization') continue;
    const channels = layer.weights[0]?.shape[0];
    if (typeof channels !== 'number') continue;
    for (const [name, value] of [
      ['gamma', 1],
      ['beta', 0],
    ] as const) {
      if (Reflect.get(layer, name) != null) continue;
      const constant = tf.keep(tf.fill([channels], value));
      made.push(constant);
      Reflect.set(layer, name, { read: () => constant });
    }
  }
  return made;
}
