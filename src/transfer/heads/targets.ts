/** From labels as people write them to the numbers that a head learns. */
import { ZooError } from '../../core/errors.js';
import { fewOf } from '../../data/few-of.js';
import type { Head } from './head.js';

/** What is known about examples, in their order; a feature table is one. */
export interface Truth {
  readonly names: readonly string[];
  /** One for classification, any number for multi-label. */
  readonly labels: readonly (readonly string[])[];
  /** For regression. */
  readonly targets: readonly (number | undefined)[];
}

/**
 * @returns [examples, outputs]: 1 for labels that apply and 0 for others, or the values of a regression.
 * @throws ZooError `DATA` naming the first example that has no label, several, one that the head doesn't know, or no
 *   finite value.
 */
export function encodeTargets(head: Head, truth: Truth): Float64Array {
  const { outputs } = head;
  const encoded = new Float64Array(truth.names.length * outputs);
  const places = new Map(head.labels.map((label, index) => [label, index] as const));
  truth.names.forEach((name, example) => {
    if (head.task === 'regression') {
      encoded[example] = checkValue(name, truth.targets[example]);
      return;
    }
    const labels = truth.labels[example] ?? [];
    if (head.task === 'classification') checkOne(name, labels);
    for (const label of labels) {
      const place = places.get(label);
      if (place === undefined) throw unknownLabel(name, label, head);
      encoded[example * outputs + place] = 1;
    }
  });
  return encoded;
}

/** Index of the class of each example. @param targets as `encodeTargets` gives them for classification. */
export function classesOf(targets: Float64Array, outputs: number): Int32Array {
  return Int32Array.from({ length: targets.length / outputs }, (_, example) =>
    targets.subarray(example * outputs, (example + 1) * outputs).indexOf(1),
  );
}

function checkValue(name: string, value: number | undefined): number {
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new ZooError('DATA', `${name} has no value to learn`, {
    expected: 'a number for each example',
    found: value === undefined ? 'none' : String(value),
    hint: 'A table gives it in a column of numbers.',
  });
}

function checkOne(name: string, labels: readonly string[]): void {
  if (labels.length === 1) return;
  throw new ZooError('DATA', `${name} does not have exactly one label`, {
    expected: 'one label an example',
    found: labels.length === 0 ? 'none' : labels.slice(0, 5).join(', '),
    hint:
      labels.length === 0
        ? 'Give it a label, or leave it out.'
        : 'Where several labels may apply at once, use a multi-label head.',
  });
}

function unknownLabel(name: string, label: string, head: Head): ZooError {
  return new ZooError('DATA', `${name} has a label that the head does not know`, {
    expected: fewOf(head.labels, 10),
    found: label,
    hint: 'Labels are compared letter by letter.',
  });
}
