/** Which parameters a run trains, and what it leaves of them. */
import type { Weight, Weights } from '../../formats/weight.js';
import { exampleInputs } from '../../graph/gradients/example-inputs.js';
import { parametersFrom } from '../../graph/gradients/parameters-from.js';
import { findTrainable } from '../../graph/gradients/trainability.js';
import { tf } from '../../runtime/tensorflow.js';
import type { Backbone } from '../../transfer/backbone.js';

/**
 * By trying: one example goes through the network under a gradient tape.
 * @param from `all`, or the name of a layer. @throws ZooError as `parametersFrom`.
 */
export async function whatTrains({ network, card }: Backbone, from: string) {
  const inputs = exampleInputs(network, card);
  try {
    const found = await findTrainable(network, inputs);
    const first = from === 'all' ? (found.from ?? network.layers[0]?.name ?? '') : from;
    return { trainable: parametersFrom(network, found, first), given: found.given };
  } finally {
    tf.dispose(inputs);
  }
}

/** Values of parameters as they are now. */
export async function changedWeights({ network }: Backbone, names: readonly string[]): Promise<Weights> {
  const weights = new Map<string, Weight>();
  for (const name of names) {
    const parameter = network.parameters.get(name);
    if (parameter === undefined) continue;
    weights.set(name, {
      shape: parameter.shape,
      dtype: 'float32',
      data: await parameter.value.data<'float32'>(),
    });
  }
  return weights;
}
