/** A network of PyTorch from the folder of a model: a state dict, and the architecture that its card names. */
import { join } from 'node:path';
import { ZooError } from '../core/errors.js';
import type { Network } from '../formats/network.js';
import { readStateDict } from '../formats/pytorch/read-state-dict.js';
import type { Card } from '../registry/card.js';
import { type BuildOptions, buildNetwork } from './build-network.js';

export interface OpenPytorchOptions extends BuildOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The caller disposes the network.
 * @param folder where the files of `card` lie.
 * @throws ZooError `DATA` unless the card has one file of weights and an architecture that is known here; else as
 * `readStateDict` and `buildNetwork`.
 */
export async function openPytorch(
  folder: string,
  card: Card,
  options: OpenPytorchOptions = {},
): Promise<Network> {
  const files = card.files.filter((file) => file.role === 'weights');
  const [only] = files;
  if (only === undefined || files.length > 1) {
    throw new ZooError('DATA', `The weights of ${card.name} must be one file`, {
      expected: 1,
      found: files.length,
    });
  }
  const weights = await readStateDict(join(folder, only.path), { signal: options.signal });
  return buildNetwork(card, weights, options);
}
