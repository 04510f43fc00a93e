/** The preparer that a network's card asks for. */
import { ZooError } from '../../core/errors.js';
import type { Network, TensorSpec } from '../../formats/network.js';
import type { Card } from '../../registry/card.js';
import type { ImageOptions } from './prepare-images.js';
import type { AudioOptions } from './prepare-recordings.js';
import type { TextOptions } from './prepare-texts.js';
import type { Preparer } from './preparer.js';

/** What a caller may choose where the network leaves it open; each concerns one modality. */
export type PrepareOptions = ImageOptions & AudioOptions & TextOptions;

/** The size of pictures that was chosen, as networks are opened with it. */
export function imageSize({ size }: PrepareOptions = {}): readonly [number, number] | undefined {
  return size === undefined ? undefined : [size.height, size.width];
}

/**
 * @param folder where the files of `card` lie: a tokenizer may be among them.
 * @throws ZooError `DATA` when card and network contradict each other, or for options that the network can't take.
 */
export async function makePreparer(
  folder: string,
  card: Card,
  network: Network,
  options: PrepareOptions = {},
): Promise<Preparer> {
  const { input } = card;
  if (input === undefined) {
    throw new ZooError('DATA', `The card of ${card.name} does not say what it takes in`, {
      hint: 'Its "input" has to say how pictures, recordings or texts are prepared.',
    });
  }
  switch (input.modality) {
    case 'image':
      return (await import('./prepare-images.js')).imagePreparer(input, onlyInput(card, network), options);
    case 'audio':
      return (await import('./prepare-recordings.js')).audioPreparer(
        input,
        onlyInput(card, network),
        options,
      );
    case 'text': {
      const [{ textPreparer }, { openTokenizer }] = await Promise.all([
        import('./prepare-texts.js'),
        import('../../data/text/open-tokenizer.js'),
      ]);
      return textPreparer(input, await openTokenizer(folder, card), network, options);
    }
  }
}

function onlyInput(card: Card, { inputs }: Network): TensorSpec {
  const [input] = inputs;
  if (input !== undefined && inputs.length === 1) return input;
  throw new ZooError('DATA', `${card.name} takes several inputs at once`, {
    expected: 'one input',
    found: inputs.map(({ name }) => name).join(', '),
  });
}
