/** Which parameters of a network a run trains. */
import { ZooError } from '../../core/errors.js';
import type { Network } from '../../formats/network.js';
import { unknownCut } from '../../formats/unknown-name.js';

/**
 * @param from `all`, or the layer from which on everything is trained.
 * @returns names, in the order of the layers.
 * @throws ZooError `NOT_FOUND` for a layer that the network does not have; `DATA` where nothing is left to train, and for
 * a network that can't be differentiated because it has to wait for values.
 */
export function trainableParameters(network: Network, from: string): string[] {
  if (!network.synchronous) {
    throw new ZooError('DATA', 'Only the head of this network can be trained', {
      expected: 'a network whose operations all have gradients',
      found: 'operations that wait for values (control flow, strings)',
      hint: 'Leave --train out: the new output layer is trained on its features.',
    });
  }
  const { layers, parameters } = network;
  const first = from === 'all' ? 0 : layers.findIndex(({ name }) => name === from);
  if (first < 0)
    throw unknownCut(
      from,
      layers.map(({ name }) => name),
    );
  const names = layers.slice(first).flatMap((layer) => layer.parameters);
  const trainable = [...new Set(names)].filter((name) => parameters.get(name)?.trainable === true);
  if (trainable.length > 0) return trainable;
  throw new ZooError('DATA', `There is nothing to train from ${from} on`, {
    expected: 'a layer with weights at or behind it',
    found: `${layers.length - first} layers without any`,
  });
}
