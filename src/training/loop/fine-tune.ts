/** Option 2: all layers, or the later ones, trained from their pretrained values together with a head that fits already. */

import { type Digest, sha256 } from '../../core/digest.js';
import { ZooError } from '../../core/errors.js';
import type { Dataset } from '../../data/dataset.js';
import type { Weight, Weights } from '../../formats/weight.js';
import type { Backbone } from '../../transfer/backbone.js';
import { hashParameters, startFreezeAudit } from '../../transfer/freeze-audit.js';
import { FittedHead } from '../../transfer/heads/fitted-head.js';
import { dataDigest, exampleDigests } from '../features/example-digests.js';
import { type BatchSource, ExampleBatches } from './batches.js';
import { Checkpoint } from './checkpoint.js';
import { commonLength } from './common-length.js';
import { depthRates } from './depth-rates.js';
import { type FoundRate, findRate, findRateWith } from './find-rate.js';
import type { FineTuned, FineTuneOptions, KnownExamples } from './fine-tune-options.js';
import { type Settings, settingsOf } from './fine-tune-settings.js';
import { frozenBatches } from './frozen-batches.js';
import { openTrainer } from './open-trainer.js';
import { settleStatistics } from './settle-statistics.js';
import { targetsOf } from './target-rows.js';
import { type LoopData, trainLoop } from './train-loop.js';
import type { Trainer, TrainerOptions } from './trainer.js';
import { whatTrains } from './what-trains.js';

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
  const settings = settingsOf(options, known.split?.learn.length ?? dataset.examples.length);
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
  let parameters: Weights | undefined;
  try {
    const changing = new Set(trainer.changing);
    const audit = await startFreezeAudit(backbone.network, (name) => !changing.has(name));
    const opened: Opened = { trainer, parts, frozen: audit.digest };
    const ran = await run(opened, dataset, options, settings, { ...known, notes });
    parameters = await trainer.finish();
    await audit.verify();
    const fitted = new FittedHead(head, start.width, parameters);
    const { seed: _, signal: __, patience: ___, usualRate: ____, ...said } = settings;
    return { ...said, ...ran, fitted, changed: trainer.changing, way: trainer.way, refusal };
  } finally {
    if (parameters === undefined) await trainer.finish();
  }
}

interface Opened {
  readonly trainer: Trainer;
  readonly parts: Pick<TrainerOptions, 'backbone' | 'head' | 'start' | 'trainable' | 'positions'>;
  /** Of the tensors that stay as they are. */
  readonly frozen: Digest;
}

async function run(
  { trainer, parts, frozen }: Opened,
  dataset: Dataset,
  options: FineTuneOptions,
  settings: Settings,
  known: KnownExamples & { readonly notes: string[] },
) {
  const { backbone, head, start, trainable, positions } = parts;
  const { signal, seed } = settings;
  const { checkpoints } = options;
  const { notes } = known;
  // Hashing reads every file: not where nothing is kept.
  const isKept = checkpoints !== undefined || trainer.boundary !== undefined;
  const digests = known.digests ?? (isKept ? await exampleDigests(dataset.examples, signal) : []);
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
        ? await find(trainer, data, known.trial, settings, options)
        : undefined;
    const learningRate = found?.rate ?? settings.usualRate;
    const checkpoint =
      checkpoints === undefined
        ? undefined
        : await Checkpoint.open({
            ...checkpoints,
            key: runKey({
              state,
              before: [
                ...(await hashParameters(backbone.network, (name) => trainer.changing.includes(name))),
              ],
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
            }),
          });
    const loop = { ...settings, learningRate, onProgress: options.onProgress };
    const result = await trainLoop(trainer, data, loop, checkpoint);
    const followed = trainer.changing.filter((name) => !trainable.includes(name));
    if (followed.length > 0) await settleStatistics(trainer, data, followed, settings);
    return { ...result, learningRate, found, frozenCached: batches.cached, notes, checkpoint };
  } finally {
    await batches.close();
  }
}

function find(
  trainer: Trainer,
  data: LoopData,
  trial: KnownExamples['trial'],
  settings: Settings,
  { onRates: onProgress }: FineTuneOptions,
): Promise<FoundRate> {
  const { batchSize, accumulate, seed, signal, usualRate: around } = settings;
  const trying = { around, batchSize, accumulate, seed, signal, onProgress };
  if (trial === undefined) return findRate(trainer, data, trying);
  return findRateWith({ ...trial, head: trial.start.parameters }, trainer, data, trying);
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

function runKey(parts: object): Digest {
  return sha256(JSON.stringify({ version: RUN_VERSION, ...parts }));
}

function bytesOf(values: Weight['data']): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
