/** The labels that a head is made with. */
import { ZooError } from '../../core/errors.js';

/** More would make heads of gigabytes. */
const MOST_LABELS = 100_000;

/** @throws ZooError `DATA` for fewer than `least` labels, for too many, and for a label that is empty or comes twice. */
export function checkLabels(labels: readonly string[], least: number): readonly string[] {
  if (labels.length < least) {
    throw new ZooError('DATA', 'There are too few labels for a head', {
      expected: `at least ${least}`,
      found: labels.length === 0 ? 'none' : `only ${JSON.stringify(labels[0])}`,
      hint: 'A class can only be told from another: add examples of a second one, such as "other".',
    });
  }
  if (labels.length > MOST_LABELS) {
    throw new ZooError('DATA', 'There are too many labels for a head', {
      expected: `at most ${MOST_LABELS}`,
      found: labels.length,
    });
  }
  const seen = new Set<string>();
  for (const label of labels) {
    if (label === '') throw new ZooError('DATA', 'A label is empty', { expected: 'a name for each label' });
    if (seen.has(label)) throw new ZooError('DATA', `The label ${JSON.stringify(label)} comes twice`);
    seen.add(label);
  }
  return [...labels];
}
