/** Traces a training step at the sizes of a plan and makes its graph of them. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { Graph } from '../graph.js';
import { type InputShapes, randomInputs, type SizePlan } from '../open-sizes.js';
import { type Trace, trace } from '../trace.js';
import { unify } from '../unify.js';
import { untraceable } from '../untraceable.js';
import { FoldNormalisation } from './fold-normalisation.js';
import { rewritingKernels } from './kernel-rewrites.js';
import { MergeCentredPadding } from './merge-centred-padding.js';
import { computeStep, followed, type NamedInputs, type StepDefinition, trainedOf } from './step.js';

/** Nodes of a graph; a step that is unrolled over more gains nothing. */
const MOST_NODES = 100_000;

/** What a step is traced on; the caller disposes it. */
export interface Examples {
  readonly inputs: readonly Tensor[];
  readonly targets: Tensor;
  readonly seed: Tensor;
}

/**
 * @returns a graph whose inputs are those of the network, the targets, the seed, the trained parameters and the running
 * statistics that steps change, and whose outputs are loss, predictions, gradients and those statistics after a step.
 * The caller disposes it.
 * @throws ZooError `DATA` when it can't be traced; whatever TensorFlow.js throws.
 */
export function makeGraph(step: StepDefinition, targets: Tensor, plan: SizePlan): Graph {
  const traces: Trace[] = [];
  try {
    for (const shapes of plan.traced) traces.push(traceStep(step, targets, shapes));
    const names = [...trainedOf(step), ...followed(step)].map(({ name }) => name);
    return unify(traces, ['loss', 'predictions', ...names]);
  } finally {
    for (const each of traces) each.dispose();
  }
}

function traceStep(step: StepDefinition, targets: Tensor, shapes: InputShapes): Trace {
  const examples = someExamples(step, targets, shapes);
  try {
    const traced = trace(() => {
      const result = rewritingKernels([new FoldNormalisation(), new MergeCentredPadding()], () =>
        computeStep(step, namedInputs(step, examples.inputs), examples.targets, examples.seed),
      );
      return [result.loss, result.predictions, ...result.gradients, ...result.statistics];
    }, [
      ...step.network.inputs.map(({ name }, index) => ({ name, tensor: tensorAt(examples.inputs, index) })),
      { name: 'targets', tensor: examples.targets },
      { name: 'seed', tensor: examples.seed },
      ...[...trainedOf(step), ...followed(step)].map(({ name, value }) => ({ name, tensor: value })),
    ]);
    if (traced.nodes.length <= MOST_NODES) return traced;
    traced.dispose();
    throw untraceable('it takes too many operations', `${traced.nodes.length}`);
  } finally {
    disposeExamples(examples);
  }
}

/** Inputs of these shapes, and as many of the targets, one after another and from the first again. */
export function someExamples(step: StepDefinition, targets: Tensor, shapes: InputShapes): Examples {
  const [count = 1] = shapes[0] ?? [];
  const rows = targets.shape[0] ?? 1;
  const which = Array.from({ length: count }, (_, index) => index % rows);
  return {
    inputs: randomInputs(step.network.inputs, shapes),
    targets: tf.tidy(() => tf.gather(targets, tf.tensor1d(which, 'int32'))),
    seed: tf.tensor1d([1, 0], 'int32'),
  };
}

export function disposeExamples({ inputs, targets, seed }: Examples): void {
  tf.dispose([...inputs, targets, seed]);
}

export function namedInputs({ network }: StepDefinition, tensors: readonly Tensor[]): NamedInputs {
  return Object.fromEntries(network.inputs.map(({ name }, index) => [name, tensorAt(tensors, index)]));
}

function tensorAt(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new RangeError(`there is no input ${index}`);
  return tensor;
}
