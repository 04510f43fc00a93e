/** Putting data sets together. */
import type { Modality } from '../registry/card-names.js';
import type { Dataset, Example } from './dataset.js';
import { labelsOf } from './labels.js';

export interface DatasetParts {
  readonly modality: Modality;
  readonly origin: string;
  readonly examples: readonly Example[];
  readonly notes?: readonly string[] | undefined;
  readonly emptyClasses?: readonly string[] | undefined;
  readonly tolerate?: number | undefined;
}

/** Its labels are those that occur. */
export function makeDataset(parts: DatasetParts): Dataset {
  const { modality, origin, examples, notes = [], emptyClasses = [], tolerate } = parts;
  return {
    modality,
    origin,
    examples,
    notes,
    labels: labelsOf(examples),
    ...(emptyClasses.length > 0 ? { emptyClasses } : {}),
    ...(tolerate === undefined ? {} : { tolerate }),
  };
}

/** Some of a data set's examples. All its labels stay, so that a class keeps its number where a part lacks it. */
export function subset(dataset: Dataset, examples: readonly Example[]): Dataset {
  return { ...dataset, examples, notes: [] };
}

/** The same examples with other labels, such as the instrument in place of the pitch. */
export function relabel(dataset: Dataset, labels: (example: Example) => readonly string[]): Dataset {
  const examples = dataset.examples.map((example) => ({ ...example, labels: labels(example) }));
  return { ...dataset, examples, labels: labelsOf(examples) };
}

/**
 * Several data sets of one modality as one. Names get the key in front: `cello/C4.wav`.
 * @param sets by a short name each; at least one.
 */
export function joinDatasets(sets: Readonly<Record<string, Dataset>>): Dataset {
  const entries = Object.entries(sets);
  const modality = entries[0]?.[1].modality;
  if (modality === undefined) throw new RangeError('no data sets to join');
  if (entries.some(([, set]) => set.modality !== modality))
    throw new RangeError('the data sets are of several modalities');
  return makeDataset({
    modality,
    origin: entries.map(([, set]) => set.origin).join(' + '),
    examples: entries.flatMap(([key, set]) =>
      set.examples.map((example) => ({ ...example, name: `${key}/${example.name}` })),
    ),
    notes: entries.flatMap(([, set]) => set.notes),
    tolerate: Math.min(...entries.map(([, set]) => set.tolerate ?? 0)),
  });
}

/** The two parts that a data set is published in; undefined where it isn't. */
export function publishedParts(dataset: Dataset): { train: Dataset; test: Dataset } | undefined {
  const part = (name: 'train' | 'test') => dataset.examples.filter((example) => example.part === name);
  const [train, test] = [part('train'), part('test')];
  if (train.length === 0 || test.length === 0) return undefined;
  return { train: subset(dataset, train), test: subset(dataset, test) };
}
