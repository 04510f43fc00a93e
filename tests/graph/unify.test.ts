/** Traced at two sizes, a graph must serve all others: compared with the computation itself at sizes never traced. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeBackend } from '../../src/graph/binding.js';
import { NativeGraph } from '../../src/graph/native-graph.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { thrownBy } from '../support/thrown-by.js';
import { type Computation, graphOf, largestDifference, numbers, operations } from './traced.js';

let before: number[];
const counts = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];

beforeEach(() => {
  before = counts();
});

afterEach(() => {
  expect(counts()).toEqual(before);
});

/** Of x [batch, length, 4]: what real networks do with sizes. */
const COMPUTATIONS: Readonly<Record<string, (x: Tensor, batch: number, length: number) => Tensor>> = {
  'rows in one matrix and back': (x, b, l) => tf.reshape(tf.relu(tf.reshape(x, [b * l, 4])), [b, l, 4]),
  'a flattened example': (x, b, l) => tf.reshape(tf.neg(x), [b, l * 4]),
  'a product of two sizes and a factor': (x, b, l) => tf.reshape(tf.abs(x), [b * l * 2, 2]),
  'a part of a size': (x, b, l) => tf.reshape(tf.concat([x, x], 1), [b, l, 2, 4]),
  'zeros for each example': (x, b) => tf.add(tf.sum(x, 1), tf.zeros([b, 4])),
  'a state that begins with ones': (x, b) => tf.mul(tf.sum(x, 1), tf.ones([b, 1])),
  'the same row for each example': (x, b) =>
    tf.concat([tf.tile(tf.tensor3d([[[1, 2, 3, 4]]]), [b, 1, 1]), x], 1),
  'a shape to broadcast to': (x, b, l) => tf.mul(x, tf.broadcastTo(tf.tensor1d([1, 2, 3, 4]), [b, l, 4])),
  filling: (x, b, l) => tf.add(x, tf.fill([b, l, 1], 0.5)),
  'all positions': (x, _, l) => tf.add(x, tf.reshape(tf.range(0, l, 1, 'float32'), [1, l, 1])),
  'a mean by hand': (x, _, l) => tf.div(tf.sum(x, 1), l),
  'a mean by multiplication': (x, b, l) => tf.mul(tf.sum(x), 1 / (b * l)),
  'the last position': (x, b, l) => tf.reshape(tf.slice(x, [0, l - 1, 0], [b, 1, 4]), [b, 4]),
  'all but the first': (x, b, l) => tf.slice(x, [0, 1, 0], [b, l - 1, 4]),
  'heads of attention': (x, b, l) => {
    const heads = tf.transpose(tf.reshape(x, [b, l, 2, 2]), [0, 2, 1, 3]);
    const weights = tf.softmax(tf.matMul(heads, heads, false, true));
    return tf.reshape(tf.transpose(tf.matMul(weights, heads), [0, 2, 1, 3]), [b, l, 4]);
  },
  'rows of a table, and zeros for the others': (x, _, l) => {
    const table = numbers(64, 4);
    const rows = tf.add(tf.slice(table, [0, 0], [l, 4]), tf.sum(x));
    return tf.pad(rows, [
      [0, 64 - l],
      [0, 0],
    ]);
  },
  'zeros around it': (x, _, l) =>
    tf.pad(x, [
      [0, 0],
      [l, 0],
      [0, 0],
    ]),
};

const sizes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }));

describe('unify', () => {
  const opened: NativeGraph[] = [];
  afterAll(() => {
    for (const each of opened) each.dispose();
  });

  for (const [what, f] of Object.entries(COMPUTATIONS)) {
    it(`serves other sizes: ${what}`, () => {
      const computation: Computation = ([x]) => {
        if (x === undefined) throw new RangeError('no input');
        const [batch = 0, length = 0] = x.shape;
        return [f(x, batch, length)];
      };
      const graph = graphOf(computation, [numbers(2, 16, 4)], [numbers(3, 13, 4)]);
      const native = NativeGraph.open(graph);
      opened.push(native);
      graph.dispose();
      fc.assert(
        fc.property(sizes, ([batch, length]) => {
          tf.tidy(() => {
            const x = numbers(batch, length, 4);
            expect(largestDifference(native.run([x]), computation([x]))).toBeLessThan(1e-6);
          });
        }),
        { numRuns: 12, examples: [[[1, 1]], [[1, 40]], [[9, 1]]] },
      );
    });
  }

  it('takes one trace as a graph for its own sizes', () => {
    const graph = graphOf(([x]) => (x ? [tf.reshape(x, [8])] : []), [numbers(2, 4)]);
    expect(operations(graph).toSorted()).toEqual(['Const', 'Placeholder', 'Reshape']);
    graph.dispose();
  });

  it('reads the weights of the network once, not at each size', () => {
    const weight = numbers(4, 4);
    const graph = graphOf(([x]) => (x ? [tf.matMul(x, weight)] : []), [numbers(2, 4)], [numbers(3, 4)]);
    expect(operations(graph).filter((op) => op === 'Const')).toHaveLength(1);
    expect(graph.inputs[0] && graph.info(graph.inputs[0].edge).shape).toEqual([-1, 4]);
    graph.dispose();
    weight.dispose();
  });

  it.each<[string, string, (x: Tensor, size: number) => Tensor]>([
    ['random numbers', 'a number depends', (x) => tf.add(x, tf.scalar(Math.random()))],
    [
      'a loop over an axis',
      'how many operations',
      (x) => tf.unstack(x, 0).reduce((sum, row) => tf.add(sum, row)),
    ],
    ['a branch', 'which operations', (x, size) => (size > 2 ? tf.abs(x) : tf.neg(x))],
    [
      'another input',
      'which operations',
      (x, size) => tf.add(size > 2 ? x : tf.neg(x), size > 2 ? tf.neg(x) : x),
    ],
    ['an attribute', 'an attribute depends', (x, size) => tf.sum(x, 1, size > 2).reshape([size])],
    [
      'numbers that grow',
      'a constant grows',
      (x, size) => tf.add(x, tf.tensor2d(Array.from({ length: size }, (_, i) => [i]))),
    ],
    ['a square root', 'a number depends', (x, size) => tf.mul(x, Math.sqrt(size))],
  ])('refuses %s', async (_, reason, f) => {
    const computation: Computation = ([x]) => (x ? [f(x, x.shape[0] ?? 0)] : []);
    expect(await thrownBy(() => graphOf(computation, [numbers(2, 4)], [numbers(3, 4)]))).toMatchObject({
      code: 'DATA',
      message: expect.stringContaining(reason),
    });
  });
});
