/** Epochs over a data set: shuffled batches, decoded ahead, through a trainer. */
import { ZooError } from '../../core/errors.js';
import { checkCount } from '../../data/check-number.js';
import type { Dataset } from '../../data/dataset.js';
import { subset } from '../../data/make-dataset.js';
import { Random } from '../../data/random.js';
import { streamExamples } from '../../data/stream.js';
import { type Tensor2D, tf } from '../../runtime/tensorflow.js';
import type { Backbone } from '../../transfer/backbone.js';
import type { Head } from '../../transfer/heads/head.js';
import { encodeTargets } from '../../transfer/heads/targets.js';
import { disposeBatch, type Prepared } from '../../transfer/prepare/preparer.js';
import { rateAt, type Schedule } from './schedule.js';
import type { Trainer } from './trainer.js';

export interface LoopProgress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done, of all epochs. */
  readonly step: number;
  readonly steps: number;
  /** Mean of the epoch so far. */
  readonly loss: number;
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
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoopProgress) => void) | undefined;
}

/** @throws ZooError `USAGE` for settings out of range. */
export function checkLoop({ epochs, batchSize, learningRate }: LoopOptions): void {
  checkCount('epochs', epochs);
  checkCount('examples in a batch', batchSize);
  if (learningRate > 0 && Number.isFinite(learningRate)) return;
  throw new ZooError('USAGE', 'Not a learning rate', { expected: 'more than 0', found: learningRate });
}

/**
 * The same seed gives the same batches in the same order. Every window of a recording learns the recording's label.
 * @param dataset every example of it must be readable.
 * @returns the mean loss of each epoch, as it was while the weights moved.
 * @throws ZooError `DATA` for examples that can't be read; `FAILED` where the loss becomes infinite; the signal's reason.
 */
export async function trainLoop(
  trainer: Trainer,
  { backbone, head }: { readonly backbone: Backbone; readonly head: Head },
  dataset: Dataset,
  options: LoopOptions,
): Promise<number[]> {
  checkLoop(options);
  const { epochs, batchSize, learningRate, schedule, seed, signal } = options;
  const targets = targetsOf(head, dataset);
  const perEpoch = Math.ceil(dataset.examples.length / batchSize);
  const steps = epochs * perEpoch;
  const shuffling = Random.seeded(seed, 'order of examples');
  const dropping = Random.seeded(seed, 'dropped units');
  const losses: number[] = [];
  const pace = new Pace(epochs * dataset.examples.length);
  let step = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffling.shuffled(dataset.examples.map((_, index) => index));
    let [sum, seen] = [0, 0];
    for await (const batch of batches(backbone, dataset, order, options)) {
      signal?.throwIfAborted();
      const rate = rateAt(schedule, learningRate, step, steps);
      const loss = await stepOf(trainer, backbone, batch, targets, rate, dropping.uint32());
      if (!Number.isFinite(loss)) throw diverged(epoch, learningRate);
      step += 1;
      sum += loss * batch.length;
      seen += batch.length;
      options.onProgress?.({ epoch, epochs, step, steps, loss: sum / seen, ...pace.add(batch.length) });
    }
    losses.push(sum / seen);
  }
  return losses;
}

interface Ready {
  /** Its place in the data set. */
  readonly index: number;
  readonly prepared: Prepared;
}

async function* batches(
  { preparer }: Backbone,
  dataset: Dataset,
  order: readonly number[],
  { batchSize, signal }: LoopOptions,
): AsyncGenerator<Ready[]> {
  const examples = order.flatMap((index) => dataset.examples[index] ?? []);
  const shuffled = subset(dataset, examples);
  const stream = streamExamples(shuffled, {
    ahead: 2 * batchSize,
    tolerate: 0,
    transform: (raw) => preparer.prepare(raw),
    signal,
  });
  let waiting: Ready[] = [];
  for await (const { index, value, error } of stream) {
    if (error !== undefined) throw error;
    waiting.push({ index: order[index] ?? 0, prepared: value });
    if (waiting.length < batchSize) continue;
    yield waiting;
    waiting = [];
  }
  if (waiting.length > 0) yield waiting;
}

async function stepOf(
  trainer: Trainer,
  { preparer }: Backbone,
  ready: readonly Ready[],
  targets: (example: number) => Float32Array,
  rate: number,
  dropout: number,
): Promise<number> {
  const batch = preparer.batch(ready.map(({ prepared }) => prepared));
  const rows = ready.flatMap(({ index, prepared }) => Array<number>(prepared.rows).fill(index));
  const wanted = targetRows(rows.map(targets));
  try {
    return await trainer.step(batch, wanted, rate, dropout);
  } finally {
    disposeBatch(batch);
    wanted.dispose();
  }
}

function targetRows(rows: readonly Float32Array[]): Tensor2D {
  const width = rows[0]?.length ?? 0;
  const values = new Float32Array(rows.length * width);
  for (const [row, target] of rows.entries()) values.set(target, row * width);
  return tf.tensor2d(values, [rows.length, width]);
}

function targetsOf(head: Head, { examples }: Dataset): (example: number) => Float32Array {
  const encoded = encodeTargets(head, {
    names: examples.map(({ name }) => name),
    labels: examples.map(({ labels }) => labels),
    targets: examples.map(({ target }) => target),
  });
  const { outputs } = head;
  return (example) => Float32Array.from(encoded.subarray(example * outputs, (example + 1) * outputs));
}

/** How fast it goes and how long it will take. */
class Pace {
  readonly #total: number;
  readonly #begun = performance.now();
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  add(examples: number): Pick<LoopProgress, 'perSecond' | 'secondsLeft'> {
    this.#done += examples;
    const perSecond = (1000 * this.#done) / Math.max(1, performance.now() - this.#begun);
    return { perSecond, secondsLeft: (this.#total - this.#done) / perSecond };
  }
}

function diverged(epoch: number, rate: number): ZooError {
  return new ZooError('FAILED', 'Training diverged: the loss is no longer a number', {
    found: `epoch ${epoch} with a learning rate of ${rate}`,
    hint: 'Try a tenth of the learning rate.',
  });
}
