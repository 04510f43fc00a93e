/** Whether to train the head alone or the network too: by the number of examples, and then by trying both. */

import type { Dataset } from '../../data/dataset.js';
import { subset } from '../../data/make-dataset.js';
import { Random } from '../../data/random.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { Backbone } from '../../transfer/backbone.js';
import type { FittedHead } from '../../transfer/heads/fitted-head.js';
import type { Head } from '../../transfer/heads/head.js';
import { classesOf, encodeTargets } from '../../transfer/heads/targets.js';
import { mean } from '../evaluate/mean.js';
import { extractFeatures } from '../features/extract-features.js';
import { type FeatureTable, rowsOfTable } from '../features/feature-table.js';
import { fineTune } from '../loop/fine-tune.js';
import type { FineTuneOptions } from '../loop/fine-tune-options.js';
import { BATCH_SIZE, usualEpochs } from '../loop/fine-tune-settings.js';
import type { FitOptions, HeadFit } from '../solve/fit-options.js';
import { stratifiedFolds } from '../solve/folds.js';
import { refitHead } from '../solve/refit-head.js';

/** How many steps the short run has, at most. */
const STEPS = 200;
const FOLDS = 3;
/** Examples of the rarest class: with fewer, folds have too few to learn from and to be measured on. */
const FEWEST = 6;
/** Most examples that are tried with. */
const MOST = 1500;

export interface TrainingChoice {
  readonly train: 'head' | 'all';
  /** In a sentence. */
  readonly reason: string;
  /** Undefined where the number of examples decided. */
  readonly compared: ComparedTraining | undefined;
}

/** Both ways on the same held-out examples: share that is right, or R² for regression. */
export interface ComparedTraining {
  readonly examples: number;
  readonly folds: number;
  readonly epochs: number;
  readonly head: number;
  readonly all: number;
  /** Of the difference, from the differences of single examples. */
  readonly standardError: number;
}

