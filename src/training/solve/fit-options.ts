/** What a fit can be asked for, and what it says about itself afterwards. */
import type { FittedHead } from '../../transfer/heads/fitted-head.js';
import type { Truth } from '../../transfer/heads/targets.js';

/** Features with what is known about each example; a feature table is one. */
export interface LabelledFeatures extends Truth {
  /** [names, width], row-major. */
  readonly features: Float32Array;
  readonly width: number;
}

export type Solver =
  /** All examples at once, to convergence: for linear heads. */
  | 'lbfgs'
  /** Adam (Kingma and Ba 2015), in batches. */
  | 'adam'
  /** Gradient descent with momentum 0.9, in batches. */
  | 'sgd';

export interface FitProgress {
  readonly phase: 'cross-validation' | 'training';
  readonly done: number;
  /** Steps in this phase; undefined where only convergence tells. */
  readonly total: number | undefined;
}

export interface FitOptions {
  /** Default: L-BFGS for linear heads, Adam for those with hidden layers. The nearest heads have no solver. */
  readonly solver?: Solver | undefined;
  /**
   * C, as scikit-learn's: the larger, the weaker the penalty on large weights. Default `auto`: linear heads choose it
   * by cross-validation, others take 1.
   */
  readonly c?: number | 'auto' | undefined;
  /** Values of C to choose from, ascending. Default .01 … 100, two a decade; for unit length also 1e3, 1e4, 1e5. */
  readonly grid?: readonly number[] | undefined;
  /** Folds of the cross-validation. Default 5; see `planValidation` for very few examples. */
  readonly folds?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /** `balanced`: each class counts as much as any other. Or a weight for each label, 1 where none is given. */
  readonly classWeights?: 'balanced' | Readonly<Record<string, number>> | undefined;
  /** One a row: rows with the same value (copies of one picture, windows of one recording) are never separated. */
  readonly groups?: readonly (number | string)[] | undefined;
  /** Passes over the data; Adam and SGD only. Default 100. */
  readonly epochs?: number | undefined;
  /** Adam and SGD only. Default 32. */
  readonly batchSize?: number | undefined;
  /** Adam and SGD only. Default .001 for Adam, .01 for SGD. */
  readonly learningRate?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FitProgress) => void) | undefined;
}

/** Scores of examples that the head did not see while it was fitted. */
export interface Validation {
  readonly method: 'k-fold' | 'leave-one-out';
  readonly folds: number;
  readonly score: 'accuracy' | 'microF1' | 'r2';
  readonly mean: number;
  /** Standard deviation over the folds; null for leave-one-out, which pools them. */
  readonly deviation: number | null;
  /** One a fold; leave-one-out has a single one of all examples. */
  readonly scores: readonly number[];
  /** Mean loss of held-out examples: cross-entropy, or half the squared error of standardised targets. */
  readonly loss: number;
}

export interface FitEvidence {
  readonly solver: Solver | 'examples';
  readonly examples: number;
  /** Null for heads without a penalty. */
  readonly c: number | null;
  readonly chosenBy: 'cross-validation' | 'given' | 'default' | 'none';
  /** With the chosen C; null where nothing was held out. */
  readonly validation: Validation | null;
  /** Every C that was tried. */
  readonly tried: readonly (Validation & { readonly c: number })[];
  /** Of the final fit; null for heads that don't iterate. */
  readonly iterations: number | null;
  /** False where the iterations ended before the gradient was small enough; null for Adam and SGD. */
  readonly converged: boolean | null;
  /** What the final fit minimised, at its end: mean loss of the training examples and penalty. */
  readonly objective: number | null;
  /** Worth saying to the user, in whole sentences. */
  readonly notes: readonly string[];
}

export interface HeadFit {
  readonly fitted: FittedHead;
  readonly evidence: FitEvidence;
}
