/** Training as a native graph: forward and backward pass and the optimiser's update are one call. */
import { ZooError } from '../core/errors.js';
import type { Network } from '../formats/network.js';
import { tf } from '../runtime/tensorflow.js';
import { registerGradients } from './gradients/register-gradients.js';
import { NativeGraph } from './native-graph.js';
import { baseShapes, type InputShapes, planSizes } from './open-sizes.js';
import { boundaryHolds, checkedShapes, checkStep } from './training/check.js';
import { chooseNormalisations } from './training/choose-normalisations.js';
import { defineStep } from './training/define-step.js';
import { disposeExamples, makeGraph, namedInputs, someExamples } from './training/make-graph.js';
import type { NativeTrainingOptions } from './training/options.js';
import { followed, type NamedTensor, type StepDefinition, trainedOf } from './training/step.js';
import type { NativeTraining } from './training/training.js';
import { trainingGraph } from './training/training-graph.js';
import { TrainingSession } from './training/training-session.js';
import { reasonOf } from './untraceable.js';

export type { AdamOptions, Optimizer } from './training/optimizer.js';
export type { NativeTrainingOptions } from './training/options.js';
export type { Randomness } from './training/randomness.js';
export type { ParameterSlots, Slots } from './training/slots.js';
export type { Loss, NamedInputs, NamedTensor } from './training/step.js';
export type { StepMemory } from './training/step-memory.js';
export type { BoundaryTensor, NativeTraining, StepOptions } from './training/training.js';

/**
 * Traces a training step, folds BatchNorm on stored statistics into convolutions, and opens it as one session that holds
 * the weights. Loss and gradients were compared with the network's own. The network keeps its values: put
 * `weights` there by `assign` after training. Until then it is not needed.
 * @returns undefined where the step can't become a graph: then train operation by operation.
 * @throws ZooError `NOT_FOUND` for an unknown cut or parameter, `USAGE` for options that contradict each other,
 * `NO_RUNTIME`.
 */
export async function nativeTraining(
  network: Network,
  options: NativeTrainingOptions,
): Promise<NativeTraining | undefined> {
  registerGradients();
  const step = defineStep(network, options);
  try {
    try {
      return open(step, options, options.open ?? 'batch');
    } catch (error) {
      if (options.open !== 'all' || isCallersFault(error)) throw error;
      return open(step, options, 'batch');
    }
  } catch (error) {
    if (isCallersFault(error)) throw error;
    options.onRefusal?.(reasonOf(error));
    return undefined;
  }
}

function open(
  defined: StepDefinition,
  options: NativeTrainingOptions,
  which: 'batch' | 'all',
): TrainingSession {
  const { optimizer, clipNorm, accumulate = 1, example, temporaryFolder } = options;
  const { inputs } = defined.network;
  const plan = planSizes(inputs, baseShapes(inputs, example.inputs), which);
  const step = options.normalisation === 'batch' ? onBatches(defined, options, plan.checked) : defined;
  const shapesOf = (tensors: readonly NamedTensor[]) =>
    tensors.map(({ name, value }) => ({ name, shape: [...value.shape] }));
  const [trained, statistics] = [shapesOf(trainedOf(step)), shapesOf(followed(step))];
  const made = makeGraph(step, example.targets, plan);
  const accumulates = accumulate > 1;
  const { graph, signatures, constants, boundary, memory, memoryFrom } = trainingGraph(made, {
    trained,
    followed: statistics,
    optimizer,
    clipNorm,
    accumulates,
  });
  try {
    const native = NativeGraph.open(graph, { signatures, temporaryFolder });
    try {
      tf.tidy(() => {
        if (constants !== undefined) native.run(constants.values, 'constants');
        const values = [...trainedOf(step), ...followed(step)].map(({ value }) => value);
        native.run(values, 'init');
      });
      const shapes = checkedShapes(plan, step);
      checkStep(native, step, example.targets, shapes);
      const holds = boundary !== undefined && boundaryHolds(native, step, example.targets, shapes);
      const { shape, dtype } = example.targets;
      return new TrainingSession(native, {
        inputs,
        targets: { shape: [...shape], dtype },
        taken: plan.taken,
        open: which,
        trained,
        followed: statistics,
        optimizer,
        rates: options.rates ?? new Map(),
        accumulate,
        boundary: holds ? boundary.tensors : undefined,
        memory,
        memoryFrom: holds ? memoryFrom : undefined,
      });
    } catch (error) {
      native.dispose();
      throw error;
    }
  } finally {
    tf.dispose([...(constants?.values ?? [])]);
    graph.dispose();
  }
}

/** The step with the BatchNorms that take the statistics of the batch, if there are any. */
function onBatches(
  step: StepDefinition,
  { cut, example, normalisationMomentum: momentum = 0.99 }: NativeTrainingOptions,
  shapes: InputShapes,
): StepDefinition {
  const examples = someExamples(step, example.targets, shapes);
  try {
    const inputs = namedInputs(step, examples.inputs);
    const trained = step.backbone.map(({ name }) => name);
    const normalisations = chooseNormalisations(step.network, inputs, cut, trained);
    return normalisations.length === 0 ? step : { ...step, batchStatistics: { normalisations, momentum } };
  } finally {
    disposeExamples(examples);
  }
}

/** Errors that no other way of training would mend. */
function isCallersFault(error: unknown): boolean {
  return (
    error instanceof ZooError &&
    (error.code === 'NOT_FOUND' || error.code === 'NO_RUNTIME' || error.code === 'USAGE')
  );
}
