/** What option 2 can be told, and what it says afterwards. */
import type { Digest } from '../../core/digest.js';
import type { FittedHead } from '../../transfer/heads/fitted-head.js';
import type { FeatureProgress } from '../features/feature-progress.js';
import type { Variation } from '../features/vary.js';
import type { Checkpoint, CheckpointOptions } from './checkpoint.js';
import type { FoundRate } from './find-rate.js';
import type { KeptOut } from './keep-out.js';
import type { Optimizer, OptimizerName } from './optimizer.js';
import type { Schedule } from './schedule.js';
import type { LoopProgress, LoopResult } from './train-loop.js';
import type { Trainer } from './trainer.js';

export interface EarlyStopping {
  /** Of the examples, above 0 to below 1, that are not learnt from and decide when to stop. Default 0.2. */
  readonly share?: number | undefined;
  /** Epochs in a row that may pass without a better loss of theirs. Default 3. */
  readonly patience?: number | undefined;
}

export interface FineTuneOptions {
  /** `all`, or the layer from which on everything is trained. */
  readonly from: string;
  /** Default `adam`. */
  readonly optimizer?: OptimizerName | undefined;
  /** Of AdamW; see `optimizerOf`. */
  readonly weightDecay?: number | undefined;
  /** Default 10, and as many more as make 60 steps. */
  readonly epochs?: number | undefined;
  /** Default 16. */
  readonly batchSize?: number | undefined;
  /** Parts in which a batch goes through the network, so that less memory is needed. Default 1. */
  readonly accumulate?: number | undefined;
  /** Highest of the schedule, or `find` for one that is tried out (see `findRate`); by default 3e-4 for Adam and AdamW, 1e-3 for SGD. */
  readonly learningRate?: number | 'find' | undefined;
  /** Share of the rate that the first trained layer learns with; see `depthRates`. Default 1. */
  readonly depthRate?: number | undefined;
  /** Default `cosine`, after a warm-up over a tenth of the steps. */
  readonly schedule?: Schedule | undefined;
  /**
   * Statistics that BatchNorm takes. `stored` (default): those that it was trained with, which never change; what a
   * small data set needs. `batch`: those of each batch, and the stored ones follow.
   */
  readonly normalisation?: 'stored' | 'batch' | undefined;
  /** Default 1: all gradients together are scaled down to this length. */
  readonly clipNorm?: number | undefined;
  /**
   * Varies each example by chance, anew in every epoch; the frozen part is then computed in every epoch too. By default
   * examples stay as they are.
   */
  readonly augment?: Variation | undefined;
  /** Stops when examples that are not learnt from get no better, and keeps the weights that were best on them. */
  readonly earlyStopping?: EarlyStopping | undefined;
  /** Where checkpoints lie: a run that was killed goes on from there. By default there are none. */
  readonly checkpoints?: Omit<CheckpointOptions, 'key'> | undefined;
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoopProgress) => void) | undefined;
  /** While the frozen part of the network is computed once for each example. */
  readonly onFrozen?: ((progress: FeatureProgress) => void) | undefined;
  /** While a learning rate is tried out. */
  readonly onRates?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** What is known about the examples already, and which are kept out. */
export interface KnownExamples {
  /** sha256 of each, in order. */
  readonly digests?: readonly Digest[] | undefined;
  /** For early stopping, which the head has not seen; by default all are learnt from. */
  readonly split?: KeptOut | undefined;
  /** To find a learning rate by, where all are learnt from later: with a head that has seen only these. */
  readonly trial?: (KeptOut & { readonly start: FittedHead }) | undefined;
  /** Folder of the feature cache. */
  readonly cache?: string | undefined;
}

export interface FineTuned extends LoopResult {
  readonly fitted: FittedHead;
  /** Parameters of the network that were trained, and statistics that followed, by name; their values are in the network. */
  readonly changed: readonly string[];
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  /** How the learning rate was found; undefined where it was named. */
  readonly found: FoundRate | undefined;
  readonly depthRate: number;
  readonly schedule: Schedule;
  /** Most of them: early stopping ends earlier. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly clipNorm: number;
  readonly normalisation: 'stored' | 'batch';
  readonly augmented: boolean;
  /** As one native graph, or operation by operation: the same but for rounding. */
  readonly way: Trainer['way'];
  /** Why it was no graph; undefined where it was one, or so few steps that none was made. */
  readonly refusal: string | undefined;
  /** True where the frozen part of the network was computed once for each example. */
  readonly frozenCached: boolean;
  /** What is worth knowing, in words for a person. */
  readonly notes: readonly string[];
  /** Where the run would go on from; to be removed when its result is safe. */
  readonly checkpoint: Checkpoint | undefined;
}
