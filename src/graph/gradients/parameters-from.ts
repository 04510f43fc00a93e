/** Unfreezing from a layer on: the parameters that train then, or why they can't. */
import { ZooError } from '../../core/errors.js';
import type { Network } from '../../formats/network.js';
import { unknownCut } from '../../formats/unknown-name.js';
import type { Trainability } from './trainability.js';

/**
 * @param found what `findTrainable` said of the network.
 * @param layer name of the first layer that trains, its own parameters included.
 * @returns names of parameters, in the network's order.
 * @throws ZooError `NOT_FOUND` for an unknown layer with the nearest names; `DATA` where an operation without a
 * gradient stands behind a parameter from there on, naming both, or where nothing is left to train.
 */
export function parametersFrom(network: Network, found: Trainability, layer: string): string[] {
  const names = network.layers.map(({ name }) => name);
  const start = names.indexOf(layer);
  if (start < 0) throw unknownCut(layer, names);
  const before = new Set(network.layers.slice(0, start).flatMap(({ parameters }) => parameters));
  for (const { operation, layer: place, parameters } of found.obstacles) {
    const blocked = parameters.find((name) => !before.has(name));
    if (blocked === undefined) continue;
    throw new ZooError('DATA', `The network can't be trained from ${layer} on`, {
      expected: 'operations that have gradients between the parameters and the outputs',
      found: `${operation} in ${place}, behind ${blocked}`,
      ...hintOf(found),
    });
  }
  const chosen = found.parameters.filter((name) => !before.has(name));
  if (chosen.length > 0) return chosen;
  throw new ZooError('DATA', `No parameters train from ${layer} on`, hintOf(found));
}

function hintOf({ from }: Trainability): { readonly hint?: string } {
  return from === undefined ? {} : { hint: `It trains from ${from} on.` };
}
