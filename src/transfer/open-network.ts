/** From an installed model's folder to a network, whatever its format. */
import { ZooError } from '../core/errors.js';
import type { Network } from '../formats/network.js';
import type { Card } from '../registry/card.js';

type Format = Card['format']['name'];
type Opener = (folder: string, card: Card, options: OpenNetworkOptions) => Promise<Network>;

export interface OpenNetworkOptions {
  /** Height and width of pictures, for architectures that take other sizes than the one they were trained on. */
  readonly imageSize?: readonly [height: number, width: number] | undefined;
}

/** A format's reader is loaded when a network of that format is opened. */
const OPENERS: Partial<Record<Format, Opener>> = {
  'tfjs-layers': async (folder, card) =>
    (await import('../formats/tfjs-layers/open-tfjs-layers.js')).openTfjsLayers(folder, card),
  'tfjs-graph': async (folder, card) =>
    (await import('../formats/tfjs-graph/open-tfjs-graph.js')).openTfjsGraph(folder, card),
  pytorch: async (folder, card, { imageSize }) =>
    (await import('../architectures/open-pytorch.js')).openPytorch(
      folder,
      card,
      imageSize === undefined ? {} : { imageSize },
    ),
  safetensors: async (folder, card) => (await import('../architectures/open-bert.js')).openBert(folder, card),
};

/** True for formats that `openNetwork` opens. */
export function canOpen(format: Format): boolean {
  return OPENERS[format] !== undefined;
}

/**
 * Loads the weights and builds the network; the caller disposes it.
 * @param folder of the installed model.
 * @throws ZooError `DATA` for a data set, or a format that can't be opened; `INTEGRITY` for malformed files;
 * `NO_RUNTIME` without native TensorFlow.
 */
export async function openNetwork(
  folder: string,
  card: Card,
  options: OpenNetworkOptions = {},
): Promise<Network> {
  if (card.kind === 'dataset') {
    throw new ZooError('DATA', `${card.name} is a data set, not a network`, {
      hint: 'zoo search --kind model lists networks.',
    });
  }
  const open = OPENERS[card.format.name];
  if (open !== undefined) return open(folder, card, options);
  const others = await openableOfTask(card);
  throw new ZooError('DATA', `${card.name} is in the format ${card.format.name}, which can't be opened yet`, {
    expected: Object.keys(OPENERS).join(', '),
    found: card.format.name,
    hint:
      others.length === 0
        ? `No other network for ${card.task} can be opened; zoo search finds others.`
        : `For the same task there ${others.length === 1 ? 'is' : 'are'} ${others.join(', ')}.`,
  });
}

/** Most networks that are named. */
const SUGGESTIONS = 3;

/** Networks of the same task that can be opened; none where the index can't be read: the first error counts. */
async function openableOfTask(card: Card): Promise<string[]> {
  const [{ openIndex }, { indexLocation }] = await Promise.all([
    import('../registry/index-open.js'),
    import('../zoo/index-location.js'),
  ]);
  try {
    const index = openIndex(indexLocation(process.env));
    try {
      return index
        .search('', { kind: 'model', modality: card.modality, task: card.task })
        .filter((hit) => canOpen(hit.card.format.name))
        .map((hit) => hit.name)
        .slice(0, SUGGESTIONS);
    } finally {
      index.close();
    }
  } catch (error) {
    if (error instanceof ZooError) return [];
    throw error;
  }
}
