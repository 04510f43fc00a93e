/** Passes that change a graph for inference: its results stay, and what was to go is gone. */
import { describe, expect, it } from 'vitest';
import { addBiases } from '../../src/graph/bias-add.js';
import { nativeBackend } from '../../src/graph/binding.js';
import { dropReshapes } from '../../src/graph/drop-reshapes.js';
import { foldForInference } from '../../src/graph/fold.js';
import { foldConstants } from '../../src/graph/fold-constants.js';
import type { Graph } from '../../src/graph/graph.js';
import { mergePaddings } from '../../src/graph/merge-padding.js';
import { type Tensor, type Tensor1D, type Tensor4D, tf } from '../../src/runtime/tensorflow.js';
import { graphOf, largestDifference, numbers, operations, runOnce } from './traced.js';

const map = (...shape: [number, number, number, number]): Tensor4D =>
  tf.tidy(() => numbers(...shape).as4D(...shape));
const row = (size: number, factor: number, offset: number): Tensor1D =>
  tf.add(tf.mul(numbers(size), factor), offset).as1D();

function norm(x: Tensor4D, variance?: Tensor1D): Tensor4D {
  const channels = x.shape[3];
  return tf.batchNorm(
    x,
    row(channels, 2, 0.5),
    variance ?? row(channels, 0.5, 0.75),
    row(channels, -1, 0.25),
    row(channels, 3, 2),
    1e-3,
  );
}

type Layers = (x: Tensor4D) => readonly Tensor[];

function folded(
  layers: Layers,
  passes: readonly ((graph: Graph) => unknown)[],
): { ops: string[]; difference: number } {
  const before = [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];
  const shaped = (x: Tensor | undefined) => (x ?? tf.scalar(0)).as4D(x?.shape[0] ?? 0, 9, 10, 4);
  const graph = graphOf(([x]) => layers(shaped(x)), [map(2, 9, 10, 4)], [map(3, 9, 10, 4)]);
  for (const pass of passes) pass(graph);
  const difference = tf.tidy(() => {
    const x = map(5, 9, 10, 4);
    const expected = layers(x);
    const largest = Math.max(...expected.map((each) => tf.max(tf.abs(each)).dataSync()[0] ?? 0));
    return largestDifference(runOnce(graph, [x]), expected) / largest;
  });
  const ops = operations(graph);
  graph.dispose();
  expect([tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()]).toEqual(before);
  return { ops, difference };
}

const ALL = [foldForInference];

describe('foldBatchNorms', () => {
  it.each<[string, Layers]>([
    ['a convolution', (x) => [tf.relu(norm(tf.conv2d(x, map(3, 3, 4, 6), 1, 'same')))]],
    ['a convolution in steps', (x) => [norm(tf.conv2d(x, map(3, 2, 4, 6), [2, 3], 'valid'))]],
    ['a dilated convolution', (x) => [norm(tf.conv2d(x, map(3, 3, 4, 6), 1, 'same', 'NHWC', [2, 2]))]],
    ['one by channel', (x) => [norm(tf.depthwiseConv2d(x, map(3, 3, 4, 1), 1, 'same'))]],
    ['one by channel, each to three', (x) => [norm(tf.depthwiseConv2d(x, map(3, 3, 4, 3), 1, 'same'))]],
    ['a bias in between', (x) => [norm(tf.add(tf.conv2d(x, map(1, 1, 4, 5), 1, 'same'), row(5, 1, 1)))]],
    [
      'a bias of four axes in between',
      (x) => [norm(tf.add(row(5, 1, 1).reshape([1, 1, 1, 5]), tf.conv2d(x, map(1, 1, 4, 5), 1, 'same')))],
    ],
    ['two in a row', (x) => [norm(norm(tf.conv2d(x, map(1, 1, 4, 5), 1, 'same')))]],
  ])('folds into %s', (_, layers) => {
    const { ops, difference } = folded(layers, ALL);
    expect(ops.filter((op) => op.startsWith('FusedBatchNorm'))).toEqual([]);
    expect(difference).toBeLessThan(1e-5);
  });

  it.each<[string, Layers]>([
    [
      'a convolution that others read',
      (x) => {
        const y = tf.conv2d(x, map(1, 1, 4, 5), 1, 'same');
        return [norm(y), tf.neg(y)];
      },
    ],
    [
      'a convolution that is an output',
      (x) => {
        const y = tf.conv2d(x, map(1, 1, 4, 5), 1, 'same');
        return [norm(y), y];
      },
    ],
    ['an activation', (x) => [norm(tf.relu(tf.conv2d(x, map(1, 1, 4, 5), 1, 'same')))]],
    [
      'statistics that are computed',
      (x) => [norm(tf.conv2d(x, map(1, 1, 4, 4), 1, 'same'), tf.max(x, [0, 1, 2]).as1D())],
    ],
  ])('leaves it behind %s', (_, layers) => {
    const { ops, difference } = folded(layers, ALL);
    expect(ops.filter((op) => op.startsWith('FusedBatchNorm'))).toHaveLength(1);
    expect(difference).toBeLessThan(1e-5);
  });
});

