/** Compares a training graph with the step itself, before anything is trained with it. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { NativeGraph } from '../native-graph.js';
import type { InputShapes, SizePlan } from '../open-sizes.js';
import { untraceable } from '../untraceable.js';
import { fromBoundary } from './freeze-boundary.js';
import { disposeExamples, namedInputs, someExamples } from './make-graph.js';
import { rowsOf } from './rows.js';
import { computeStep, followed, type StepDefinition, trainedOf } from './step.js';

/**
 * Largest length of the difference of two gradients, as a part of their length. A wrong graph is off by about 1;
 * rounding alone moves some activations over the kinks of ReLU, and 1e-3 of a gradient with them.
 */
const MOST_DIFFERENCE = 1e-2;
/** Gradients shorter than this part of all gradients together are rounding only (biases before a BatchNorm). */
const LEAST_PART = 1e-5;
/** Moves of a statistic shorter than this part of it are rounding. */
const LEAST_MOVE = 1e-4;
/** Examples of a batch whose own statistics are taken: other numbers of them than were traced. */
const ROWS_WITH_STATISTICS = 4;

/** Sizes to check a graph at; one example has no statistics of its own. */
export function checkedShapes(
  { checked, taken }: SizePlan,
  { batchStatistics }: StepDefinition,
): InputShapes {
  if (batchStatistics === undefined) return checked;
  return checked.map((shape, input) =>
    shape.map((size, axis) => (axis === 0 && taken[input]?.[0] === null ? ROWS_WITH_STATISTICS : size)),
  );
}

/**
 * Loss, gradients and statistics of the graph against those of the network as it is, at a size that was not traced.
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
      const [loss, ...others] = graph.run([...inputs, examples.targets, seed], 'gradients');
      require('loss', relativeDifference(expected.loss, loss, Number.MIN_VALUE));
      const trained = trainedOf(step);
      const differences = differencesOf(expected.gradients, others.slice(0, trained.length));
      differences.forEach((difference, index) => {
        require(`the gradient of ${trained[index]?.name}`, difference);
      });
      followed(step).forEach(({ name, value }, index) => {
        // Statistics move by little: it is about how far they do.
        const moved = (to: Tensor | undefined) => to && tf.sub(to, value);
        const [wanted, found] = [expected.statistics[index], others[trained.length + index]].map(moved);
        const least = Math.max(numberOf(tf.norm(value)) * LEAST_MOVE, Number.MIN_VALUE);
        if (wanted !== undefined) require(name, relativeDifference(wanted, found, least));
      });
    });
  } finally {
    disposeExamples(examples);
  }
}

/** Examples of the check of a boundary. */
const ROWS = 3;

/**
 * True where a step from the boundary gives what a whole step gives, for a batch put together of rows that were
 * computed in other batches.
 */
export function boundaryHolds(
  graph: NativeGraph,
  step: StepDefinition,
  targets: Tensor,
  shapes: InputShapes,
): boolean {
  const examples = someExamples(
    step,
    targets,
    shapes.map(([, ...rest]) => [ROWS, ...rest]),
  );
  try {
    return tf.tidy(() => {
      const { inputs, seed } = examples;
      const expected = graph.run([...inputs, examples.targets, seed], 'gradients');
      const frozen = (from: number, count: number) =>
        graph.run(
          inputs.map((input) => rowsOf(input, from, count)),
          'frozen',
        );
      const [first, others] = [frozen(0, 1), frozen(1, ROWS - 1)];
      const together = first.map((tensor, index) => tf.concat([tensor, ...others.slice(index, index + 1)]));
      if (together.some(({ shape }) => shape[0] !== ROWS)) return false;
      const found = graph.run([...together, examples.targets, seed], fromBoundary('gradients'));
      return differencesOf(expected, found).every((difference) => difference <= MOST_DIFFERENCE);
    });
  } catch {
    // TensorFlow says no where rows of several batches do not fit together.
    return false;
  } finally {
    disposeExamples(examples);
  }
}

/** Of each pair as a part of the length of the expected one. */
function differencesOf(expected: readonly Tensor[], found: readonly (Tensor | undefined)[]): number[] {
  const all = tf.sqrt(tf.addN(expected.map((gradient) => tf.sum(tf.square(gradient)))));
  const least = Math.max(numberOf(all) * LEAST_PART, Number.MIN_VALUE);
  return expected.map((gradient, index) => relativeDifference(gradient, found[index], least));
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
