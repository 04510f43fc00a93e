import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeBackend } from '../../src/graph/binding.js';
import { mergeTwins } from '../../src/graph/merge-twins.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { type Computation, graphOf, largestDifference, numbers, operations, runOnce } from './traced.js';

const counts = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];
let before: number[];
beforeEach(() => {
  before = counts();
});
afterEach(() => {
  expect(counts()).toEqual(before);
});

/** Operations before and after, and how far the results moved. */
function merged(f: Computation): { before: string[]; after: string[]; difference: number } {
  const graph = graphOf(f, [numbers(2, 4)], [numbers(3, 4)]);
  const old = operations(graph);
  mergeTwins(graph);
  const difference = tf.tidy(() => {
    const x = numbers(5, 4);
    return largestDifference(runOnce(graph, [x]), f([x]));
  });
  const after = operations(graph);
  graph.dispose();
  return { before: old, after, difference };
}

const count = (operations: readonly string[], op: string) => operations.filter((each) => each === op).length;
/** Of what may be infinite. */
const sign = (x: Tensor) => tf.maximum(tf.minimum(x, 1), -1);
const first = ([x]: readonly Tensor[]) => x ?? tf.scalar(0);

describe('mergeTwins', () => {
  it('leaves one of two passes over the same, constants included', () => {
    const pass = (x: Tensor) => tf.relu(tf.sub(tf.mul(x, tf.tensor1d([1, 2, 3, 4])), 0.5));
    const { before, after, difference } = merged((inputs) => [
      tf.exp(pass(first(inputs))),
      tf.abs(pass(first(inputs))),
    ]);
    expect([count(before, 'Relu'), count(before, 'Mul'), count(before, 'Sub')]).toEqual([2, 2, 2]);
    expect([count(after, 'Relu'), count(after, 'Mul'), count(after, 'Sub')]).toEqual([1, 1, 1]);
    expect(count(after, 'Const')).toBe(2);
    expect(difference).toBe(0);
  });

  it('keeps what differs in inputs, numbers, their signs, types or attributes', () => {
    const { after, difference } = merged((inputs) => {
      const x = first(inputs);
      return [
        tf.mul(x, 2),
        tf.mul(x, 3),
        sign(tf.div(1, tf.mul(tf.exp(tf.square(x)), 0))),
        sign(tf.div(1, tf.mul(tf.exp(tf.square(x)), -0))),
        tf.leakyRelu(x, 0.1),
        tf.leakyRelu(x, 0.2),
        tf.neg(tf.exp(x)),
        tf.exp(tf.neg(x)),
      ];
    });
    expect([
      count(after, 'Mul'),
      count(after, 'LeakyRelu'),
      count(after, 'Exp'),
      count(after, 'Neg'),
    ]).toEqual([4, 2, 3, 2]);
    expect(difference).toBe(0);
  });

  it('merges outputs as well', () => {
    const { after, difference } = merged((inputs) => [tf.exp(first(inputs)), tf.exp(first(inputs))]);
    expect(count(after, 'Exp')).toBe(1);
    expect(difference).toBe(0);
  });
});
