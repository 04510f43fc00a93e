/** One step of training but for the update: loss, predictions and gradients, operation by operation. */
import { ZooError } from '../../core/errors.js';
import type { Network } from '../../formats/network.js';
import { type Scalar, type Tensor, tf } from '../../runtime/tensorflow.js';
import { untraceable } from '../untraceable.js';
import { BatchStatistics, type BatchStatisticsOptions } from './batch-statistics.js';
import { rewritingKernels } from './kernel-rewrites.js';
import { Randomness } from './randomness.js';

export type NamedInputs = Readonly<Record<string, Tensor>>;

export interface NamedTensor {
  readonly name: string;
  readonly value: Tensor;
}

/**
 * @param features what comes out at the cut, pooled.
 * @param head in the order in which it was given.
 * @param random the only source of chance that a graph can hold: dropout.
 * @returns the mean loss of the examples of the batch.
 */
export type Loss = (
  features: Tensor,
  targets: Tensor,
  head: readonly Tensor[],
  random: Randomness,
) => Scalar | Tensor;

export interface StepDefinition {
  readonly network: Network;
  readonly cut: string;
  readonly pooling: (output: Tensor, inputs: NamedInputs) => Tensor;
  readonly loss: Loss;
  readonly predict: (features: Tensor, head: readonly Tensor[]) => Tensor;
  /** Trained parameters of the network, by their live values. */
  readonly backbone: readonly NamedTensor[];
  readonly head: readonly NamedTensor[];
  /** Which BatchNorms take the statistics of the batch; predictions take the running ones in any case. */
  readonly batchStatistics?: BatchStatisticsOptions | undefined;
}

export interface StepResult {
  readonly loss: Tensor;
  readonly predictions: Tensor;
  /** Of the backbone and then of the head. */
  readonly gradients: readonly Tensor[];
  /** Running statistics after the step, in the order of `followed`. */
  readonly statistics: readonly Tensor[];
}

/** What is trained: parameters of the backbone, and then of the head. */
export function trainedOf({ backbone, head }: StepDefinition): NamedTensor[] {
  return [...backbone, ...head];
}

/** Running statistics that steps change, by their live values. */
export function followed({ network, batchStatistics }: StepDefinition): NamedTensor[] {
  const names = batchStatistics?.normalisations.flatMap(({ mean, variance }) => [mean, variance]) ?? [];
  return names.flatMap((name) => {
    const value = network.parameters.get(name)?.value;
    return value === undefined ? [] : [{ name, value }];
  });
}

/**
 * Called inside a tidy.
 * @param seed int32 [2].
 * @throws ZooError `DATA` where the loss does not depend on a parameter, `USAGE` for a loss that is no number; what
 * TensorFlow.js throws for operations without gradients.
 */
export function computeStep(
  step: StepDefinition,
  inputs: NamedInputs,
  targets: Tensor,
  seed: Tensor,
): StepResult {
  const trained = trainedOf(step);
  const { network, batchStatistics } = step;
  const statistics = batchStatistics && new BatchStatistics(network, batchStatistics);
  const head = step.head.map(({ value }) => value);
  const kept: Tensor[] = [];
  try {
    const { value, grads } = tf.engine().gradients<Tensor>(
      () => {
        const forward = () => featuresOf(step, inputs);
        const features = statistics === undefined ? forward() : rewritingKernels([statistics], forward);
        if (statistics === undefined) kept.push(tf.keep(step.predict(features, head).clone()));
        return requireScalar(step.loss(features, targets, head, new Randomness(seed)));
      },
      trained.map((parameter) => parameter.value),
      undefined,
      true,
    );
    const gradients = trained.map(({ name }, index) => {
      const gradient: Tensor | null | undefined = grads[index];
      if (gradient === undefined || gradient === null)
        throw untraceable('the loss does not depend on a parameter that is to be trained', name);
      return gradient;
    });
    const [seen] = kept.map((tensor) => tensor.clone());
    return {
      loss: value,
      predictions: seen ?? step.predict(featuresOf(step, inputs), head),
      gradients,
      statistics: followed(step).flatMap(({ name }) => statistics?.running(name).clone() ?? []),
    };
  } catch (error) {
    dropTape();
    throw error;
  } finally {
    tf.dispose(kept);
    statistics?.dispose();
  }
}

/** What a tape has kept for its way back stays when the way there or back fails: TensorFlow.js leaves it. */
function dropTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
  Reflect.set(state, 'activeTape', null);
}

function featuresOf({ network, cut, pooling }: StepDefinition, inputs: NamedInputs): Tensor {
  const [output] = network.forward(inputs, [cut]);
  if (output === undefined) throw new ZooError('DATA', `The network gives nothing at ${cut}`);
  return pooling(output, inputs);
}

function requireScalar(loss: Tensor): Tensor {
  if (loss instanceof tf.Tensor && loss.rank === 0 && loss.dtype === 'float32') return loss;
  throw new ZooError('USAGE', 'The loss of a training step is not a number', {
    expected: 'a scalar, float32',
    found: loss instanceof tf.Tensor ? `[${loss.shape.join(', ')}] ${loss.dtype}` : typeof loss,
  });
}
