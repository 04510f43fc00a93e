/** What a training from scratch says about itself. */
import type { Digest } from '../../core/digest.js';
import type { Optimizer } from '../loop/optimizer.js';
import type { Schedule } from '../loop/schedule.js';
import type { Trainer } from '../loop/trainer.js';

export interface TrainNetworkReport {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly epochs: number;
  readonly batchSize: number;
  /** As one native graph, or operation by operation: the same but for rounding. */
  readonly way: Trainer['way'];
  /** Why it was no graph; undefined where it was one, or so few steps that none was made. */
  readonly refusal: string | undefined;
  /** Mean loss of each epoch, as it was while the weights moved. */
  readonly losses: readonly number[];
  /** Steps that an interrupted run had done before; 0 for a run from the beginning. */
  readonly resumedFrom: number;
  /**
   * Examples whose statistics BatchNorm predicts with, computed when the weights had stopped moving; undefined for a
   * network without BatchNorm.
   */
  readonly statisticsOf: number | undefined;
  /** Pictures were varied by chance. */
  readonly augmented: boolean;
  readonly seed: number;
  /** Where the examples came from, their number, and their digest. */
  readonly data: { readonly origin: string; readonly examples: number; readonly digest: Digest };
  /** What was done to the examples to make them fit, each once. */
  readonly notes: readonly string[];
}
