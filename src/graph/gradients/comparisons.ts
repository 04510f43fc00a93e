/**
 * Comparisons and other results that jump: where they change at all they have no slope, so the gradient is zero.
 * TensorFlow.js stops at them, also where they only choose between values that do have gradients.
 */
import { tf } from '../../runtime/tensorflow.js';
import { type Gradient, nth } from './gradient.js';

const BY_TWO = [
  'Equal',
  'NotEqual',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'LogicalAnd',
  'LogicalOr',
];
const BY_ONE = ['LogicalNot', 'All', 'Any'];

export const comparisons: readonly Gradient[] = [
  ...BY_TWO.map((kernel) => withoutSlope(kernel, ['a', 'b'])),
  ...BY_ONE.map((kernel) => withoutSlope(kernel, ['x'])),
];

function withoutSlope(kernel: string, inputs: readonly string[]): Gradient {
  return {
    kernel,
    inputs,
    toInputs: (_, saved) =>
      Object.fromEntries(
        // A gradient is of float32, whatever it is the gradient to.
        inputs.map((name, index) => [name, () => tf.zerosLike(tf.cast(nth(saved, index), 'float32'))]),
      ),
  };
}
