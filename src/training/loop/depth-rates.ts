/** Learning rates that fall with depth: what early layers know, edges and curves, needs to change least. */
import { ZooError } from '../../core/errors.js';
import type { Network } from '../../formats/network.js';

/**
 * The first layer with trained parameters learns with `share` of the rate, the last with the whole, those between in a
 * geometric row (discriminative fine-tuning: Howard and Ruder 2018, arXiv 1801.06146).
 * @param share above 0, to 1. @returns factors by parameter; none for 1.
 * @throws ZooError `USAGE` for another share.
 */
export function depthRates(
  { layers }: Network,
  trainable: readonly string[],
  share: number,
): ReadonlyMap<string, number> {
  if (!(share > 0 && share <= 1)) {
    throw new ZooError('USAGE', 'Not a share of the learning rate', {
      expected: 'above 0, to 1',
      found: share,
    });
  }
  if (share === 1) return new Map();
  const trained = new Set(trainable);
  const groups = layers
    .map(({ parameters }) => parameters.filter((name) => trained.has(name)))
    .filter((names) => names.length > 0);
  const last = Math.max(1, groups.length - 1);
  const rates = new Map<string, number>();
  for (const [index, names] of groups.entries()) {
    // A parameter that two layers share learns as the first of them does.
    for (const name of names) if (!rates.has(name)) rates.set(name, share ** (1 - index / last));
  }
  return rates;
}
