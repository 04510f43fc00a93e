/** One step of training after another, whatever computes it. */
import type { Weights } from '../../formats/weight.js';
import type { BoundaryTensor, StepMemory } from '../../graph/native-training.js';
import type { Tensor, Tensor2D } from '../../runtime/tensorflow.js';
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
  /** Factors of the learning rate by parameter of the network; 1 where nothing is said, and for the head. */
  readonly rates?: ReadonlyMap<string, number> | undefined;
  /** Gradients together are scaled down to this length at most; undefined for never. */
  readonly clipNorm?: number | undefined;
  /** Statistics that BatchNorm takes; see `NativeTrainingOptions`. Default `stored`; graphs alone can do `batch`. */
  readonly normalisation?: 'stored' | 'batch' | undefined;
  /** Positions that every text is padded to, so that the frozen part gives the same for a text in every batch. */
  readonly positions?: number | undefined;
  /** Parts in which a batch goes through the network, so that less memory is needed. Default 1. */
  readonly accumulate?: number | undefined;
}

/** A batch, or what the frozen part of the network gave for one. */
export type StepInput =
  | { readonly batch: Batch; readonly frozen?: undefined }
  | { readonly batch?: undefined; readonly frozen: readonly Tensor[] };

/** Everything that further steps depend on, in memory of its own. */
export interface TrainerState {
  /** Everything that steps change; the names of the head's parameters begin with `head/`. */
  readonly weights: Weights;
  /** What the optimiser remembers: `<slot>/<parameter>`. */
  readonly slots: Weights;
  /** Updates so far. */
  readonly steps: number;
}

export interface Trainer {
  /** One native graph, or operation by operation: the same but for rounding. */
  readonly way: 'graph' | 'eager';
  /** Names of what steps change in the network: trained parameters, and statistics that follow. */
  readonly changing: readonly string[];
  /** What the frozen part gives for one row; undefined where the whole network runs in every step. */
  readonly boundary: readonly BoundaryTensor[] | undefined;
  /**
   * What a step takes beside what the process holds already, from inputs or from the boundary, for examples of usual
   * size; undefined where it is not known.
   */
  memory(from: 'inputs' | 'boundary'): StepMemory | undefined;
  /** Values at the boundary, the caller's. @throws RangeError where there is none. */
  frozen(batch: Batch): Promise<Tensor[]>;
  /**
   * @param targets [rows, outputs].
   * @param dropout seed of the units that this step drops, for heads that do; 0 to 2³² - 1.
   * @returns the mean loss of the rows, before the step.
   */
  step(input: StepInput, targets: Tensor2D, rate: number, dropout: number): Promise<number>;
  /** Raw outputs of the head [rows, outputs] with the weights of this moment, nothing dropped. The caller's. */
  outputs(input: StepInput): Promise<Tensor2D>;
  state(): Promise<TrainerState>;
  /** Goes on from a state of a trainer with the same options. @throws ZooError `DATA` for another. */
  restore(state: TrainerState): Promise<void>;
  /** Puts the trained values into the network, frees everything else, and returns the head's parameters. */
  finish(): Promise<Weights>;
}

/** Before the names of the head's parameters, which must not be those of the network. */
export const HEAD_PREFIX = 'head/';

/** The head's parameters of a state, by their own names. */
export function headOf(weights: Weights): Weights {
  return weightsUnder(HEAD_PREFIX, weights);
}

/** Those whose names begin so, without it. */
export function weightsUnder(prefix: string, weights: Weights): Weights {
  return new Map(
    [...weights].flatMap(([name, weight]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), weight] as const] : [],
    ),
  );
}
