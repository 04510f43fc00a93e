/** Networks of a few layers, each with something that training has to get right. */
import * as bert from '../../../src/architectures/bert-operations.js';
import { layeredNetwork } from '../../../src/architectures/layered-network.js';
import type { Layer } from '../../../src/architectures/topology.js';
import type { Network, TensorSpec } from '../../../src/formats/network.js';
import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../../../src/runtime/tensorflow.js';

export const CLASSES = 3;

/** Exact numbers from -9/16 to 9/16: the i-th is ((i k) mod 19 - 9) / 16. */
export function list(k: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => (((index * k) % 19) - 9) / 16);
}

export function numbers(k: number, ...shape: number[]): Tensor {
  return tf.tensor(
    list(
      k,
      shape.reduce((product, size) => product * size, 1),
    ),
    shape,
  );
}

export interface Tiny {
  readonly network: Network;
  readonly cut: string;
  /** Of the pooled features. */
  readonly width: number;
  readonly trainable: readonly string[];
  readonly pooling: (output: Tensor) => Tensor;
  /** The caller's. @param k makes others of them. */
  inputs(batch: number, k: number): Record<string, Tensor>;
}

interface Weight {
  readonly shape: readonly number[];
  readonly k: number;
  /** Statistics are not trained, and positive. */
  readonly statistic?: boolean;
}

export type Apply = (x: Tensor, parameters: readonly Tensor[], others: readonly Tensor[]) => Tensor;

interface TinyLayer {
  readonly name: string;
  readonly apply: Apply;
  readonly weights: Readonly<Record<string, Weight>>;
  /** What it reads; by default the layer before. */
  readonly from?: readonly string[];
}

function at(tensors: readonly Tensor[], index: number): Tensor {
  return bert.nth(tensors, index);
}

export function network(input: TensorSpec, layers: readonly TinyLayer[]): Network {
  const parameters = layers.flatMap(({ weights }) =>
    Object.entries(weights).map(([name, { shape, k, statistic = false }]) => {
      const size = shape.reduce((product, each) => product * each, 1);
      const data = list(k, size).map((value) => (statistic ? value + 1 : value));
      return { name, shape, dtype: 'float32', trainable: !statistic, data } as const;
    }),
  );
  const last = layers.at(-1)?.name ?? '';
  return layeredNetwork('test', {
    inputs: [input],
    outputs: [last],
    parameters,
    layers: layers.map(
      ({ name, apply, weights, from }, index): Layer => ({
        name,
        kind: 'Test',
        inputs: from ?? [layers[index - 1]?.name ?? input.name],
        parameters: Object.keys(weights),
        shape: [null, 1],
        apply: ([x, ...others], values) => apply(x ?? tf.scalar(0), values, others),
      }),
    ),
  });
}

export function trainableOf(made: Network): string[] {
  return [...made.parameters.values()].filter(({ trainable }) => trainable).map(({ name }) => name);
}

export const asItIs = (output: Tensor) => output.clone();
export const overTheMap = (output: Tensor) => tf.mean(output, [1, 2]);

export function map(x: Tensor): Tensor4D {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  return x.as4D(batch, height, width, channels);
}

export function norm(name: string, channels: number): Readonly<Record<string, Weight>> {
  return {
    [`${name}.scale`]: { shape: [channels], k: 5 },
    [`${name}.offset`]: { shape: [channels], k: 7 },
    [`${name}.mean`]: { shape: [channels], k: 3, statistic: true },
    [`${name}.variance`]: { shape: [channels], k: 11, statistic: true },
  };
}

export const normaliseAsStored: Apply = (x, parameters) => {
  const [scale, offset, mean, variance] = [0, 1, 2, 3].map((index) => at(parameters, index).as1D());
  if (scale === undefined || offset === undefined || mean === undefined || variance === undefined)
    throw new RangeError('a BatchNorm lacks a parameter');
  return tf.batchNorm(x, mean, variance, offset, scale, 1e-3);
};

function dense(): Tiny {
  const made = network({ name: 'x', shape: [null, 4], dtype: 'float32' }, [
    {
      name: 'hidden',
      weights: { kernel: { shape: [4, 8], k: 7 }, bias: { shape: [8], k: 3 } },
      apply: (x, p) => tf.relu(tf.add(tf.matMul(x as Tensor2D, at(p, 0) as Tensor2D), at(p, 1))),
    },
  ]);
  return {
    network: made,
    cut: 'hidden',
    width: 8,
    trainable: trainableOf(made),
    pooling: asItIs,
    inputs: (batch, k) => ({ x: numbers(k, batch, 4) }),
  };
}