export interface ChooseTrainingOptions {
  readonly seed: number;
  /** As the probe was fitted. */
  readonly fitting: FitOptions;
  readonly fineTune: Omit<FineTuneOptions, 'from'>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/**
 * Three-fold cross-validation: a head on the features as they are, and the network trained further from that head for at
 * most 200 steps, both measured on examples that they have not seen. Training all must win by more than the standard
 * error of the difference. The network is as it was afterwards.
 * @param probe the head on all rows of `table`; its C is that of the folds too.
 * @param dataset readable examples, in the rows of `table`.
 * @throws ZooError as `fineTune`; the signal's reason.
 */
export async function chooseTraining(
  backbone: Backbone,
  probe: HeadFit,
  dataset: Dataset,
  table: FeatureTable,
  options: ChooseTrainingOptions,
): Promise<TrainingChoice> {
  const { seed, fitting, onProgress } = options;
  const { head } = probe.fitted;
  const targets = encodeTargets(head, table);
  const classes = head.task === 'classification' ? classesOf(targets, head.outputs) : undefined;
  const rarest = fewestOf(classes, head.outputs) ?? table.names.length;
  if (rarest < FEWEST) {
    const of = classes === undefined ? 'examples' : 'examples of the rarest class';
    const reason = `${rarest} ${of} are too few to compare: the new output layer alone learns`;
    return { train: 'head', reason, compared: undefined };
  }
  const rows = someRows(table.names.length, classes, head.outputs, Random.seeded(seed, 'tried examples'));
  const groups = fitting.groups === undefined ? undefined : rows.map((row) => fitting.groups?.[row] ?? row);
  const own = classes === undefined ? undefined : Int32Array.from(rows, (row) => classes[row] ?? 0);
  const plan = stratifiedFolds(rows.length, own, groups, FOLDS, Random.seeded(seed, 'folds of training'));
  const { batchSize = BATCH_SIZE } = options.fineTune;
  const learnt = Math.ceil((rows.length * (plan.count - 1)) / plan.count);
  const { epochs = usualEpochs(learnt, batchSize) } = options.fineTune;
  const perEpoch = Math.ceil(learnt / batchSize);
  const short = Math.min(epochs, Math.max(1, Math.round(STEPS / perEpoch)));
  const errors = { head: new Float64Array(rows.length), all: new Float64Array(rows.length) };
  for (let fold = 0; fold < plan.count; fold++) {
    onProgress?.({ done: fold, total: plan.count });
    const places = rows.map((_, place) => place);
    const inside = places.filter((place) => plan.folds[place] !== fold);
    const outside = places.filter((place) => plan.folds[place] === fold);
    const rowsOf = (part: readonly number[]) => part.map((place) => rows[place] ?? 0);
    const found = await compare(backbone, probe, dataset, table, {
      ...options,
      fineTune: { ...options.fineTune, epochs: short },
      inside: rowsOf(inside),
      outside: rowsOf(outside),
    });
    for (const way of ['head', 'all'] as const) {
      errorsOf(head, found[way], targets, rowsOf(outside)).forEach((error, at) => {
        errors[way][outside[at] ?? 0] = error;
      });
    }
  }
  onProgress?.({ done: plan.count, total: plan.count });
  const compared = {
    examples: rows.length,
    folds: plan.count,
    epochs: short,
    ...scoresOf(head, errors, targets, rows),
  };
  const isBetter = compared.all - compared.head > compared.standardError;
  return {
    train: isBetter ? 'all' : 'head',
    reason: isBetter
      ? 'training all layers is better by more than the standard error'
      : 'training all layers is not better by more than the standard error: the new output layer alone learns',
    compared,
  };
}

interface Fold extends ChooseTrainingOptions {
  /** Rows that are learnt from, and those that are held out. */
  readonly inside: readonly number[];
  readonly outside: readonly number[];
}

/** Scores of the held-out rows, both ways. */
async function compare(
  backbone: Backbone,
  probe: HeadFit,
  dataset: Dataset,
  table: FeatureTable,
  { inside, outside, fitting, fineTune: settings, seed, signal }: Fold,
): Promise<Record<'head' | 'all', Float32Array>> {
  const { fitted } = await refitHead(probe, table, inside, { ...fitting, signal, onProgress: undefined });
  const held = rowsOfTable(table, outside);
  const scores = fitted.scores(held.features, outside.length);
  const values = trainableValues(backbone);
  try {
    const learnt = examplesOf(dataset, inside);
    const { fitted: tuned } = await fineTune(backbone, fitted, learnt, {
      ...settings,
      ...{ onProgress: undefined, onFrozen: undefined, onRates: undefined, checkpoints: undefined },
      // The run that may follow looks for one; the usual rate is good enough to compare.
      learningRate: settings.learningRate === 'find' ? undefined : settings.learningRate,
      earlyStopping: undefined,
      from: 'all',
      seed,
      signal,
    });
    return { head: scores, all: await scoresNow(backbone, tuned, examplesOf(dataset, outside), signal) };
  } finally {
    for (const [name, value] of values) backbone.network.assign(name, value);
  }
}

/** Of the network as it is trained at the moment: nothing of it comes from a cache. */
async function scoresNow(
  backbone: Backbone,
  fitted: FittedHead,
  dataset: Dataset,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { features, names } = await extractFeatures(backbone, dataset, { signal });
  return fitted.scores(features, names.length);
}

function trainableValues({ network }: Backbone): Map<string, Tensor> {
  const trainable = [...network.parameters.values()].filter((parameter) => parameter.trainable);
  return new Map(trainable.map(({ name, value }) => [name, tf.keep(value.clone())]));
}

/** Of each row: 1 where the answer is wrong, the share of labels that are, or the squared difference. */
function errorsOf(
  { task, outputs }: Head,
  scores: Float32Array,
  targets: Float64Array,
  rows: readonly number[],
): number[] {
  return rows.map((row, at) => {
    const said = scores.subarray(at * outputs, (at + 1) * outputs);
    const true_ = targets.subarray(row * outputs, (row + 1) * outputs);
    if (task === 'regression') return ((said[0] ?? 0) - (true_[0] ?? 0)) ** 2;
    if (task === 'classification') return said.indexOf(Math.max(...said)) === true_.indexOf(1) ? 0 : 1;
    return (
      true_.reduce((sum, label, place) => sum + Number((said[place] ?? 0) > 0.5 !== label > 0.5), 0) / outputs
    );
  });
}

function scoresOf(
  head: Head,
  errors: Readonly<Record<'head' | 'all', Float64Array>>,
  targets: Float64Array,
  rows: readonly number[],
): Pick<ComparedTraining, 'head' | 'all' | 'standardError'> {
  // Of regression: as parts of the variance, so that 1 minus it is R².
  const scale = head.task === 'regression' ? variance(rows.map((row) => targets[row] ?? 0)) || 1 : 1;
  const differences = [...errors.head].map((error, row) => (error - (errors.all[row] ?? 0)) / scale);
  return {
    head: 1 - mean([...errors.head]) / scale,
    all: 1 - mean([...errors.all]) / scale,
    standardError: Math.sqrt(variance(differences) / (rows.length - 1)),
  };
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

function fewestOf(classes: Int32Array | undefined, outputs: number): number | undefined {
  if (classes === undefined) return undefined;
  const counts = new Array<number>(outputs).fill(0);
  for (const label of classes) counts[label] = (counts[label] ?? 0) + 1;
  return Math.min(...counts);
}

/** All, or as many of each class as leave no more than `MOST`, in order. */
function someRows(count: number, classes: Int32Array | undefined, outputs: number, random: Random): number[] {
  const all = Array.from({ length: count }, (_, row) => row);
  if (count <= MOST) return all;
  const left = new Map<number, number>();
  const most = classes === undefined ? MOST : Math.max(FEWEST, Math.floor(MOST / outputs));
  return random
    .shuffled(all)
    .filter((row) => {
      const label = classes?.[row] ?? 0;
      const taken = left.get(label) ?? 0;
      left.set(label, taken + 1);
      return taken < most;
    })
    .toSorted((a, b) => a - b);
}

function examplesOf(dataset: Dataset, rows: readonly number[]): Dataset {
  return subset(
    dataset,
    rows.flatMap((row) => dataset.examples[row] ?? []),
  );
}
