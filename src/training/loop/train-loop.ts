/** Epochs over a data set: shuffled batches through a trainer, with a seed, checkpoints, and examples to stop by. */
import { ZooError } from '../../core/errors.js';
import { checkCount } from '../../data/check-number.js';
import { Random } from '../../data/random.js';
import type { Weights } from '../../formats/weight.js';
import type { Head } from '../../transfer/heads/head.js';
import type { BatchSource, RowBatch } from './batches.js';
import type { Checkpoint, Place } from './checkpoint.js';
import { checkFits, mostThatFits } from './memory-budget.js';
import { isOutOfMemory, outOfMemory } from './out-of-memory.js';
import { Pace } from './pace.js';
import { rateAt, type Schedule } from './schedule.js';
import { targetRows } from './target-rows.js';
import type { Trainer } from './trainer.js';
import { type Watched, watch } from './watch.js';

export interface LoopProgress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done, of all epochs. */
  readonly step: number;
  readonly steps: number;
  /** Mean of the epoch so far. */
  readonly loss: number;
  /** Of the step that was done. */
  readonly learningRate: number;
  /** How it did on the watched examples after the last whole epoch; undefined where there are none. */
  readonly watched: Watched | undefined;
  /** Examples; undefined before the first step is done. */
  readonly perSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

export interface LoopOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** Highest learning rate of the schedule. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly seed: number;
  /** Parts in which the trainer takes a batch. Default 1. */
  readonly accumulate?: number | undefined;
  /** Epochs in a row that may pass without a better loss of the watched examples. */
  readonly patience: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoopProgress) => void) | undefined;
}

/** What is learnt from. */
export interface LoopData {
  readonly head: Head;
  readonly source: BatchSource;
  /** [examples, outputs] of the whole source, row-major. */
  readonly targets: Float64Array;
  /** Places of the examples that are learnt from. */
  readonly learn: readonly number[];
  /** Of those that decide when to stop and which weights are kept; none for all epochs and the last weights. */
  readonly watch: readonly number[];
}

export interface LoopResult {
  /** Mean loss of each epoch, as it was while the weights moved. */
  readonly losses: readonly number[];
  /** On the watched examples: before the first epoch and after each. */
  readonly watched: readonly Watched[];
  /** Epoch whose weights were kept. */
  readonly bestEpoch: number | undefined;
  /** Steps that an interrupted run had done before; 0 for a run from the beginning. */
  readonly resumedFrom: number;
}

/** @throws ZooError `USAGE` for settings out of range. */
export function checkLoop({ epochs, batchSize, learningRate, patience }: LoopOptions): void {
  checkCount('epochs', epochs);
  checkCount('examples in a batch', batchSize);
  checkCount('epochs to wait for a better loss', patience);
  if (learningRate > 0 && Number.isFinite(learningRate)) return;
  throw new ZooError('USAGE', 'Not a learning rate', { expected: 'more than 0', found: learningRate });
}

/**
 * The same seed gives the same batches in the same order. Every window of a recording learns the recording's label.
 * @param checkpoint where the run goes on from, and writes down where it is; also when the signal ends it.
 * @throws ZooError `DATA` for examples that can't be read; `FAILED` where the loss becomes infinite or a batch does not fit
 *   into memory, with the size that would: before the first step, as far as that can be known; the signal's reason.
 */
export async function trainLoop(
  trainer: Trainer,
  data: LoopData,
  options: LoopOptions,
  checkpoint?: Checkpoint,
): Promise<LoopResult> {
  checkLoop(options);
  const run = new Run(trainer, data, options, checkpoint);
  return run.toEnd();
}

class Run {
  readonly #trainer: Trainer;
  readonly #data: LoopData;
  readonly #options: LoopOptions;
  readonly #checkpoint: Checkpoint | undefined;
  #place: Place = { step: 0, sum: 0, seen: 0, losses: [], watched: [] };
  #best: Weights | undefined;

  constructor(trainer: Trainer, data: LoopData, options: LoopOptions, checkpoint: Checkpoint | undefined) {
    this.#trainer = trainer;
    this.#data = data;
    this.#options = options;
    this.#checkpoint = checkpoint;
  }

  get #perEpoch(): number {
    return Math.ceil(this.#data.learn.length / this.#options.batchSize);
  }

