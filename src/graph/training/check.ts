/** Compares a training graph with the step itself, before anything is trained with it. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { NativeGraph } from '../native-graph.js';
import type { InputShapes } from '../open-sizes.js';
import { untraceable } from '../untraceable.js';
import { disposeExamples, namedInputs, someExamples } from './make-graph.js';
import { computeStep, type StepDefinition } from './step.js';

/**
 * Largest length of the difference of two gradients, as a part of their length. A wrong graph is off by about 1;
 * rounding alone moves some activations over the kinks of ReLU, and 1e-3 of a gradient with them.
 */
const MOST_DIFFERENCE = 1e-2;
/** Gradients shorter than this part of all gradients together are rounding only (biases before a BatchNorm). */
const LEAST_PART = 1e-5;

/**
 * Loss and gradients of the graph against those of the network as it is, at a size that was not traced.
 * @throws ZooError `DATA` where they differ.
 */
export function checkStep(
  graph: NativeGraph,
  step: StepDefinition,
  targets: Tensor,
  shapes: InputShapes,
): void {
  const examples = someExamples(step, targets, shapes);
  try {
    tf.tidy(() => {
      const { inputs, seed } = examples;
      const expected = computeStep(step, namedInputs(step, inputs), examples.targets, seed);
      const [loss, ...gradients] = graph.run([...inputs, examples.targets, seed], 'gradients');
      const all = tf.sqrt(tf.addN(expected.gradients.map((gradient) => tf.sum(tf.square(gradient)))));
      const least = Math.max(numberOf(all) * LEAST_PART, Number.MIN_VALUE);
      require('loss', relativeDifference(expected.loss, loss, Number.MIN_VALUE));
      expected.gradients.forEach((gradient, index) => {
        const name = [...step.backbone, ...step.head][index]?.name;
        require(`the gradient of ${name}`, relativeDifference(gradient, gradients[index], least));
      });
    });
  } finally {
    disposeExamples(examples);
  }
}

function require(what: string, difference: number): void {
  if (difference <= MOST_DIFFERENCE) return;
  throw untraceable('its graph gives something else', `${what}: a difference of ${difference}`);
}

/** By the Euclidean length; Infinity for other shapes and for what is no number. */
function relativeDifference(expected: Tensor, found: Tensor | undefined, least: number): number {
  if (found === undefined || found.shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  const difference = numberOf(tf.norm(tf.sub(expected, found).flatten()));
  const relative = difference / Math.max(numberOf(tf.norm(expected.flatten())), least);
  return Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
}

function numberOf(tensor: Tensor): number {
  return tensor.dataSync()[0] ?? Number.NaN;
}
