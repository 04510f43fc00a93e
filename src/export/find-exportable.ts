/** What is exported of an adapted model, and of a network as it is. */
import { ZooError } from '../core/errors.js';
import type { Network, NetworkInputs, Shape } from '../formats/network.js';
import { exampleInputs } from '../graph/gradients/example-inputs.js';
import type { Card } from '../registry/card.js';
import { tf } from '../runtime/tensorflow.js';
import type { AdaptedModel } from '../training/adapted-model.js';
import { makePreparer } from '../transfer/prepare/make-preparer.js';
import { type Batch, maskName, type Preparer } from '../transfer/prepare/preparer.js';
import type { Exportable, Tail } from './exportable.js';

/**
 * @param model trained or loaded; stays the caller's.
 * @param about its card.
 * @throws ZooError `USAGE` for a model that was not trained; `DATA` for one whose features have no known shape.
 */
export async function exportableModel(model: AdaptedModel, about: Card): Promise<Exportable> {
  const { backbone, fitted } = model;
  const { network, card: base, folder, cut, pooling, width } = backbone;
  const example = await twoRows(backbone.preparer);
  const shape =
    network.layers.find(({ name }) => name === cut)?.shape ?? (await shapeAt(network, cut, example));
  const tail: Tail = { cut, shape, pooling, mask: maskName(example), width, fitted };
  return { network, base, folder, about, tail, example };
}

/**
 * @param network opened out of `folder`; stays the caller's.
 * @throws ZooError `DATA` where neither network nor card says what it takes.
 */
export async function exportableNetwork(network: Network, card: Card, folder: string): Promise<Exportable> {
  const preparer = await preparerOf(network, card, folder);
  const example: Batch =
    preparer === undefined
      ? { inputs: exampleInputs(network, card), mask: undefined }
      : await twoRows(preparer);
  return { network, base: card, folder, about: card, tail: undefined, example };
}

/** A network without a rule for its inputs can be exported all the same. */
async function preparerOf(network: Network, card: Card, folder: string): Promise<Preparer | undefined> {
  try {
    return await makePreparer(folder, card, network);
  } catch (error) {
    if (error instanceof ZooError && error.code === 'DATA') return undefined;
    throw error;
  }
}

/** Longer than a preparer's neutral text: the shorter of the two is padded. */
const LONGER_TEXT = { kind: 'text', text: 'a few words that are more than one' } as const;

/** Two examples: noise where the network takes plain numbers, as a grey picture tells little. */
async function twoRows(preparer: Preparer): Promise<Batch> {
  const neutral = preparer.neutral();
  const first = await preparer.prepare(neutral);
  const second = neutral.kind === 'text' ? await preparer.prepare(LONGER_TEXT) : first;
  const batch = preparer.batch([first, second]);
  const { inputs } = batch;
  if (!(inputs instanceof tf.Tensor) || inputs.dtype !== 'float32') return batch;
  const noise = tf.randomUniform(inputs.shape, -1, 1, 'float32', 1);
  inputs.dispose();
  return { inputs: noise, mask: undefined };
}

/** Of one run: sizes are open, but for the last. */
async function shapeAt(network: Network, cut: string, { inputs }: { inputs: NetworkInputs }): Promise<Shape> {
  const results = await network.run(inputs, [cut]);
  const shape = results[0]?.shape ?? [];
  tf.dispose(results);
  return shape.map((size, axis) => (axis > 0 && axis === shape.length - 1 ? size : null));
}
