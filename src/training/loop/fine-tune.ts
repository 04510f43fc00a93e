/** Option 2: all layers, or the later ones, trained from their pretrained values together with a head that fits already. */

import { type Digest, sha256 } from '../../core/digest.js';
import { ZooError } from '../../core/errors.js';
import { checkCount } from '../../data/check-number.js';
import type { Dataset } from '../../data/dataset.js';
import type { Weight, Weights } from '../../formats/weight.js';
import { exampleInputs } from '../../graph/gradients/example-inputs.js';
import { parametersFrom } from '../../graph/gradients/parameters-from.js';
import { findTrainable } from '../../graph/gradients/trainability.js';
import { tf } from '../../runtime/tensorflow.js';
import type { Backbone } from '../../transfer/backbone.js';
import { hashParameters, startFreezeAudit } from '../../transfer/freeze-audit.js';
import { FittedHead } from '../../transfer/heads/fitted-head.js';
import { encodeTargets } from '../../transfer/heads/targets.js';
import { dataDigest, exampleDigests } from '../features/example-digests.js';
import { type BatchSource, ExampleBatches } from './batches.js';
import { Checkpoint } from './checkpoint.js';
import { commonLength } from './common-length.js';
import { depthRates } from './depth-rates.js';
import { type FindRateOptions, type FoundRate, findRate } from './find-rate.js';
import type { FineTuned, FineTuneOptions, KnownExamples } from './fine-tune-options.js';
import { frozenBatches } from './frozen-batches.js';
import { openTrainer } from './open-trainer.js';
import { DEFAULT_RATES, optimizerOf } from './optimizer.js';
import { checkLoop, type LoopData, trainLoop } from './train-loop.js';
import { HEAD_PREFIX, networkOf, type Trainer, type TrainerOptions } from './trainer.js';

/** Changes when the same run would give other weights. */
const RUN_VERSION = 1;

/**
 * What is not trained is hashed before and after.
 * @param start a head that was fitted to the features as they are: with an untrained one the first steps would destroy
 *   what the network knows (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features", arXiv 2202.10054).
 * @param dataset every example of it must be readable.
 * @throws ZooError `USAGE` for options, and a head without gradients; `NOT_FOUND` for a layer that the network does not have; `DATA`
 *   where an operation without a gradient is in the way, naming it, or nothing is left to train;
 *   `FAILED` when training diverges, a batch does not fit into memory, or a frozen weight changed; the signal's reason.
 *   The network may then hold half-trained values: open it again.
 */
export async function fineTune(
  backbone: Backbone,
  start: FittedHead,
  dataset: Dataset,
  options: FineTuneOptions,
  known: KnownExamples = {},
): Promise<FineTuned> {
  const settings = settingsOf(options);
  const { head } = start;
  if (head.differentiable === undefined || head.loss === undefined) {
    throw new ZooError('USAGE', `A ${head.kind} head has no gradients to train the network with`, {
      hint: 'Take a linear one or one with a hidden layer.',
    });
  }
  const { trainable, given } = await whatTrains(backbone, options.from);
  const rates = depthRates(backbone.network, trainable, settings.depthRate);
  const { optimizer, clipNorm, accumulate, normalisation, epochs, signal } = settings;
  const notes: string[] = [];
  const positions =
    options.from === 'all' || options.augment !== undefined
      ? undefined
      : await commonLength(backbone.preparer, dataset, signal, (reason) => notes.push(reason));
  const parts = { backbone, head, start: start.parameters, trainable, given, optimizer, rates, positions };
  const how = { clipNorm, accumulate, normalisation };
  const { trainer, refusal } = await openTrainer({ ...parts, ...how }, dataset, epochs, signal);
  const changing = networkOf((await trainer.state()).weights);
  const isChanging = (name: string) => changing.includes(name);
  const audit = await startFreezeAudit(backbone.network, (name) => !isChanging(name));
  const before = await hashParameters(backbone.network, isChanging);
  const opened: Opened = { trainer, parts, frozen: audit.digest, before };
  let finished: Weights | undefined;
  try {
    const ran = await run(opened, dataset, options, settings, { ...known, notes });
    finished = await trainer.finish();
    await audit.verify();
    const fitted = new FittedHead(head, start.width, finished);
    const { seed: _, signal: __, patience: ___, usualRate: ____, ...said } = settings;
    return { ...said, ...ran, fitted, changed: changing, way: trainer.way, refusal };
  } finally {
    if (finished === undefined) await trainer.finish();
  }
}

interface Opened {
  readonly trainer: Trainer;
  readonly parts: Pick<TrainerOptions, 'backbone' | 'head' | 'start' | 'trainable' | 'positions'>;
  /** Of the tensors that stay as they are. */
  readonly frozen: Digest;
  /** Of those that are trained, before. */
  readonly before: ReadonlyMap<string, Digest>;
}