/** BatchNorm before anything, behind a padded strided convolution, behind one with a bias, and behind one by channel. */
export function convolutions(normalise: Apply = normaliseAsStored): Tiny {
  const made = network({ name: 'x', shape: [null, 9, 9, 3], dtype: 'float32' }, [
    { name: 'before', weights: norm('before', 3), apply: normalise },
    {
      name: 'first',
      weights: { first: { shape: [3, 3, 3, 4], k: 13 } },
      apply: (x, [kernel]) =>
        tf.conv2d(
          tf.pad4d(map(x), [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ]),
          map(kernel ?? x),
          2,
          'valid',
        ),
    },
    { name: 'first.norm', weights: norm('first.norm', 4), apply: (x, p) => tf.relu6(normalise(x, p, [])) },
    {
      name: 'by-channel',
      weights: { 'by-channel': { shape: [3, 3, 4, 2], k: 11 } },
      apply: (x, [kernel]) => tf.depthwiseConv2d(map(x), map(kernel ?? x), 1, 'same'),
    },
    {
      name: 'by-channel.norm',
      weights: norm('by-channel.norm', 8),
      apply: (x, p) => tf.relu6(normalise(x, p, [])),
    },
    {
      name: 'last',
      weights: { last: { shape: [1, 1, 8, 5], k: 17 }, 'last.bias': { shape: [5], k: 2 } },
      apply: (x, p) => tf.add(tf.conv2d(map(x), map(at(p, 0)), 1, 'same'), at(p, 1)),
    },
    { name: 'last.norm', weights: norm('last.norm', 5), apply: (x, p) => tf.relu(normalise(x, p, [])) },
  ]);
  return {
    network: made,
    cut: 'last.norm',
    width: 5,
    trainable: trainableOf(made),
    pooling: overTheMap,
    inputs: (batch, k) => ({ x: numbers(k, batch, 9, 9, 3) }),
  };
}

/** Word ids, attention of two heads, LayerNorm and GELU. */
function attention(): Tiny {
  const size = 6;
  const square = (name: string, k: number) => ({
    [`${name}.kernel`]: { shape: [size, size], k },
    [`${name}.bias`]: { shape: [size], k: k + 2 },
  });
  const scales = (name: string) => ({
    [`${name}.scale`]: { shape: [size], k: 4 },
    [`${name}.shift`]: { shape: [size], k: 9 },
  });
  const made = network({ name: 'ids', shape: [null, null], dtype: 'int32' }, [
    {
      name: 'embeddings',
      weights: { words: { shape: [11, size], k: 7 }, positions: { shape: [16, size], k: 12 } },
      apply: (ids, p) => bert.embed(ids, at(p, 0), at(p, 1), undefined),
    },
    {
      name: 'attention',
      weights: { ...square('query', 3), ...square('key', 8), ...square('value', 5) },
      apply: (hidden, p) => {
        const [batch = 0, tokens = 0] = hidden.shape;
        return tf.add(hidden, bert.selfAttention(hidden, bert.maskBias(tf.ones([batch, tokens])), p, 2));
      },
    },
    { name: 'norm', weights: scales('norm'), apply: (hidden, p) => bert.layerNorm(hidden, p, 0, 1e-3) },
    {
      name: 'gelu',
      weights: square('intermediate', 13),
      apply: (hidden, p) => bert.activate(bert.dense(hidden, p), 'gelu'),
    },
  ]);
  return {
    network: made,
    cut: 'gelu',
    width: size,
    // A bias of all keys moves all scores alike: its gradient is rounding alone.
    trainable: trainableOf(made).filter((name) => name !== 'key.bias'),
    pooling: (output) => tf.mean(output, 1),
    inputs: (batch, k) => ({
      ids: tf.tensor2d(
        Int32Array.from({ length: batch * 7 }, (_, index) => (index * k) % 11),
        [batch, 7],
        'int32',
      ),
    }),
  };
}

export const TINY_NETWORKS = { dense, convolutions: () => convolutions(), attention } as const;

/** Of class (i + k) mod 3 for the i-th example. */
export function targets(batch: number, k: number): Tensor {
  return tf.tidy(() => {
    const classes = Int32Array.from({ length: batch }, (_, index) => (index + k) % CLASSES);
    return tf.cast(tf.oneHot(tf.tensor1d(classes, 'int32'), CLASSES), 'float32');
  });
}

/** Kernel and bias of a head on features of this width. The caller's. */
export function headOf(width: number): { readonly name: string; readonly value: Tensor }[] {
  return [
    { name: 'head.kernel', value: numbers(11, width, CLASSES) },
    { name: 'head.bias', value: numbers(5, CLASSES) },
  ];
}

export function logits(features: Tensor, head: readonly Tensor[]): Tensor {
  return tf.add(tf.matMul(features as Tensor2D, at(head, 0) as Tensor2D), at(head, 1));
}

export function crossEntropy(features: Tensor, classes: Tensor, head: readonly Tensor[]): Tensor {
  return tf.losses.softmaxCrossEntropy(classes, logits(features, head));
}
