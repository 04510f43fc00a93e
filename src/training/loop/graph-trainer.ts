/** Training as one native graph: forward and backward pass and the update are one call. */
import type { Weight, Weights } from '../../formats/weight.js';
import {
  type BoundaryTensor,
  type NativeTraining,
  nativeTraining,
  type Slots,
  type StepMemory,
} from '../../graph/native-training.js';
import { type Tensor, type Tensor2D, tf } from '../../runtime/tensorflow.js';
import type { Differentiable, Drop, Head } from '../../transfer/heads/head.js';
import { meanLoss } from '../../transfer/heads/loss.js';
import { float32 } from '../../transfer/heads/weight-data.js';
import { poolPositions } from '../../transfer/pooling.js';
import { type Batch, maskName } from '../../transfer/prepare/preparer.js';
import { decays, type Optimizer } from './optimizer.js';
import { requireRows } from './parts-of-batch.js';
import { scaleFeatures } from './scale-features.js';
import {
  HEAD_PREFIX,
  headOf,
  type StepInput,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
} from './trainer.js';

/** A batch as later ones will be, but for its size. */
export interface ExampleBatch {
  readonly batch: Batch;
  /** [rows, outputs]. */
  readonly targets: Tensor2D;
}

/**
 * @param example read at once; it stays the caller's.
 * @param onRefusal told why there is no graph.
 * @returns undefined where the step can't become a graph: then train operation by operation.
 * @throws ZooError `NO_RUNTIME`; `USAGE` for batches that can't go through the network in parts.
 */
export async function graphTrainer(
  options: TrainerOptions,
  { batch, targets }: ExampleBatch,
  onRefusal: (reason: string) => void,
): Promise<Trainer | undefined> {
  const { backbone, head, trainable, given, clipNorm, rates, accumulate = 1 } = options;
  const { differentiable, loss } = head;
  if (differentiable === undefined || loss === undefined) return undefined;
  if (given.length > 0) {
    onRefusal('the network waits for values');
    return undefined;
  }
  if (accumulate > 1) requireRows(batch, targets.shape[0]);
  const mask = maskName(batch);
  const parameters = headParameters(options, differentiable);
  const before = process.memoryUsage.rss();
  const outputsOf = (features: Tensor, tensors: readonly Tensor[], drop?: Drop) =>
    rawOutputs(head, differentiable, features, tensors, drop);
  try {
    const training = await nativeTraining(backbone.network, {
      cut: backbone.cut,
      pooling: (output, inputs) =>
        poolPositions(output, backbone.pooling, mask === undefined ? undefined : inputs[mask]),
      trainable,
      loss: (features, wanted, tensors, random) => {
        const outputs = outputsOf(features, tensors, (units, rate) => random.dropout(units, rate));
        return meanLoss(loss, outputs, wanted.as2D(outputs.shape[0], head.outputs));
      },
      predict: outputsOf,
      head: parameters,
      optimizer: withDecayed(options.optimizer, options, parameters),
      rates,
      normalisation: options.normalisation,
      clipNorm,
      accumulate,
      example: { inputs: batch.inputs, targets },
      open: backbone.preparer.modality === 'text' && options.positions === undefined ? 'all' : 'batch',
      onRefusal,
    });
    if (training === undefined) return undefined;
    // Making the graph has run the step on small batches; what that took is kept, and used again.
    return new GraphTrainer(options, training, Math.max(0, process.memoryUsage.rss() - before));
  } finally {
    tf.dispose(parameters.map(({ value }) => value));
  }
}

function rawOutputs(
  head: Head,
  { apply }: Differentiable,
  features: Tensor,
  parameters: readonly Tensor[],
  drop: Drop | undefined,
): Tensor2D {
  const [rows = 0, width = 0] = features.shape;
  return apply(scaleFeatures(head, features.as2D(rows, width)), parameters, drop);
}

function headParameters({ start }: TrainerOptions, { names }: Differentiable) {
  return names.flatMap((name) => {
    const weight = start.get(name);
    return weight === undefined ? [] : [{ name: HEAD_PREFIX + name, value: tensorOf(weight) }];
  });
}

