/** The text data sets of the catalogue, each in the layout that its authors gave it. */
import { ZooError } from '../../core/errors.js';
import type { Card } from '../../registry/card.js';
import type { Dataset, Example } from '../dataset.js';
import { makeDataset } from '../make-dataset.js';
import { readBanking77 } from './banking77.js';
import { readChatterbot } from './chatterbot.js';
import { readSentencePolarity } from './sentence-polarity.js';

type Reader = (folder: string, card: Card, signal: AbortSignal | undefined) => Promise<Example[]>;

interface ReadySet {
  readonly read: Reader;
  /** What is worth saying once. */
  readonly note?: string;
}

const READY: Readonly<Record<string, ReadySet>> = {
  banking77: { read: (folder, _, signal) => readBanking77(folder, signal) },
  'chatterbot-english': {
    read: readChatterbot,
    note: 'The line that opens a conversation is taken, each once a topic; answers are left out.',
  },
  'sentence-polarity': { read: readSentencePolarity },
};

/** True for cards that `openTextDatasetCard` opens. */
export function isTextDatasetCard({ name, modality, kind }: Card): boolean {
  return kind === 'dataset' && modality === 'text' && Object.hasOwn(READY, name);
}

/**
 * @param folder where the files of `card` lie.
 * @throws ZooError `DATA` for a data set whose layout is not known here; `INTEGRITY` or `DATA` for files that are not
 * in the layout; the signal's reason.
 */
export async function openTextDatasetCard(
  folder: string,
  card: Card,
  signal?: AbortSignal,
): Promise<Dataset> {
  const ready = isTextDatasetCard(card) ? READY[card.name] : undefined;
  if (ready === undefined) {
    throw new ZooError('DATA', `The layout of the data set ${card.name} is not known`, {
      expected: Object.keys(READY).join(', '),
      hint: 'Open its folder or its table by path instead.',
    });
  }
  return makeDataset({
    modality: 'text',
    origin: `${card.kind}/${card.name}@${card.version}`,
    examples: await ready.read(folder, card, signal),
    notes: ready.note === undefined ? [] : [ready.note],
  });
}
