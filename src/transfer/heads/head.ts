/**
 * A head: the new output layers on a backbone's features. A `Head` says what is to be learnt; a `FittedHead` is one
 * with its numbers. A new kind is one file like those beside this, and a line in `head-kinds.ts`.
 */
import type { Random } from '../../data/random.js';
import type { Weights } from '../../formats/weight.js';
import type { Tensor, Tensor2D } from '../../runtime/tensorflow.js';
import type { Loss } from './loss.js';

export type HeadTask = 'classification' | 'multi-label' | 'regression';

/** What is done to features before the head sees them. */
export type Scaling =
  /** Mean 0 and deviation 1 over the training examples; becomes a part of the weights. */
  | 'standardise'
  /** Each example's features are divided by their length: usual for embeddings of text. */
  | 'unit-length'
  | 'none';

export const SCALINGS = ['standardise', 'unit-length', 'none'] as const satisfies readonly Scaling[];

/** JSON from which `readHead` makes the head again. */
export interface HeadDescription {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/** Features as rows, ready for the head: scaled, with what is to be learnt from them. */
export interface TrainingRows {
  /** [rows, width], row-major. */
  readonly features: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** [rows, outputs]: 1 and 0 for labels, values for regression. */
  readonly targets: Float64Array;
}

/** How a head gets its numbers. */
export type Fitting =
  /** Convex and linear in its parameters `kernel` [width, outputs] and `bias` [outputs]. */
  | { readonly by: 'linear' }
  /** By gradients through `Differentiable.apply`. */
  | { readonly by: 'gradients' }
  /** From the examples themselves, without iterating. */
  | { readonly by: 'examples'; fit(rows: TrainingRows): Weights };

/** For heads that gradients go through: the parts that `train: 'all'` needs. */
export interface Differentiable {
  /** Names of the parameters in the order in which `apply` takes them. */
  readonly names: readonly string[];
  /** Those that the penalty on large weights applies to. */
  readonly penalised: readonly string[];
  /** The layer that sees the features: a scaling of the features can be folded into it. */
  readonly first: { readonly kernel: string; readonly bias: string };
  /** Fresh values for training. */
  initial(width: number, random: Random): Weights;
  /** True where `apply` drops units by chance. */
  readonly drops: boolean;
  /**
   * Raw outputs [examples, outputs], before softmax or sigmoid; differentiable.
   * @param drop while training only.
   */
  apply(features: Tensor2D, parameters: readonly Tensor[], drop?: Drop): Tensor2D;
}

/** Sets the share `rate` of the units to 0, by chance, and scales the others by 1 / (1 - rate). */
export type Drop = (units: Tensor, rate: number) => Tensor;

export interface Head {
  readonly kind: string;
  readonly task: HeadTask;
  /** One name an output, in order; empty for regression. */
  readonly labels: readonly string[];
  readonly outputs: number;
  /** What it reports: probabilities over the labels, one probability a label, or values. */
  readonly activation: 'softmax' | 'sigmoid' | 'none';
  /** Undefined for heads that minimise none. */
  readonly loss: Loss | undefined;
  /** Keys of its evaluation report worth showing, the one that decides first. */
  readonly metrics: readonly string[];
  readonly scaling: Scaling;
  readonly fitting: Fitting;
  readonly differentiable: Differentiable | undefined;
  describe(): HeadDescription;
  /** Shapes of the parameters by name; null is any size. */
  shapes(width: number): ReadonlyMap<string, readonly (number | null)[]>;
  /**
   * Probabilities or values: [examples, outputs].
   * @param features [examples, width], scaled as `scaling` says, but for standardising, which is in the weights.
   */
  scores(parameters: Weights, features: Float32Array, examples: number, width: number): Float32Array;
}
