/** Option 2: all layers, or the later ones, trained from their pretrained values together with a head that fits already. */

import { ZooError } from '../../core/errors.js';
import type { Dataset } from '../../data/dataset.js';
import type { Weight, Weights } from '../../formats/weight.js';
import type { Backbone } from '../../transfer/backbone.js';
import { startFreezeAudit } from '../../transfer/freeze-audit.js';
import { FittedHead } from '../../transfer/heads/fitted-head.js';
import { eagerTrainer } from './eager-trainer.js';
import { DEFAULT_RATES, type Optimizer, type OptimizerName, optimizerOf } from './optimizer.js';
import type { Schedule } from './schedule.js';
import { checkLoop, type LoopProgress, trainLoop } from './train-loop.js';
import { trainableParameters } from './trainable-parameters.js';

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
  /** Mean loss of each epoch. */
  readonly losses: readonly number[];
}

/**
 * BatchNorm keeps its stored statistics. What is not trained is hashed before and after.
 * @param start a head that was fitted to the features as they are: with an untrained one the first steps would destroy
 *   what the network knows (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features", arXiv 2202.10054).
 * @throws ZooError `USAGE` for options, and a head without gradients; `DATA`, `NOT_FOUND` as `trainableParameters`;
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
  const trainable = trainableParameters(backbone.network, from);
  const trained = new Set(trainable);
  const audit = await startFreezeAudit(backbone.network, (parameter) => !trained.has(parameter));
  const trainer = eagerTrainer({ backbone, head, start: start.parameters, trainable, optimizer, clipNorm });
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
  return { fitted, changed: trainable, optimizer, learningRate, schedule, epochs, batchSize, losses };
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
