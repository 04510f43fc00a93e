/** One layer on another, from pictures to the last one. */

import type { Layer, LayersModel } from '../../formats/tfjs-layers/build-layers.js';
import type { SymbolicTensor } from '../../formats/tfjs-layers/cut-points.js';
import { tf } from '../../runtime/tensorflow.js';

/**
 * @param shape of the input, without the batch.
 * @param layers made when they are asked for, in the order of the forward pass; at least one.
 */
export function sequence(
  name: string,
  shape: readonly number[],
  layers: () => readonly Layer[],
): LayersModel {
  let model: LayersModel | undefined;
  // The tidy frees what variables were filled from; variables stay.
  tf.tidy(() => {
    const input = tf.input({ name: 'input', shape: [...shape] });
    const outputs = layers().reduce((output, layer) => applied(layer, output), input);
    model = tf.model({ name, inputs: input, outputs });
  });
  if (model === undefined) throw new RangeError('no model was made');
  return model;
}

function applied(layer: Layer, input: SymbolicTensor): SymbolicTensor {
  const output = layer.apply(input);
  if (output instanceof tf.SymbolicTensor) return output;
  throw new RangeError(`${layer.name} gives several tensors`);
}
