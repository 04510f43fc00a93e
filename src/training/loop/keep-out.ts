/** Examples that are not learnt from: they say when to stop, or which learning rate is good. */
import { ZooError } from '../../core/errors.js';
import type { Dataset } from '../../data/dataset.js';
import { splitDataset } from '../../data/split-dataset.js';

/** Places in a data set. */
export interface KeptOut {
  readonly learn: readonly number[];
  readonly watch: readonly number[];
}

/**
 * @param share of the examples that is kept out, above 0 to below 1.
 * @param groups one an example: those with the same group are never in both parts.
 * @throws ZooError `USAGE` for another share; `DATA` where there are too few examples.
 */
export function keepOut(
  dataset: Dataset,
  share: number,
  seed: number,
  groups: readonly string[] | undefined,
): KeptOut {
  if (!(share > 0 && share < 1)) {
    throw new ZooError('USAGE', 'Not a share of the examples to keep out', {
      expected: 'above 0, to below 1',
      found: share,
    });
  }
  const places = new Map(dataset.examples.map((example, index) => [example, index]));
  const placesOf = (part: Dataset) => part.examples.flatMap((example) => places.get(example) ?? []);
  const { train, validation } = splitDataset(dataset, { validation: share, seed, digests: groups });
  return { learn: placesOf(train), watch: placesOf(validation) };
}
