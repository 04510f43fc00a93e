/** Some of the classes of a data set, as if there were no others. */
import { ZooError } from '../core/errors.js';
import type { Dataset } from './dataset.js';
import { fewOf } from './few-of.js';
import { sortLabels } from './labels.js';

/** So many labels are named where one is asked for that is not there. */
const NAMED = 20;

/**
 * Examples that have one of the labels; of an example with several, those among them. A class that was named and has no
 * example stays named.
 * @param labels compared letter by letter; at least one.
 * @throws ZooError `DATA` for a label that the data set does not have; `USAGE` for none.
 */
export function keepLabels(dataset: Dataset, labels: readonly string[]): Dataset {
  const wanted = new Set(labels);
  if (wanted.size === 0) {
    throw new ZooError('USAGE', 'No labels to keep', { expected: 'at least one label', found: 'none' });
  }
  const { emptyClasses = [], ...rest } = dataset;
  const known = sortLabels([...dataset.labels, ...emptyClasses]);
  const unknown = [...wanted].filter((label) => !known.includes(label));
  if (unknown.length > 0) {
    throw new ZooError('DATA', `${dataset.origin} has no class ${unknown.join(', ')}`, {
      expected: fewOf(known, NAMED) || 'data with labels',
      found: unknown.join(', '),
      hint: 'Labels are compared letter by letter.',
    });
  }
  const kept = (of: readonly string[]) => of.filter((label) => wanted.has(label));
  const empty = kept(emptyClasses);
  return {
    ...rest,
    labels: kept(dataset.labels),
    examples: dataset.examples.flatMap((example) => {
      const own = kept(example.labels);
      if (own.length === 0) return [];
      return [own.length === example.labels.length ? example : { ...example, labels: own }];
    }),
    ...(empty.length === 0 ? {} : { emptyClasses: empty }),
  };
}