async function run(
  { trainer, parts, frozen, before }: Opened,
  dataset: Dataset,
  options: FineTuneOptions,
  settings: Settings,
  known: KnownExamples & { readonly notes: string[] },
) {
  const { backbone, head, start, trainable, positions } = parts;
  const { signal, seed } = settings;
  const digests = known.digests ?? (await exampleDigests(dataset.examples, signal));
  const { notes } = known;
  const state = sha256(JSON.stringify({ frozen, trainable }));
  const caching = {
    frozen: state,
    cache: known.cache,
    positions,
    digests,
    onProgress: options.onFrozen,
    signal,
  };
  const source =
    options.augment === undefined
      ? await frozenBatches(trainer, backbone, dataset, caching, (reason) => notes.push(reason))
      : undefined;
  const batches = source ?? examplesAnew(parts, dataset, options, seed);
  try {
    const { split = { learn: dataset.examples.map((_, index) => index), watch: [] } } = known;
    const data = { head, source: batches, targets: targetsOf(head, dataset), ...split };
    const found =
      settings.learningRate === 'find'
        ? await rateFor(trainer, data, known.trial, { ...settings, onProgress: options.onRates })
        : undefined;
    const learningRate = found?.rate ?? numberOf(settings.learningRate);
    const key = runKey({
      state,
      before: [...before],
      backbone: backbone.identity,
      preparation: backbone.preparer.identity,
      head: head.describe(),
      start: [...start].map(([name, { data: values }]) => [name, sha256(bytesOf(values))]),
      data: dataDigest(digests),
      learn: data.learn,
      settings: { ...settings, signal: undefined, learningRate },
      augment: options.augment,
      way: trainer.way,
      cached: batches.cached,
    });
    const { checkpoints } = options;
    const checkpoint = checkpoints === undefined ? undefined : await Checkpoint.open({ ...checkpoints, key });
    const loop = { ...settings, learningRate, onProgress: options.onProgress };
    const result = await trainLoop(trainer, data, loop, checkpoint);
    return { ...result, learningRate, found, frozenCached: batches.cached, notes, checkpoint };
  } finally {
    await batches.close();
  }
}

/** @param trial where the data have no examples to judge by. */
async function rateFor(
  trainer: Trainer,
  data: LoopData,
  trial: KnownExamples['trial'],
  settings: Pick<Settings, 'batchSize' | 'seed' | 'signal' | 'usualRate'> &
    Pick<FindRateOptions, 'onProgress'>,
): Promise<FoundRate> {
  const options = { ...settings, around: settings.usualRate };
  if (trial === undefined) return findRate(trainer, data, options);
  const before = await trainer.state();
  const head = [...trial.start.parameters].map(([name, weight]) => [HEAD_PREFIX + name, weight] as const);
  await trainer.restore({ ...before, weights: new Map([...before.weights, ...head]) });
  try {
    return await findRate(trainer, { ...data, learn: trial.learn, watch: trial.watch }, options);
  } finally {
    await trainer.restore(before);
  }
}

type Settings = ReturnType<typeof settingsOf>;

/** With their defaults. @throws ZooError `USAGE`. */
function settingsOf(options: FineTuneOptions) {
  const { optimizer: name = 'adam', seed = 0, signal, earlyStopping } = options;
  const settings = {
    optimizer: optimizerOf(name, options.weightDecay),
    learningRate: options.learningRate ?? DEFAULT_RATES[name],
    usualRate: DEFAULT_RATES[name],
    depthRate: options.depthRate ?? 1,
    schedule: options.schedule ?? 'cosine',
    epochs: options.epochs ?? 10,
    batchSize: options.batchSize ?? 16,
    accumulate: options.accumulate ?? 1,
    clipNorm: options.clipNorm ?? 1,
    normalisation: options.normalisation ?? 'stored',
    augmented: options.augment !== undefined,
    patience: earlyStopping?.patience ?? 3,
    seed,
    signal,
  } as const;
  checkCount('parts of a batch', settings.accumulate);
  const { learningRate } = settings;
  checkLoop({ ...settings, learningRate: learningRate === 'find' ? DEFAULT_RATES[name] : learningRate });
  return settings;
}

function numberOf(rate: number | 'find'): number {
  if (rate === 'find') throw new RangeError('a rate was to be found');
  return rate;
}

function examplesAnew(
  { backbone, positions }: Opened['parts'],
  dataset: Dataset,
  { augment }: FineTuneOptions,
  seed: number,
): BatchSource {
  const varied = augment === undefined ? undefined : { variation: augment, seed };
  return new ExampleBatches(backbone.preparer, dataset, varied, positions);
}

function targetsOf(head: FittedHead['head'], { examples }: Dataset): Float64Array {
  return encodeTargets(head, {
    names: examples.map(({ name }) => name),
    labels: examples.map(({ labels }) => labels),
    targets: examples.map(({ target }) => target),
  });
}

function runKey(parts: object): Digest {
  return sha256(JSON.stringify({ version: RUN_VERSION, ...parts }));
}

function bytesOf(values: Weight['data']): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** By trying: one example goes through the network under a gradient tape. */
async function whatTrains({ network, card }: Backbone, from: string) {
  const inputs = exampleInputs(network, card);
  try {
    const found = await findTrainable(network, inputs);
    const first = from === 'all' ? (found.from ?? network.layers[0]?.name ?? '') : from;
    return { trainable: parametersFrom(network, found, first), given: found.given };
  } finally {
    tf.dispose(inputs);
  }
}

/** Values of parameters as they are now. */
export async function changedWeights({ network }: Backbone, names: readonly string[]): Promise<Weights> {
  const weights = new Map<string, Weight>();
  for (const name of names) {
    const parameter = network.parameters.get(name);
    if (parameter === undefined) continue;
    weights.set(name, {
      shape: parameter.shape,
      dtype: 'float32',
      data: await parameter.value.data<'float32'>(),
    });
  }
  return weights;
}
