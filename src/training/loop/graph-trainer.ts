/** Training as one native graph: forward and backward pass and the update are one call. */
import type { Weights } from '../../formats/weight.js';
import { type NativeTraining, nativeTraining } from '../../graph/native-training.js';
import { type Tensor, type Tensor2D, tf } from '../../runtime/tensorflow.js';
import type { Differentiable, Head } from '../../transfer/heads/head.js';
import { type Loss, meanLoss } from '../../transfer/heads/loss.js';
import { float32 } from '../../transfer/heads/weight-data.js';
import { poolPositions } from '../../transfer/pooling.js';
import type { Batch } from '../../transfer/prepare/preparer.js';
import { decays, type Optimizer } from './optimizer.js';
import { scaleFeatures } from './scale-features.js';
import type { Trainer, TrainerOptions } from './trainer.js';

/** Before the names of the head's parameters, which must not be those of the network. */
const HEAD = 'head/';

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
 * @throws ZooError `NO_RUNTIME`.
 */
export async function graphTrainer(
  options: TrainerOptions,
  { batch, targets }: ExampleBatch,
  onRefusal: (reason: string) => void,
): Promise<Trainer | undefined> {
  const { backbone, head, trainable, given, clipNorm } = options;
  const { differentiable, loss } = head;
  if (differentiable === undefined || loss === undefined) return undefined;
  if (differentiable.drops || given.length > 0) {
    onRefusal(differentiable.drops ? 'the head drops units by chance' : 'the network waits for values');
    return undefined;
  }
  const mask = maskName(batch);
  const parameters = headParameters(options, differentiable);
  try {
    const training = await nativeTraining(backbone.network, {
      cut: backbone.cut,
      pooling: (output, inputs) =>
        poolPositions(output, backbone.pooling, mask === undefined ? undefined : inputs[mask]),
      trainable,
      loss: (features, wanted, tensors) => lossOf(head, loss, differentiable, features, wanted, tensors),
      head: parameters,
      optimizer: withDecayed(options.optimizer, options, parameters),
      clipNorm,
      example: { inputs: batch.inputs, targets },
      open: backbone.preparer.modality === 'text' ? 'all' : 'batch',
      onRefusal,
    });
    return training === undefined ? undefined : new GraphTrainer(options, training);
  } finally {
    tf.dispose(parameters.map(({ value }) => value));
  }
}

function lossOf(
  head: Head,
  loss: Loss,
  differentiable: Differentiable,
  features: Tensor,
  targets: Tensor,
  parameters: readonly Tensor[],
): Tensor {
  const [rows = 0, width = 0] = features.shape;
  const scaled = scaleFeatures(head, features.as2D(rows, width));
  return meanLoss(loss, differentiable.apply(scaled, parameters), targets.as2D(rows, head.outputs));
}

function headParameters({ start }: TrainerOptions, { names }: Differentiable) {
  return names.flatMap((name) => {
    const weight = start.get(name);
    if (weight === undefined) return [];
    return { name: HEAD + name, value: tf.tensor(weight.data, [...weight.shape], 'float32') };
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

/** Under which name the mask is among the inputs. */
function maskName({ inputs, mask }: Batch): string | undefined {
  if (mask === undefined || inputs instanceof tf.Tensor) return undefined;
  return Object.entries(inputs).find(([, tensor]) => tensor === mask)?.[0];
}

class GraphTrainer implements Trainer {
  readonly way = 'graph';
  readonly #options: TrainerOptions;
  readonly #training: NativeTraining;

  constructor(options: TrainerOptions, training: NativeTraining) {
    this.#options = options;
    this.#training = training;
  }

  step(batch: Batch, targets: Tensor2D, rate: number): Promise<number> {
    return this.#training.step(batch.inputs, targets, rate);
  }

  async head(): Promise<Weights> {
    const all = await this.#training.weights();
    try {
      const own = [...all].filter(([name]) => name.startsWith(HEAD));
      const read = async ([name, tensor]: [string, Tensor]) =>
        [name.slice(HEAD.length), float32(tensor.shape, await tensor.data<'float32'>())] as const;
      return new Map(await Promise.all(own.map(read)));
    } finally {
      tf.dispose([...all.values()]);
    }
  }

  async finish(): Promise<void> {
    const { network } = this.#options.backbone;
    try {
      for (const [name, tensor] of await this.#training.weights()) {
        if (name.startsWith(HEAD)) tensor.dispose();
        else network.assign(name, tensor);
      }
    } finally {
      this.#training.dispose();
    }
  }
}
