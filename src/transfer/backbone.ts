/** A backbone: a network whose output layer has been dropped. It maps inputs to features. */
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import type { Network } from '../formats/network.js';
import type { Card } from '../registry/card.js';
import type { Tensor2D } from '../runtime/tensorflow.js';
import { chooseCut } from './choose-cut.js';
import { type BatchOptions, forwardExamples } from './forward-examples.js';
import { ForwardPass } from './forward-pass.js';
import { openNetwork } from './open-network.js';
import { type Pooling, pooledWidth, poolPositions } from './pooling.js';
import { imageSize, makePreparer, type PrepareOptions } from './prepare/make-preparer.js';
import type { Batch, Prepared, Preparer } from './prepare/preparer.js';

export interface BackboneOptions {
  /** The folder of the installed network. */
  readonly folder: string;
  readonly card: Card;
  /** Digest of the card: it names the weights in caches and adapted models. */
  readonly digest: Digest;
  /** Layer or node to cut at; by default what the card says, else in front of the last layer with weights. */
  readonly cut?: string | undefined;
  /** Of maps and sequences; by default what the card says of its own cut, else `average`. */
  readonly pooling?: Pooling | undefined;
  /** Size of pictures, hop of windows, most tokens: where the network leaves them open. */
  readonly prepare?: PrepareOptions | undefined;
}