/** The graph's optimiser is told by name which parameters decay. */
function withDecayed(
  optimizer: Optimizer,
  { backbone, trainable }: TrainerOptions,
  head: readonly { readonly name: string; readonly value: Tensor }[],
) {
  if (optimizer.kind !== 'adamw') return optimizer;
  const decayed = [
    ...trainable.filter((name) => decays(backbone.network.parameters.get(name)?.shape ?? [])),
    ...head.filter(({ value }) => decays(value.shape)).map(({ name }) => name),
  ];
  return { ...optimizer, decayed };
}

class GraphTrainer implements Trainer {
  readonly way = 'graph';
  readonly boundary: readonly BoundaryTensor[] | undefined;
  readonly changing: readonly string[];
  readonly #options: TrainerOptions;
  readonly #training: NativeTraining;
  readonly #held: number;

  /** @param held bytes that TensorFlow holds already and that steps use. */
  constructor(options: TrainerOptions, training: NativeTraining, held: number) {
    this.#options = options;
    this.#training = training;
    this.#held = held;
    this.boundary = training.boundary;
    this.changing = training.changing.filter((name) => !name.startsWith(HEAD_PREFIX));
  }

  memory(from: 'inputs' | 'boundary'): StepMemory | undefined {
    const memory = from === 'inputs' ? this.#training.memory : this.#training.memoryFrom;
    return memory === undefined ? undefined : { ...memory, fixed: memory.fixed - this.#held };
  }

  frozen(batch: Batch): Promise<Tensor[]> {
    return this.#training.frozen(batch.inputs);
  }

  step({ batch, frozen }: StepInput, targets: Tensor2D, rate: number, dropout: number): Promise<number> {
    // Seeds of a graph have 31 bits.
    const seed = { seed: dropout >>> 1 };
    return batch === undefined
      ? this.#training.stepFrom(frozen, targets, rate, seed)
      : this.#training.step(batch.inputs, targets, rate, seed);
  }

  async outputs({ batch, frozen }: StepInput): Promise<Tensor2D> {
    const outputs =
      batch === undefined
        ? await this.#training.predictFrom(frozen)
        : await this.#training.predict(batch.inputs);
    const [rows = 0] = outputs.shape;
    return outputs.as2D(rows, this.#options.head.outputs);
  }

  async state(): Promise<TrainerState> {
    const slots = await this.#training.slots();
    const steps = Math.max(0, ...[...slots.values()].map((slot) => slot.steps));
    const remembered = [...slots].flatMap(([name, { tensors }]) =>
      Object.entries(tensors).map(([slot, tensor]) => [`${slot}/${name}`, tensor] as const),
    );
    return {
      weights: await takeValues(await this.#training.weights()),
      slots: await takeValues(new Map(remembered)),
      steps,
    };
  }

  async restore({ weights, slots, steps }: TrainerState): Promise<void> {
    const tensors = new Map([...weights].map(([name, weight]) => [name, tensorOf(weight)]));
    const remembered = slotTensors(slots, steps);
    try {
      await this.#training.load(tensors, remembered);
    } finally {
      tf.dispose([...tensors.values()]);
      for (const { tensors: own } of remembered.values()) tf.dispose(Object.values(own));
    }
  }

  async finish(): Promise<Weights> {
    const { network } = this.#options.backbone;
    const trained = await this.#training.weights();
    this.#training.dispose();
    const head = new Map<string, Tensor>();
    for (const [name, tensor] of trained) {
      if (name.startsWith(HEAD_PREFIX)) head.set(name, tensor);
      else network.assign(name, tensor);
    }
    return headOf(await takeValues(head));
  }
}

function slotTensors(slots: Weights, steps: number): Slots {
  const byParameter = new Map<string, Record<string, Tensor>>();
  for (const [key, weight] of slots) {
    const [slot = ''] = key.split('/', 1);
    const name = key.slice(slot.length + 1);
    byParameter.set(name, { ...byParameter.get(name), [slot]: tensorOf(weight) });
  }
  return new Map([...byParameter].map(([name, tensors]) => [name, { steps, tensors }]));
}

function tensorOf({ data, shape }: Weight): Tensor {
  return tf.tensor(data, [...shape], 'float32');
}

/** Reads tensors and frees them. */
async function takeValues(tensors: ReadonlyMap<string, Tensor>): Promise<Weights> {
  try {
    const read = async ([name, tensor]: [string, Tensor]) =>
      [name, float32(tensor.shape, await tensor.data<'float32'>())] as const;
    return new Map(await Promise.all([...tensors].map(read)));
  } finally {
    tf.dispose([...tensors.values()]);
  }
}
