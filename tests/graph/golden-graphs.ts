/**
 * Graphs of which Python's TensorFlow has said what they give (tests/golden/graph-saved-models.json). Run as a program
 * with a folder, it writes their SavedModels there: scripts/golden/graph-saved-models.py does so.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { foldForInference } from '../../src/graph/fold.js';
import type { Graph } from '../../src/graph/graph.js';
import { DEFAULT_SIGNATURE } from '../../src/graph/native-graph.js';
import { writeSavedModel } from '../../src/graph/saved-model.js';
import { type Tensor, type Tensor1D, type Tensor4D, tf } from '../../src/runtime/tensorflow.js';
import { graphOf, numbers } from './traced.js';

/** A small convolutional network: padding, convolution by channel, BatchNorm, ReLU6, pooling, a dense layer. */
function convolutional(x: Tensor): Tensor {
  const map = (tensor: Tensor): Tensor4D => tensor.as4D(...sizes4(tensor));
  const row = (tensor: Tensor): Tensor1D => tensor.as1D();
  const norm = (input: Tensor, channels: number) =>
    tf.batchNorm(
      map(input),
      row(numbers(channels)),
      row(tf.add(tf.abs(numbers(channels)), 0.25)),
      row(tf.mul(numbers(channels), 2)),
      row(tf.add(numbers(channels), 1)),
      1e-3,
    );
  const padded = tf.pad(map(x), [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  const first = tf.relu6(norm(tf.conv2d(padded, map(numbers(3, 3, 3, 8)), 2, 'valid'), 8));
  const second = tf.relu6(norm(tf.depthwiseConv2d(map(first), map(numbers(3, 3, 8, 2)), 1, 'same'), 16));
  const features = tf.mean(tf.maxPool(map(second), 2, 2, 'same'), [1, 2]);
  return tf.add(tf.matMul(features, numbers(16, 5)), numbers(5));
}

/** Attention over rows of any number, with ids looked up in a table. */
function attention(ids: Tensor): Tensor {
  const [batch = 0, length = 0] = ids.shape;
  const words = tf.add(
    tf.gather(numbers(7, 8), tf.cast(ids, 'int32')),
    tf.slice(numbers(32, 8), [0, 0], [length, 8]),
  );
  const heads = tf.transpose(tf.reshape(words, [batch, length, 2, 4]), [0, 2, 1, 3]);
  const weights = tf.softmax(tf.mul(tf.matMul(heads, heads, false, true), 0.5));
  return tf.reshape(tf.transpose(tf.matMul(weights, heads), [0, 2, 1, 3]), [batch, length, 8]);
}

function sizes4({ shape }: Tensor): [number, number, number, number] {
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  return [a, b, c, d];
}

function ids(batch: number, length: number): Tensor {
  return tf.tensor2d(
    Int32Array.from({ length: batch * length }, (_, index) => (index * 5) % 7),
    [batch, length],
    'int32',
  );
}

function convolutionalGraph(): Graph {
  return graphOf(([x]) => (x ? [convolutional(x)] : []), [numbers(2, 12, 12, 3)], [numbers(3, 12, 12, 3)]);
}

export interface GoldenGraph {
  make(): Graph;
  /** Inputs at sizes that were not traced. */
  readonly inputs: readonly (() => Tensor)[];
}

export const GOLDEN_GRAPHS: Readonly<Record<string, GoldenGraph>> = {
  convolutional: {
    make: convolutionalGraph,
    inputs: [() => numbers(1, 12, 12, 3), () => numbers(5, 12, 12, 3)],
  },
  folded: {
    make: () => {
      const graph = convolutionalGraph();
      foldForInference(graph);
      return graph;
    },
    inputs: [() => numbers(1, 12, 12, 3), () => numbers(5, 12, 12, 3)],
  },
  attention: {
    make: () => graphOf(([x]) => (x ? [attention(x)] : []), [ids(2, 16)], [ids(3, 13)]),
    inputs: [() => ids(1, 6), () => ids(4, 21)],
  },
};

const [, program, folder] = process.argv;
if (program !== undefined && folder !== undefined && import.meta.url === pathToFileURL(program).href) {
  for (const [name, { make }] of Object.entries(GOLDEN_GRAPHS)) {
    const graph = make();
    writeSavedModel(join(folder, name), graph, { [DEFAULT_SIGNATURE]: graph });
    graph.dispose();
  }
}