export interface Backbone {
  /** Where the files of the network lie; undefined for one that was made in memory. */
  readonly folder: string | undefined;
  readonly network: Network;
  readonly card: Card;
  readonly digest: Digest;
  readonly preparer: Preparer;
  /** What was chosen where the network leaves it open. */
  readonly prepare: PrepareOptions;
  /** Layer or node whose output is the features. */
  readonly cut: string;
  readonly pooling: Pooling;
  /** Length of a feature vector. */
  readonly width: number;
  /** Numbers of the dropped parameters, which are freed. */
  readonly dropped: number;
  /** JSON of network, cut and pooling; a part of the feature cache's key. */
  readonly identity: string;
  /**
   * Features of the rows of a batch, maps and sequences pooled.
   * @param of examples of the data set that the batch is a part of, default 1. Many go through a native graph, which
   * differs by rounding only: see `goesByGraph`.
   * @returns [rows, width], the caller's. @throws ZooError `DATA` for inputs that don't fit.
   */
  features(batch: Batch, of?: number): Promise<Tensor2D>;
  /**
   * Features of whole examples; the windows of a recording are pooled to one vector.
   * @returns [examples, width], row-major.
   */
  featuresOf(prepared: readonly Prepared[], options?: BatchOptions): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Opens a network and drops its output layer.
 * @throws ZooError `DATA` for a network that can't be opened or whose features are not what the card says; `NOT_FOUND`
 * for a cut that it does not have; `INTEGRITY` for malformed files; `NO_RUNTIME`.
 */
export async function openBackbone(options: BackboneOptions): Promise<Backbone> {
  const { folder, card } = options;
  const network = await openNetwork(folder, card, { imageSize: imageSize(options.prepare) });
  try {
    const preparer = await makePreparer(folder, card, network, options.prepare);
    const cut = chooseCut(network, card, options.cut);
    const byCard = cut.by === 'card' ? card.features : undefined;
    const pooling = options.pooling ?? byCard?.pooling ?? 'average';
    const dropped = dropBehind(network, cut.layer);
    const shape = network.layers.find((layer) => layer.name === cut.layer)?.shape;
    const known = shape === undefined ? undefined : pooledWidth(shape, pooling);
    const backbone = new CutNetwork(options, network, preparer, cut.layer, pooling, dropped, known ?? 0);
    if (known === undefined) await backbone.measureWidth();
    if (byCard !== undefined && options.pooling === undefined) checkWidth(byCard.width, backbone);
    return backbone;
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** A network in memory and what belongs to it. */
export interface OpenNetwork extends Pick<BackboneOptions, 'card' | 'digest'> {
  readonly network: Network;
  readonly preparer: Preparer;
}

/**
 * A network in memory that ends at a cut but keeps what is behind it, such as one whose own last layers are trained. What
 * comes out at the cut is not pooled. The network stays the caller's, who disposes it after the last use of this.
 * @param cut a layer that gives one vector a row, [rows, width].
 */
export function backboneOf(open: OpenNetwork, cut: string): Backbone {
  const { network, preparer } = open;
  const shape = network.layers.find((layer) => layer.name === cut)?.shape;
  const width = shape === undefined ? undefined : pooledWidth(shape, 'none');
  if (width === undefined) throw new RangeError(`${cut} is no layer whose features have a fixed length`);
  return new CutNetwork(open, network, preparer, cut, 'none', 0, width);
}

/** Frees what is not needed for the cut. @returns how many numbers that was. */
function dropBehind(network: Network, cut: string): number {
  const sizes = new Map([...network.parameters].map(([name, { value }]) => [name, value.size]));
  return network.truncate([cut]).reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
}

function checkWidth(expected: number, { width, cut, card }: Backbone): void {
  if (width === expected) return;
  throw new ZooError('DATA', `${card.name} does not give the features that its card says`, {
    expected: `${expected} numbers`,
    found: `${width} at ${cut}`,
    hint: 'Pull the network again, or name a layer of it.',
  });
}

/** Windows of a network whose rows have length 1 are averaged and brought back to length 1, as its authors do. */
function isUnitLength(card: Card, network: Network, cut: string): boolean {
  const atOutput = network.outputs.some((output) => output.name === cut) || card.features?.layer === cut;
  return (
    atOutput && card.features?.head === undefined && /L2 normalisation/i.test(card.output?.activation ?? '')
  );
}

type CutOptions = Pick<BackboneOptions, 'card' | 'digest' | 'prepare'> & { readonly folder?: string };

class CutNetwork implements Backbone {
  readonly folder: string | undefined;
  readonly card: Card;
  readonly digest: Digest;
  readonly prepare: PrepareOptions;
  readonly #unit: boolean;
  readonly #pass: ForwardPass;
  #width: number;

  constructor(
    { folder, card, digest, prepare = {} }: CutOptions,
    readonly network: Network,
    readonly preparer: Preparer,
    readonly cut: string,
    readonly pooling: Pooling,
    readonly dropped: number,
    width: number,
  ) {
    this.folder = folder;
    this.card = card;
    this.digest = digest;
    this.prepare = prepare;
    this.#width = width;
    this.#unit = isUnitLength(card, network, cut);
    this.#pass = new ForwardPass(network, cut, preparer);
  }

  get width(): number {
    return this.#width;
  }

  get identity(): string {
    const { digest, cut, pooling, width } = this;
    return JSON.stringify({ network: digest, cut, pooling, width });
  }

  async features({ inputs, mask }: Batch, of = 1): Promise<Tensor2D> {
    const output = await this.#pass.run(inputs, of);
    if (output === undefined) throw new ZooError('FAILED', `${this.card.name} gave nothing at ${this.cut}`);
    try {
      return poolPositions(output, this.pooling, mask);
    } finally {
      output.dispose();
    }
  }

  featuresOf(prepared: readonly Prepared[], options?: BatchOptions): Promise<Float32Array> {
    const forward = {
      preparer: this.preparer,
      pooling: this.pooling,
      unit: this.#unit,
      run: async (batch: Batch, of: number) => {
        const features = await this.features(batch, of);
        if (features.shape[1] === this.#width || this.#width === 0) return features;
        features.dispose();
        throw new ZooError('DATA', `The features of ${this.card.name} at ${this.cut} have no fixed length`, {
          expected: `${this.#width} numbers`,
          found: features.shape[1],
          hint: 'Pool them: average or max.',
        });
      },
    };
    return forwardExamples(prepared, forward, options);
  }

  /** Runs the network once, where its own description does not say how long the features are. */
  async measureWidth(): Promise<void> {
    const features = await this.featuresOf([await this.preparer.prepare(this.preparer.neutral())]);
    this.#width = features.length;
  }

  dispose(): void {
    this.#pass.dispose();
    this.network.dispose();
  }
}
