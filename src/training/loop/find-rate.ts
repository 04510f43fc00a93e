/**
 * A learning rate for data and network at hand, found by trying. The usual test, rising the rate until the loss of the
 * training examples does (Smith 2017, arXiv 1506.01186), says nothing here: a fitted head has almost no such loss from the
 * beginning. On 500 digits it chose 1e-7, with 93 % right in the end, where 3e-4 gives 99 %. So each rate has a short run of
 * its own, and examples that were not learnt from decide.
 */
import { Random } from '../../data/random.js';
import type { Weights } from '../../formats/weight.js';
import { checkFits } from './memory-budget.js';
import { rateAt } from './schedule.js';
import { targetRows } from './target-rows.js';
import type { LoopData } from './train-loop.js';
import { HEAD_PREFIX, type Trainer } from './trainer.js';
import { watch } from './watch.js';

export interface TriedRate {
  readonly rate: number;
  /** Of the examples that decide; null where training diverged. */
  readonly loss: number | null;
  /** Share that is right; null for regression, and where training diverged. */
  readonly accuracy: number | null;
}

export interface FoundRate {
  /** The one with the lowest loss; the middle one where all diverged. */
  readonly rate: number;
  /** From low to high. */
  readonly tried: readonly TriedRate[];
}

export interface FindRateOptions {
  /** In the middle of what is tried. */
  readonly around: number;
  readonly batchSize: number;
  /** Parts in which the trainer takes a batch. Default 1. */
  readonly accumulate?: number | undefined;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

const FACTORS = [0.1, 0.3, 1, 3, 10];
/** Of each short run. */
const STEPS = 60;

/**
 * Trains with a tenth to ten times the rate in the middle, 60 steps each from the same start, and puts everything back as
 * it was. The same seed finds the same rate.
 * @param data its watched examples decide: there must be some.
 * @throws ZooError as `trainLoop`; the signal's reason.
 */
export async function findRate(
  trainer: Trainer,
  data: LoopData,
  { around, batchSize, accumulate, seed, signal, onProgress }: FindRateOptions,
): Promise<FoundRate> {
  checkFits(trainer, data, { batchSize, accumulate });
  const before = await trainer.state();
  const tried: TriedRate[] = [];
  const { head, source, targets, watch: judged } = data;
  try {
    for (const [index, factor] of FACTORS.entries()) {
      onProgress?.({ done: index, total: FACTORS.length });
      const rate = Number((around * factor).toPrecision(3));
      const converged = await shortRun(trainer, data, rate, { batchSize, seed, signal });
      const found = converged
        ? await watch(trainer, head, source, targets, judged, { batchSize, signal })
        : { loss: Number.NaN, accuracy: null };
      tried.push({ rate, ...found, loss: Number.isFinite(found.loss) ? found.loss : null });
      await trainer.restore(before);
    }
  } finally {
    await trainer.restore(before);
  }
  onProgress?.({ done: FACTORS.length, total: FACTORS.length });
  const lossOf = ({ loss }: TriedRate) => loss ?? Number.POSITIVE_INFINITY;
  const best = tried.reduce<TriedRate>((found, one) => (lossOf(one) < lossOf(found) ? one : found), {
    rate: around,
    loss: null,
    accuracy: null,
  });
  return { rate: best.rate, tried };
}

/**
 * As `findRate`, but with a head that has not seen the examples that decide, where all are learnt from later.
 * @param trial its head's parameters by name, and places in the data.
 */
export async function findRateWith(
  trial: { readonly head: Weights; readonly learn: readonly number[]; readonly watch: readonly number[] },
  trainer: Trainer,
  data: LoopData,
  options: FindRateOptions,
): Promise<FoundRate> {
  const before = await trainer.state();
  const head = [...trial.head].map(([name, weight]) => [HEAD_PREFIX + name, weight] as const);
  await trainer.restore({ ...before, weights: new Map([...before.weights, ...head]) });
  try {
    return await findRate(trainer, { ...data, learn: trial.learn, watch: trial.watch }, options);
  } finally {
    await trainer.restore(before);
  }
}

/** @returns false where the loss became no number. */
async function shortRun(
  trainer: Trainer,
  { head, source, targets, learn }: LoopData,
  peak: number,
  { batchSize, seed, signal }: Pick<FindRateOptions, 'batchSize' | 'seed' | 'signal'>,
): Promise<boolean> {
  let step = 0;
  for (let epoch = 1; step < STEPS; epoch++) {
    const random = Random.seeded(seed, `trial of learning rates, epoch ${epoch}`);
    const order = random.shuffled(learn).slice(0, (STEPS - step) * batchSize);
    for await (const batch of source.batches(order, { batchSize, epoch, signal })) {
      const wanted = targetRows(targets, head.outputs, batch.rows);
      try {
        signal?.throwIfAborted();
        const rate = rateAt('cosine', peak, step, STEPS);
        const loss = await trainer.step(batch.input, wanted, rate, random.uint32());
        if (!Number.isFinite(loss)) return false;
      } finally {
        wanted.dispose();
        batch.dispose();
      }
      step += 1;
    }
  }
  return true;
}
