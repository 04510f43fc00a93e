/**
 * The statistics that BatchNorm predicts with, computed again when the weights have stopped moving. Those that followed
 * while they moved keep 0.99 of themselves at each step: after a short run they are still near 0 and 1 where they began,
 * and after any run they are of weights that are no more (Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm",
 * arXiv 2105.07576, section 3).
 */
import { Random } from '../../data/random.js';
import type { Weight, Weights } from '../../formats/weight.js';
import { float32 } from '../../transfer/heads/weight-data.js';
import { targetRows } from './target-rows.js';
import type { LoopData } from './train-loop.js';
import type { Trainer } from './trainer.js';

/** What a trainer's statistics keep of themselves at each step. */
const KEPT = 0.99;
/** After so many more, a batch counts for an eighth (0.99²⁰⁰): the first of a longer pass would be lost. */
const MOST_BATCHES = 200;

export interface SettleOptions {
  /** That of the training, which fits into memory. */
  readonly batchSize: number;
  /** Of the order of the examples. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Each statistic becomes the mean of those of at most 200 batches, the later ones counting a little more; the examples are not
 * varied, and what else is trained stays as it is. A last batch that is not full is left out, unless it is the only one.
 * @param names of the statistics, as in the trainer's state. The trainer must take those of each batch.
 * @returns the number of examples that they are of.
 * @throws ZooError `DATA` for examples that can't be read; the signal's reason.
 */
export async function settleStatistics(
  trainer: Trainer,
  data: LoopData,
  names: readonly string[],
  { batchSize, seed, signal }: SettleOptions,
): Promise<number> {
  const { weights } = await trainer.state();
  const statistics = names.flatMap((name) => {
    const weight = weights.get(name);
    return weight === undefined ? [] : [[name, weight] as const];
  });
  const goTo = (changed: readonly (readonly [string, Weight])[]) =>
    // Without what the optimiser remembers, a step at the rate 0 moves nothing.
    trainer.restore({ weights: new Map([...weights, ...changed]), slots: new Map(), steps: 0 });
  await goTo(statistics.map(([name, weight]) => [name, scaled(weight, 0)]));
  const order = Random.seeded(seed, 'order of the statistics').shuffled(data.learn);
  const used = order.slice(0, examplesUsed(order.length, batchSize));
  const batches = await pass(trainer, data, used, { batchSize, signal });
  const { weights: sums } = await trainer.state();
  await goTo(statistics.map(([name]) => [name, scaled(found(sums, name), 1 / (1 - KEPT ** batches))]));
  return used.length;
}

function examplesUsed(examples: number, batchSize: number): number {
  const full = Math.floor(examples / batchSize);
  return full === 0 ? examples : Math.min(full, MOST_BATCHES) * batchSize;
}

/** Steps that change nothing but the statistics. @returns how many. */
async function pass(
  trainer: Trainer,
  { source, targets, head }: LoopData,
  order: readonly number[],
  options: { readonly batchSize: number; readonly signal: AbortSignal | undefined },
): Promise<number> {
  let steps = 0;
  for await (const batch of source.batches(order, options)) {
    const wanted = targetRows(targets, head.outputs, batch.rows);
    try {
      options.signal?.throwIfAborted();
      await trainer.step(batch.input, wanted, 0, 0);
      steps++;
    } finally {
      wanted.dispose();
      batch.dispose();
    }
  }
  return steps;
}

function found(weights: Weights, name: string): Weight {
  const weight = weights.get(name);
  if (weight === undefined) throw new RangeError(`the trainer has no ${name}`);
  return weight;
}

function scaled({ shape, data }: Weight, factor: number): Weight {
  return float32(
    shape,
    Float32Array.from(data, (value) => value * factor),
  );
}