describe('mergePaddings', () => {
  const around = (x: Tensor4D, value = 0) =>
    tf.pad4d(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
      value,
    );

  const evenly = (x: Tensor4D, amount: number) =>
    tf.pad4d(x, [
      [0, 0],
      [amount, amount],
      [amount, amount],
      [0, 0],
    ]);
  const byChannel = (x: Tensor4D, size: number, step: number, dilation = 1) =>
    tf.depthwiseConv2d(x, map(size, size, 4, 2), step, 'valid', 'NHWC', dilation);

  it.each<[string, Layers]>([
    ['a convolution', (x) => [tf.conv2d(around(x), map(3, 3, 4, 6), 2, 'valid')]],
    ['a convolution that keeps the size', (x) => [tf.conv2d(evenly(x, 1), map(3, 3, 4, 6), 1, 'valid')]],
    ['one by channel', (x) => [byChannel(evenly(x, 1), 3, 1)]],
    ['a dilated one by channel', (x) => [byChannel(evenly(x, 2), 3, 1, 2)]],
    // The map has 9 rows and 10 columns: an odd number of each, and an even one.
    ['one by channel in steps', (x) => [byChannel(evenly(x, 1), 3, 2)]],
    ['a larger one by channel in steps', (x) => [byChannel(evenly(x, 2), 5, 2)]],
  ])('puts zeros into %s', (_, layers) => {
    const { ops, difference } = folded(layers, [foldConstants, mergePaddings]);
    expect(ops).not.toContain('PadV2');
    expect(difference).toBeLessThan(1e-6);
  });

  it('and TensorFlow computes what it fuses then', () => {
    const active = (x: Tensor4D) => tf.relu6(tf.add(x, row(x.shape[3], 1, 1)));
    const { ops, difference } = folded(
      (x) => [
        active(byChannel(evenly(x, 1), 3, 1)),
        active(byChannel(evenly(x, 1), 3, 2)),
        active(byChannel(around(x), 3, 2)),
        active(tf.conv2d(around(x), map(3, 3, 4, 6), 2, 'valid')),
      ],
      ALL,
    );
    expect(ops.filter((op) => op === 'BiasAdd')).toHaveLength(4);
    expect(difference).toBeLessThan(1e-6);
  });

  it.each<[string, Layers]>([
    ['other amounts around one by channel', (x) => [byChannel(around(x), 3, 2)]],
    ['one by channel that begins elsewhere', (x) => [byChannel(evenly(x, 2), 3, 2)]],
    ['one by channel in steps of 3', (x) => [byChannel(evenly(x, 1), 3, 3)]],
    ['other numbers', (x) => [tf.conv2d(around(x, 1), map(3, 3, 4, 6), 2, 'valid')]],
    [
      'zeros that others read',
      (x) => {
        const padded = around(x);
        return [tf.conv2d(padded, map(3, 3, 4, 6), 2, 'valid'), tf.neg(padded)];
      },
    ],
    ['a convolution that pads by itself', (x) => [tf.conv2d(around(x), map(3, 3, 4, 6), 2, 'same')]],
    [
      'more channels',
      (x) => [
        tf.conv2d(
          tf.pad4d(x, [
            [0, 0],
            [1, 1],
            [1, 1],
            [1, 1],
          ]),
          map(3, 3, 6, 2),
          1,
          'valid',
        ),
      ],
    ],
    [
      'more examples',
      (x) => [
        tf.conv2d(
          tf.pad4d(x, [
            [1, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ]),
          map(3, 3, 4, 2),
          1,
          'valid',
        ),
      ],
    ],
  ])('leaves %s', (_, layers) => {
    const { ops, difference } = folded(layers, [foldConstants, mergePaddings]);
    expect(ops).toContain('PadV2');
    expect(difference).toBeLessThan(1e-6);
  });
});

describe('foldConstants', () => {
  it('computes once what no input changes, and nothing random', () => {
    const { ops } = folded(
      (x) => [
        tf.add(x, tf.sqrt(tf.abs(tf.transpose(numbers(4, 1))))),
        tf.multinomial(numbers(2, 3).as2D(2, 3), 4, 7),
      ],
      [foldConstants],
    );
    expect(ops).not.toContain('Transpose');
    expect(ops).not.toContain('Sqrt');
    expect(ops).toContain('Multinomial');
  });

  it('does not make a large constant of a small one', () => {
    const { ops } = folded((x) => [tf.add(x, tf.sum(tf.fill([300, 300], 0.25)))], [foldConstants]);
    expect(ops).toContain('Fill');
  });
});

describe('addBiases', () => {
  it('makes a bias of a vector that is added to a product', () => {
    const { ops, difference } = folded(
      (x) => [
        tf.add(tf.conv2d(x, map(1, 1, 4, 5), 1, 'same'), row(5, 1, 0)),
        tf.add(
          row(3, 1, 0),
          tf.matMul(tf.reshape(x, [x.shape[0] * 90, 4]).as2D(x.shape[0] * 90, 4), numbers(4, 3).as2D(4, 3)),
        ),
      ],
      [foldConstants, addBiases],
    );
    expect(ops.filter((op) => op === 'BiasAdd')).toHaveLength(1);
    expect(ops.filter((op) => op.startsWith('Add'))).toHaveLength(1);
    expect(difference).toBeLessThan(1e-6);
  });

  it('does so with a vector that is computed', () => {
    const { ops, difference } = folded(
      (x) => {
        const y = () => tf.conv2d(x, map(1, 1, 4, 5), 1, 'same');
        return [tf.add(y(), tf.mean(y(), [0, 1, 2]))];
      },
      [foldConstants, addBiases],
    );
    expect(ops.filter((op) => op === 'BiasAdd')).toHaveLength(1);
    expect(difference).toBeLessThan(1e-6);
  });

  it('leaves sums that are none: a number, a row for each place', () => {
    const { ops } = folded(
      (x) => {
        const y = () => tf.conv2d(x, map(1, 1, 4, 5), 1, 'same');
        return [tf.add(y(), 2), tf.add(y(), numbers(10, 5))];
      },
      [foldConstants, addBiases],
    );
    expect(ops).not.toContain('BiasAdd');
  });
});

describe('dropReshapes', () => {
  it('drops those that keep the shape, and no others', () => {
    const { ops, difference } = folded(
      (x) => [
        tf.neg(tf.reshape(x, [x.shape[0], 9, 10, 4])),
        tf.reshape(x, [x.shape[0], 9, 40]),
        tf.reshape(x, [x.shape[0], 10, 9, 4]),
      ],
      [dropReshapes],
    );
    expect(ops.filter((op) => op === 'Reshape')).toHaveLength(2);
    expect(difference).toBe(0);
  });
});
