/** Does this data fit this network? Asked before any work, answered in words. */
import { ZooError } from '../core/errors.js';
import type { Dataset, Example } from '../data/dataset.js';
import type { Card } from '../registry/card.js';
import { otherModality } from './prepare/modality.js';
import type { Prepared, Preparer } from './prepare/preparer.js';

export interface CheckFitOptions {
  /** Fewest examples that make sense for what is planned; default 1. */
  readonly fewest?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Examples that are looked at: enough to see what a folder holds, few enough not to be waited for. */
const LOOKED_AT = 8;
/**
 * Texts of which more than this share of the tokens is unknown are in another language or alphabet: a word that a
 * SentencePiece vocabulary does not know is one known token, the space, and one unknown.
 */
const UNKNOWN = 1 / 3;

/**
 * Checks what the data set is and a few of its examples.
 * @returns what was converted of those, in words; each kind once. The preparer has forgotten it then.
 * @throws ZooError `DATA`: another modality, no examples or too few, pictures, recordings or texts that can't be
 * converted to what the network takes.
 */
export async function checkFit(
  { card, preparer }: { readonly card: Card; readonly preparer: Preparer },
  dataset: Dataset,
  options: CheckFitOptions = {},
): Promise<readonly string[]> {
  const { fewest = 1, signal } = options;
  checkModality(card, dataset, preparer.takes);
  checkCount(dataset, fewest);
  const looked: Prepared[] = [];
  preparer.forgetNotes();
  let failure: unknown;
  for (const example of spread(dataset.examples, LOOKED_AT)) {
    signal?.throwIfAborted();
    try {
      looked.push(await preparer.prepare(await example.load(signal)));
    } catch (error) {
      // One bad file is no reason to give up: whoever goes through all of them counts those.
      if (!(error instanceof ZooError) || error.code !== 'DATA') throw error;
      failure ??= error;
    }
  }
  if (looked.length === 0 && failure !== undefined) throw failure;
  checkVocabulary(card, looked);
  const { notes } = preparer;
  preparer.forgetNotes();
  return notes;
}

/** @throws ZooError `DATA` for data of another modality than the network's. Looks at no example. */
export function checkModality(
  card: Pick<Card, 'input' | 'modality'>,
  dataset: Pick<Dataset, 'modality'>,
  takes: string = card.modality,
): void {
  const modality = card.input?.modality ?? card.modality;
  if (modality !== dataset.modality) throw otherModality(takes, modality, dataset.modality);
}

function checkCount({ examples, origin }: Dataset, fewest: number): void {
  if (examples.length === 0) {
    throw new ZooError('DATA', `There are no examples in ${origin}`, {
      expected: 'a folder for each class with files in it, or a table',
      found: 0,
    });
  }
  if (examples.length >= fewest) return;
  throw new ZooError('DATA', `There are too few examples in ${origin}`, {
    expected: `at least ${fewest}`,
    found: examples.length,
  });
}

function checkVocabulary({ name, input }: Card, looked: readonly Prepared[]): void {
  const shares = looked.flatMap(({ unknown }) => (unknown === undefined ? [] : [unknown]));
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  if (mean <= UNKNOWN) return;
  const size = input?.modality === 'text' ? input.tokenizer?.vocabulary : undefined;
  throw new ZooError('DATA', `The vocabulary of ${name} does not know these texts`, {
    expected: size === undefined ? 'words of its vocabulary' : `words of its vocabulary of ${size} pieces`,
    found: `${Math.round(100 * mean)} % unknown`,
    hint: 'Take a network that was trained on this language: zoo search --modality text.',
  });
}

/** Evenly over the whole: data sets are often sorted by class. */
function spread(examples: readonly Example[], count: number): Example[] {
  if (examples.length <= count) return [...examples];
  return Array.from({ length: count }, (_, index) => {
    const at = Math.round((index * (examples.length - 1)) / (count - 1));
    return examples[at];
  }).filter((example) => example !== undefined);
}
