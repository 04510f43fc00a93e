/** One example that a network takes, made up: to see what it does, not what it says. */
import type { Network } from '../../formats/network.js';
import { probeInputs } from '../../formats/tfjs-graph/node-shapes.js';
import type { Card } from '../../registry/card.js';
import type { NamedTensorMap } from '../../runtime/tensorflow.js';
import { baseShapes, randomInputs } from '../open-sizes.js';

/**
 * @returns tensors by input, which the caller disposes.
 * @throws ZooError `DATA` where neither the network nor its card says a size.
 */
export function exampleInputs({ inputs }: Network, card: Card): NamedTensorMap {
  const [probe] = probeInputs(inputs, card);
  if (probe !== undefined) return probe();
  const tensors = randomInputs(inputs, baseShapes(inputs, undefined));
  return Object.fromEntries(
    inputs.flatMap(({ name }, index) => {
      const tensor = tensors[index];
      return tensor === undefined ? [] : [[name, tensor] as const];
    }),
  );
}
