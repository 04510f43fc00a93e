/** What evaluations start from. */
import type { Head } from '../../transfer/heads/head.js';

export interface Outcome {
  readonly head: Head;
  readonly names: readonly string[];
  /** [examples, outputs]: probabilities or values. */
  readonly scores: Float32Array;
  /** [examples, outputs], see `encodeTargets`. */
  readonly targets: Float64Array;
}

/** Smallest probability that goes into a logarithm, as scikit-learn for float32: a sure mistake costs 16, not all. */
export const LEAST_PROBABILITY = 2 ** -23;
