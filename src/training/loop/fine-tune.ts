/** Option 2: all layers, or the later ones, trained from their pretrained values together with a head that fits already. */

import { ZooError } from '../../core/errors.js';
import type { Dataset } from '../../data/dataset.js';
import type { Weight, Weights } from '../../formats/weight.js';
import { exampleInputs } from '../../graph/gradients/example-inputs.js';
import { parametersFrom } from '../../graph/gradients/parameters-from.js';
import { findTrainable } from '../../graph/gradients/trainability.js';
import { tf } from '../../runtime/tensorflow.js';
import type { Backbone } from '../../transfer/backbone.js';
import { startFreezeAudit } from '../../transfer/freeze-audit.js';
import { FittedHead } from '../../transfer/heads/fitted-head.js';
import { disposeBatch } from '../../transfer/prepare/preparer.js';
import { eagerTrainer } from './eager-trainer.js';
import { graphTrainer } from './graph-trainer.js';
import { DEFAULT_RATES, type Optimizer, type OptimizerName, optimizerOf } from './optimizer.js';
import type { Schedule } from './schedule.js';
import { checkLoop, type LoopProgress, trainLoop } from './train-loop.js';
import type { Trainer, TrainerOptions } from './trainer.js';

export interface FineTuneOptions {
  /** `all`, or the layer from which on everything is trained. */
  readonly from: string;
  /** Default `adam`. */
  readonly optimizer?: OptimizerName | undefined;
  /** Of AdamW; see `optimizerOf`. */
  readonly weightDecay?: number | undefined;
  /** Default 10. */
  readonly epochs?: number | undefined;
  /** Default 16. */
  readonly batchSize?: number | undefined;
  /** Highest of the schedule; by default 1e-4 for Adam and AdamW, 1e-3 for SGD. */
  readonly learningRate?: number | undefined;
  /** Default `cosine`, after a warm-up over a tenth of the steps. */
  readonly schedule?: Schedule | undefined;
  /** Default 1: all gradients together are scaled down to this length. */
  readonly clipNorm?: number | undefined;
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoopProgress) => void) | undefined;
}

export interface FineTuned {
  readonly fitted: FittedHead;
  /** Parameters of the network that were trained, by name; their values are in the network. */
  readonly changed: readonly string[];
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly epochs: number;
  readonly batchSize: number;
  /** As one native graph, or operation by operation: the same but for rounding. */
  readonly way: Trainer['way'];
  /** Why it was no graph; undefined where it was one, or so few steps that none was made. */
  readonly refusal: string | undefined;
  /** Mean loss of each epoch. */
  readonly losses: readonly number[];
}

/**
 * BatchNorm keeps its stored statistics. What is not trained is hashed before and after.
 * @param start a head that was fitted to the features as they are: with an untrained one the first steps would destroy
 *   what the network knows (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features", arXiv 2202.10054).
 * @throws ZooError `USAGE` for options, and a head without gradients; `NOT_FOUND` for a layer that the network does not have; `DATA`
 *   where an operation without a gradient is in the way, naming it, or nothing is left to train;
 *   `FAILED` when training diverges or a frozen weight changed; the signal's reason. The network may then hold
 *   half-trained values: open it again.
 */
export async function fineTune(
  backbone: Backbone,
  start: FittedHead,
  dataset: Dataset,
  options: FineTuneOptions,
): Promise<FineTuned> {
  const {
    from,
    optimizer: name = 'adam',
    epochs = 10,
    batchSize = 16,
    schedule = 'cosine',
    clipNorm = 1,
  } = options;
  const { head } = start;
  if (head.differentiable === undefined || head.loss === undefined) {
    throw new ZooError('USAGE', `A ${head.kind} head has no gradients to train the network with`, {
      hint: 'Take a linear one or one with a hidden layer.',
    });
  }
  const optimizer = optimizerOf(name, options.weightDecay);
  const { seed = 0, signal, onProgress, learningRate = DEFAULT_RATES[name] } = options;
  const loop = { epochs, batchSize, learningRate, schedule, seed, signal, onProgress };
  checkLoop(loop);
  const { trainable, given } = await whatTrains(backbone, from);
  const trained = new Set(trainable);
  const audit = await startFreezeAudit(backbone.network, (parameter) => !trained.has(parameter));
  const parts = { backbone, head, start: start.parameters, trainable, given, optimizer, clipNorm };
  const { trainer, refusal } = await openTrainer(parts, dataset, epochs, signal);
  let parameters: Weights;
  let losses: number[];
  try {
    losses = await trainLoop(trainer, { backbone, head }, dataset, loop);
    parameters = await trainer.head();
  } finally {
    await trainer.finish();
  }
  await audit.verify();
  const fitted = new FittedHead(head, start.width, parameters);
  const how = { optimizer, learningRate, schedule, epochs, batchSize, way: trainer.way, refusal };
  return { fitted, changed: trainable, ...how, losses };
}

/** Making a graph takes seconds, which so many examples, counted in every epoch, earn back. */
const WORTH_A_GRAPH = 200;
/** What the graph is traced with; two, as a batch of one may hide what depends on the number of examples. */
const TRACED = 2;

/** Which way depends on the number of examples alone, so that the same data give the same bytes. */
async function openTrainer(
  options: TrainerOptions,
  dataset: Dataset,
  epochs: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly trainer: Trainer; readonly refusal: string | undefined }> {
  if (epochs * dataset.examples.length < WORTH_A_GRAPH) {
    return { trainer: eagerTrainer(options), refusal: undefined };
  }
  const { preparer } = options.backbone;
  const prepared = await Promise.all(
    dataset.examples.slice(0, TRACED).map(async (example) => preparer.prepare(await example.load(signal))),
  );
  const batch = preparer.batch(prepared);
  const rows = prepared.reduce((sum, one) => sum + one.rows, 0);
  const { outputs } = options.head;
  const targets = tf.tidy(() => tf.zeros([rows, outputs]).as2D(rows, outputs));
  let refusal: string | undefined;
  try {
    const graph = await graphTrainer(options, { batch, targets }, (reason) => {
      refusal = reason;
    });
    return { trainer: graph ?? eagerTrainer(options), refusal: graph === undefined ? refusal : undefined };
  } finally {
    disposeBatch(batch);
    targets.dispose();
  }
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
