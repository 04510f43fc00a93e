/** Networks put together of layers that are called by name, from pictures to probabilities. */

import type { Layer, LayersModel } from '../../formats/tfjs-layers/build-layers.js';
import type { SymbolicTensor } from '../../formats/tfjs-layers/cut-points.js';
import { tf } from '../../runtime/tensorflow.js';

/**
 * @param shape of the input, without the batch.
 * @param build calls the layers, in the order of the forward pass; at least one. @returns the output.
 */
export function layered(
  name: string,
  shape: readonly number[],
  build: (input: SymbolicTensor) => SymbolicTensor,
): LayersModel {
  let model: LayersModel | undefined;
  // The tidy frees what variables were filled from; variables stay.
  tf.tidy(() => {
    const inputs = tf.input({ name: 'input', shape: [...shape] });
    model = tf.model({ name, inputs, outputs: build(inputs) });
  });
  if (model === undefined) throw new RangeError('no model was made');
  return model;
}

/** What a layer gives for the outputs of others. @throws RangeError for a layer that gives several tensors. */
export function applied(layer: Layer, ...inputs: readonly SymbolicTensor[]): SymbolicTensor {
  const output = layer.apply(inputs.length === 1 ? inputs.slice(0, 1) : [...inputs]);
  if (output instanceof tf.SymbolicTensor) return output;
  throw new RangeError(`${layer.name} gives several tensors`);
}

/** One layer on another. */
export function chain(input: SymbolicTensor, ...layers: readonly Layer[]): SymbolicTensor {
  return layers.reduce((output, layer) => applied(layer, output), input);
}
