/** What a training run says about itself. */
import type { Digest } from '../core/digest.js';
import type { Unreadable } from './features/feature-table.js';
import type { FitEvidence } from './solve/fit-options.js';

export interface TrainReport {
  readonly evidence: FitEvidence;
  /** Where the examples came from, their number (without copies), and their digest. */
  readonly data: { readonly origin: string; readonly examples: number; readonly digest: Digest };
  readonly seed: number;
  /** Varied copies of each example. */
  readonly copies: number;
  /** Examples and copies whose features the network computed now; the others were in the cache. */
  readonly computed: number;
  readonly unreadable: readonly Unreadable[];
  /** What was done to the examples to make them fit, each once. */
  readonly notes: readonly string[];
}