  async toEnd(): Promise<LoopResult> {
    checkFits(this.#trainer, this.#data, this.#options);
    await this.#resume();
    const resumedFrom = this.#place.step;
    const { epochs, signal } = this.#options;
    const left = epochs * this.#data.learn.length - this.#examplesDone();
    const pace = new Pace(left);
    try {
      await this.#watch(0);
      while (this.#place.losses.length < epochs && !this.#stopped) {
        await this.#epoch(this.#place.losses.length + 1, pace);
      }
    } catch (error) {
      // The reason counts, also where the disk is full.
      if (signal?.aborted === true) await this.#save().catch(() => {});
      throw error;
    }
    const { losses, watched, best } = this.#place;
    if (this.#best !== undefined) {
      const state = await this.#trainer.state();
      await this.#trainer.restore({ ...state, weights: this.#best });
    }
    return { losses, watched, bestEpoch: best, resumedFrom };
  }

  async #resume(): Promise<void> {
    const snapshot = await this.#checkpoint?.read();
    if (snapshot === undefined) return;
    await this.#trainer.restore(snapshot.trainer);
    this.#place = snapshot.place;
    this.#best = snapshot.best;
  }

  #examplesDone(): number {
    return this.#place.losses.length * this.#data.learn.length + this.#place.seen;
  }

  async #epoch(epoch: number, pace: Pace): Promise<void> {
    const { seed, batchSize, signal } = this.#options;
    const { learn, source } = this.#data;
    const order = Random.seeded(seed, `order of epoch ${epoch}`).shuffled(learn);
    const rest = order.slice(this.#place.seen);
    for await (const batch of source.batches(rest, { batchSize, epoch, signal })) {
      try {
        signal?.throwIfAborted();
        await this.#step(batch, epoch, pace);
      } finally {
        batch.dispose();
      }
      if (this.#checkpoint?.due === true) await this.#save();
    }
    const { sum, seen, losses } = this.#place;
    this.#place = { ...this.#place, sum: 0, seen: 0, losses: [...losses, sum / seen] };
    await this.#watch(epoch);
    if (this.#checkpoint?.due === true) await this.#save();
  }

  async #step(batch: RowBatch, epoch: number, pace: Pace): Promise<void> {
    const { learningRate, schedule, epochs, seed, onProgress } = this.#options;
    const { step } = this.#place;
    const steps = epochs * this.#perEpoch;
    const rate = rateAt(schedule, learningRate, step, steps);
    const dropout = Random.seeded(seed, `dropped units of step ${step}`).uint32();
    const loss = await this.#loss(batch, rate, dropout);
    if (!Number.isFinite(loss)) throw diverged(epoch, learningRate);
    const sum = this.#place.sum + loss * batch.examples;
    const seen = this.#place.seen + batch.examples;
    this.#place = { ...this.#place, step: step + 1, sum, seen };
    onProgress?.({
      epoch,
      epochs,
      step: step + 1,
      steps,
      loss: sum / seen,
      learningRate: rate,
      watched: this.#place.watched.at(-1),
      ...pace.add(batch.examples),
    });
  }

  async #loss({ input, rows }: RowBatch, rate: number, dropout: number): Promise<number> {
    const { targets, head } = this.#data;
    const wanted = targetRows(targets, head.outputs, rows);
    try {
      return await this.#trainer.step(input, wanted, rate, dropout);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      throw outOfMemory(
        this.#options.batchSize,
        error,
        mostThatFits(this.#trainer, this.#data, this.#options),
      );
    } finally {
      wanted.dispose();
    }
  }

  /** After an epoch; once only, where a run goes on. */
  async #watch(epoch: number): Promise<void> {
    const { head, source, targets, watch: examples } = this.#data;
    const { watched, best } = this.#place;
    if (examples.length === 0 || watched.length > epoch) return;
    const { batchSize, signal } = this.#options;
    const found = await watch(this.#trainer, head, source, targets, examples, { batchSize, signal });
    const isBest = best === undefined || found.loss < (watched[best]?.loss ?? Number.POSITIVE_INFINITY);
    if (isBest) this.#best = (await this.#trainer.state()).weights;
    this.#place = {
      ...this.#place,
      watched: [...watched, { epoch, ...found }],
      best: isBest ? epoch : best,
    };
  }

  get #stopped(): boolean {
    const { best, losses } = this.#place;
    return best !== undefined && losses.length - best >= this.#options.patience;
  }

  async #save(): Promise<void> {
    const trainer = await this.#trainer.state();
    await this.#checkpoint?.write({ place: this.#place, trainer, best: this.#best });
  }
}

function diverged(epoch: number, rate: number): ZooError {
  return new ZooError('FAILED', 'Training diverged: the loss is no longer a number', {
    found: `epoch ${epoch} with a learning rate of ${rate}`,
    hint: 'Try a tenth of the learning rate.',
  });
}
