/** One step of training after another, whatever computes it. */
import type { Weights } from '../../formats/weight.js';
import type { Tensor2D } from '../../runtime/tensorflow.js';
import type { Backbone } from '../../transfer/backbone.js';
import type { Head } from '../../transfer/heads/head.js';
import type { Batch } from '../../transfer/prepare/preparer.js';
import type { Optimizer } from './optimizer.js';

export interface TrainerOptions {
  readonly backbone: Backbone;
  readonly head: Head;
  /** Where the head starts. */
  readonly start: Weights;
  /** Parameters of the network that are trained, by name. */
  readonly trainable: readonly string[];
  /** Nodes whose values the network computes first, and which no gradient goes through; see `Trainability`. */
  readonly given: readonly string[];
  readonly optimizer: Optimizer;
  /** Gradients together are scaled down to this length at most; undefined for never. */
  readonly clipNorm?: number | undefined;
}

export interface Trainer {
  /** One native graph, or operation by operation: the same but for rounding. */
  readonly way: 'graph' | 'eager';
  /**
   * @param targets [rows, outputs].
   * @param dropout seed of the units that this step drops, for heads that do.
   * @returns the mean loss of the rows, before the step.
   */
  step(batch: Batch, targets: Tensor2D, rate: number, dropout: number): Promise<number>;
  /** The head's parameters of this moment. The network's are in the network, once `finish` was called. */
  head(): Promise<Weights>;
  /** Puts the trained values into the network, and frees everything else. */
  finish(): Promise<void>;
}
