/** How the examples are spread over the classes. */
import { ZooError } from '../core/errors.js';
import type { Dataset } from './dataset.js';
import { fewOf } from './few-of.js';
import { sortLabels } from './labels.js';

export interface Balance {
  readonly examples: number;
  /** Every class in the order of the labels, also those without an example. */
  readonly classes: readonly { readonly label: string; readonly count: number }[];
  readonly unlabelled: number;
  readonly smallest: number;
  readonly largest: number;
  /** Some example has more than one label. */
  readonly multiLabel: boolean;
}

export function balanceOf(dataset: Dataset): Balance {
  const counts = new Map<string, number>();
  for (const label of sortLabels([...dataset.labels, ...(dataset.emptyClasses ?? [])])) counts.set(label, 0);
  for (const { labels } of dataset.examples)
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const values = Array.from(counts.values());
  return {
    examples: dataset.examples.length,
    classes: Array.from(counts, ([label, count]) => ({ label, count })),
    unlabelled: dataset.examples.filter(({ labels }) => labels.length === 0).length,
    smallest: values.length === 0 ? 0 : Math.min(...values),
    largest: Math.max(0, ...values),
    multiLabel: dataset.examples.some(({ labels }) => labels.length > 1),
  };
}

/** One class has so many times the examples of another that accuracy alone misleads. */
const UNEVEN = 3;
/** Under this many a class, a validation part says little. */
const FEW = 10;

/** What is worth knowing, as sentences: "10 classes with 174 to 183 examples each." first. */
export function describeBalance({ classes, smallest, largest, unlabelled, multiLabel }: Balance): string[] {
  const spread = smallest === largest ? `${largest}` : `${smallest} to ${largest}`;
  const sentences = [`${classes.length} classes with ${spread} examples each.`];
  const empty = classes.filter(({ count }) => count === 0).map(({ label }) => label);
  if (empty.length > 0) sentences.push(`Without any example: ${fewOf(empty)}.`);
  if (smallest > 0 && largest >= UNEVEN * smallest) {
    sentences.push(
      `The largest class has ${(largest / smallest).toFixed(1)} times the examples of the smallest.`,
    );
  }
  const few = classes.filter(({ count }) => count > 0 && count < FEW).map(({ label }) => label);
  if (few.length > 0) sentences.push(`Fewer than ${FEW} examples: ${fewOf(few)}.`);
  if (unlabelled > 0) sentences.push(`${unlabelled} examples have no label.`);
  if (multiLabel) sentences.push('Some examples have several labels.');
  return sentences;
}

/**
 * What a classifier needs before any work begins.
 * @throws ZooError `DATA` for no examples, examples without a label, a single class, and classes without an example.
 */
export function requireClasses(dataset: Dataset): void {
  const { examples, classes, unlabelled } = balanceOf(dataset);
  const fail = (message: string, found: string, hint: string): never => {
    throw new ZooError('DATA', message, { expected: 'two classes or more, each with examples', found, hint });
  };
  const { origin } = dataset;
  if (examples === 0) fail(`${origin} has no examples`, 'nothing', 'Check the path.');
  if (unlabelled === examples) {
    fail(
      `The examples of ${origin} have no labels`,
      `${examples} examples without a label`,
      'Put them into one subfolder a class, or name the column of the labels.',
    );
  }
  if (unlabelled > 0) {
    const names = dataset.examples.filter(({ labels }) => labels.length === 0).map(({ name }) => name);
    fail(`Some examples of ${origin} have no label`, fewOf(names), 'Label them or leave them out.');
  }
  const full = classes.filter(({ count }) => count > 0).map(({ label }) => label);
  const empty = classes.filter(({ count }) => count === 0).map(({ label }) => label);
  const without = empty.length > 0 ? `; without an example: ${fewOf(empty)}` : '';
  if (full.length < 2) {
    fail(
      `${origin} has a single class, so there is nothing to tell apart`,
      `${full[0]}${without}`,
      'Add examples of another class, if only of "other".',
    );
  }
  if (empty.length > 0) {
    fail(`Classes of ${origin} have no example`, fewOf(empty), 'Add examples, or remove the empty folders.');
  }
}
