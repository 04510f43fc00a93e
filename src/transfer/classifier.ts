/** A network with its own output layer: what `zoo predict` asks before anything was adapted. */
import { ZooError } from '../core/errors.js';
import type { Network } from '../formats/network.js';
import type { Card } from '../registry/card.js';
import { type Tensor2D, tf } from '../runtime/tensorflow.js';
import { chooseOutput } from './choose-cut.js';
import { type BatchOptions, forwardExamples } from './forward-examples.js';
import { ForwardPass } from './forward-pass.js';
import { openNetwork } from './open-network.js';
import { imageSize, makePreparer, type PrepareOptions } from './prepare/make-preparer.js';
import type { Batch, Prepared, Preparer } from './prepare/preparer.js';

export interface ClassifierOptions {
  /** The folder of the installed network. */
  readonly folder: string;
  readonly card: Card;
  readonly prepare?: PrepareOptions | undefined;
}

export interface Classifier {
  readonly network: Network;
  readonly card: Card;
  readonly preparer: Preparer;
  /** One name a unit, in order; their numbers where the card has no names. */
  readonly labels: readonly string[];
  /** True where each unit answers for itself (sigmoid); false where the probabilities sum to 1. */
  readonly multiLabel: boolean;
  /**
   * Probabilities, the mean over the windows of a recording.
   * @returns [examples, labels], row-major.
   */
  classify(prepared: readonly Prepared[], options?: BatchOptions): Promise<Float32Array>;
  dispose(): void;
}

/**
 * @throws ZooError `DATA` for a network that puts out something else than classes; else as `openBackbone`.
 */
export async function openClassifier({ folder, card, prepare }: ClassifierOptions): Promise<Classifier> {
  const activation = activationOf(card);
  const network = await openNetwork(folder, card, { imageSize: imageSize(prepare) });
  try {
    const preparer = await makePreparer(folder, card, network, prepare);
    return new OpenClassifier(card, network, preparer, activation);
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** A network in memory, which the classifier owns from now on. @throws ZooError `DATA` as `openClassifier`. */
export function classifierOf(card: Card, network: Network, preparer: Preparer): Classifier {
  return new OpenClassifier(card, network, preparer, activationOf(card));
}

type Activation = 'softmax' | 'sigmoid' | 'logits';

/** Out of the card's words. */
function activationOf({ name, output }: Card): Activation {
  const words = output?.activation ?? '';
  const one = output?.units !== undefined;
  if (one && /^softmax$/i.test(words)) return 'softmax';
  if (one && /^sigmoid$/i.test(words)) return 'sigmoid';
  if (one && /logits/i.test(words)) return 'logits';
  throw new ZooError('DATA', `${name} does not sort things into classes`, {
    expected: 'one output of softmax, sigmoid or logits',
    found: output?.heads?.map((head) => head.name).join(', ') ?? words,
    hint: `Adapt it to classes of yours: zoo finetune ${name} DATA -o DIR`,
  });
}

class OpenClassifier implements Classifier {
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly #pass: ForwardPass;

  constructor(
    readonly card: Card,
    readonly network: Network,
    readonly preparer: Preparer,
    readonly activation: Activation,
  ) {
    const { labels, units = 0 } = card.output ?? {};
    this.labels = labels ?? Array.from({ length: units }, (_, unit) => String(unit));
    this.multiLabel = activation === 'sigmoid';
    this.#pass = new ForwardPass(network, chooseOutput(network, card), preparer);
  }

  classify(prepared: readonly Prepared[], options?: BatchOptions): Promise<Float32Array> {
    const forward = {
      preparer: this.preparer,
      pooling: 'average',
      unit: false,
      run: (batch: Batch, of: number) => this.#probabilities(batch, of),
    } as const;
    return forwardExamples(prepared, forward, options);
  }

  async #probabilities({ inputs }: Batch, of: number): Promise<Tensor2D> {
    const output = await this.#pass.run(inputs, of);
    if (output === undefined) throw new ZooError('FAILED', `${this.card.name} gave nothing`);
    try {
      const units = this.labels.length;
      const rows = output.size / units;
      if (output.shape[0] !== rows) {
        throw new ZooError('DATA', `${this.card.name} does not have the classes that its card says`, {
          expected: `[rows, ${units}]`,
          found: JSON.stringify(output.shape),
        });
      }
      return tf.tidy(() => {
        const scores = output.as2D(rows, units);
        return this.activation === 'logits' ? scores.softmax() : scores.clone();
      });
    } finally {
      output.dispose();
    }
  }

  dispose(): void {
    this.#pass.dispose();
    this.network.dispose();
  }
}
