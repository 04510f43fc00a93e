/** Data sets of the catalogue, read as their cards describe them. */
import { ZooError } from '../../core/errors.js';
import type { Card } from '../../registry/card.js';
import { cardId } from '../../registry/card-names.js';
import type { Dataset, Example } from '../dataset.js';
import { makeDataset } from '../make-dataset.js';
import { openDataset } from '../open-dataset.js';
import { cardFileExamples, instrumentNote, photo, spokenDigit } from './card-files.js';
import { readIdxPart } from './idx.js';
import { readDigitFiles } from './pixel-json.js';
import { readPixelTable } from './pixel-table.js';

type Reader = (folder: string, card: Card) => Promise<Example[]>;

const instrument: Reader = async (folder, card) => cardFileExamples(folder, card, instrumentNote);

/** By the name of the card; later versions of a set keep its form, or get another name. */
const READERS = new Map<string, Reader>([
  ['digits', (folder) => readPixelTable(folder, 'digits.csv.gz', 8, 16)],
  ['mnist-5k', (folder) => readPixelTable(folder, 'mnist_5k.csv.gz', 28, 255)],
  ['mnist-10k', readDigitFiles],
  [
    'mnist',
    async (folder) => [
      ...(await readIdxPart(folder, 'train', 'train')),
      ...(await readIdxPart(folder, 't10k', 'test')),
    ],
  ],
  ['photos', async (folder, card) => cardFileExamples(folder, card, photo)],
  ['fsdd', async (folder, card) => cardFileExamples(folder, card, spokenDigit)],
  ['instrument-cello', instrument],
  ['instrument-flute', instrument],
  ['instrument-trumpet', instrument],
  ['instrument-xylophone', instrument],
]);

/**
 * Pictures of one file are grey, 0 … 255 (digits have 0 … 16 in theirs); recordings and photographs are decoded when
 * they are asked for. A set that is not known by name is opened as any folder of data.
 * @param folder the materialised files of the card.
 * @throws ZooError `USAGE` when the card is no data set; `INTEGRITY` when a file is not what its card says; as
 *   `openDataset` for sets that aren't known by name.
 */
export async function openDatasetCard(
  folder: string,
  card: Card,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Dataset> {
  if (card.kind !== 'dataset') {
    throw new ZooError('USAGE', `${cardId(card)} is a model, not a data set`, {
      hint: 'References of data sets look like dataset/digits.',
    });
  }
  options.signal?.throwIfAborted();
  if (card.modality === 'text') {
    const { isTextDatasetCard, openTextDatasetCard } = await import('../text/open-text-dataset-card.js');
    if (isTextDatasetCard(card)) return openTextDatasetCard(folder, card, options.signal);
  }
  const origin = `dataset/${cardId(card)}`;
  const reader = READERS.get(card.name);
  if (reader === undefined) {
    return { ...(await openDataset(folder, { modality: card.modality, ...options })), origin };
  }
  return makeDataset({ modality: card.modality, origin, examples: await reader(folder, card) });
}
