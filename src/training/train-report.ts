/** What a training run says about itself. */
import type { Digest } from '../core/digest.js';
import type { TrainingChoice } from './choose/choose-training.js';
import type { Unreadable } from './features/feature-table.js';
import type { FineTuned } from './loop/fine-tune-options.js';
import type { FitEvidence } from './solve/fit-options.js';

/** How network and head were trained together. */
export interface FineTuneReport extends Omit<FineTuned, 'fitted' | 'changed' | 'checkpoint'> {
  /** Tensors of the network that were trained. */
  readonly parameters: number;
}

export interface TrainReport {
  /** `head`, `all`, or the layer from which on everything was trained. */
  readonly train: string;
  /** Why it was that, where it was chosen by trying. */
  readonly choice: TrainingChoice | undefined;
  /** Of the head on the features of the network as it was. */
  readonly evidence: FitEvidence;
  /** Undefined where only the head was trained. */
  readonly fineTuned: FineTuneReport | undefined;
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
