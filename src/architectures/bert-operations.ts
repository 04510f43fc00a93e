/**
 * What the layers of a BERT encoder compute, in operations that all have gradients. Shapes: b sentences, t tokens,
 * h hidden units. Called inside a tidy.
 */
import { type Tensor, tf } from '../runtime/tensorflow.js';
import type { BertActivation } from './bert-config.js';

/** The lowest float32: what the authors add to the scores of masked tokens. */
const LOWEST = -3.4028234663852886e38;

/** `tensors[index]`, an input or a parameter that the layer has declared. */
export function nth(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new RangeError(`a layer got ${tensors.length} tensors, not ${index + 1}`);
  return tensor;
}

/** The sizes of a [b, t, h] or [b, t] tensor. */
function sizes(tensor: Tensor): [number, number, number] {
  const [b = 0, t = 0, h = 1] = tensor.shape;
  return [b, t, h];
}

/**
 * [b, t, from] to [b, t, to], as one product of matrices.
 * @param parameters kernel and bias at `first` and after it.
 */
export function dense(input: Tensor, parameters: readonly Tensor[], first = 0): Tensor {
  const kernel = nth(parameters, first);
  const [, to = 0] = kernel.shape;
  const from = input.shape.at(-1) ?? 0;
  const rows = tf.reshape(input, [input.size / from, from]);
  const result = tf.add(tf.matMul(rows, kernel), nth(parameters, first + 1));
  return tf.reshape(result, [...input.shape.slice(0, -1), to]);
}

/** Over the last axis, with the variance of the whole population. `parameters` holds scale and shift at `first`. */
export function layerNorm(
  input: Tensor,
  parameters: readonly Tensor[],
  first: number,
  epsilon: number,
): Tensor {
  const centred = tf.sub(input, tf.mean(input, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const scale = tf.mul(tf.rsqrt(tf.add(variance, epsilon)), nth(parameters, first));
  return tf.add(tf.mul(centred, scale), nth(parameters, first + 1));
}

const ACTIVATIONS: Readonly<Record<BertActivation, (x: Tensor) => Tensor>> = {
  /** x Φ(x), exactly (Hendrycks and Gimpel, arXiv 1606.08415). */
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  /** The tanh approximation of the same paper. */
  gelu_new: (x) => {
    const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
  },
  relu: (x) => tf.relu(x),
};

export function activate(input: Tensor, activation: BertActivation): Tensor {
  return ACTIVATIONS[activation](input);
}

/** The mask [b, t] of ones and zeros as what is added to the scores: [b, 1, 1, t]. */
export function maskBias(mask: Tensor): Tensor {
  const [b, t] = sizes(mask);
  return tf.reshape(tf.mul(tf.sub(1, tf.cast(mask, 'float32')), LOWEST), [b, 1, 1, t]);
}

/**
 * Scaled dot-product attention of all heads.
 * @param bias from `maskBias`.
 * @param parameters kernel and bias of query, key and value.
 */
export function selfAttention(
  hidden: Tensor,
  bias: Tensor,
  parameters: readonly Tensor[],
  heads: number,
): Tensor {
  const [b, t, h] = sizes(hidden);
  const width = h / heads;
  const byHead = (input: Tensor) => tf.transpose(tf.reshape(input, [b, t, heads, width]), [0, 2, 1, 3]);
  const query = byHead(tf.mul(dense(hidden, parameters, 0), 1 / Math.sqrt(width)));
  const key = byHead(dense(hidden, parameters, 2));
  const value = byHead(dense(hidden, parameters, 4));
  const weights = tf.softmax(tf.add(tf.matMul(query, key, false, true), bias));
  return tf.reshape(tf.transpose(tf.matMul(weights, value), [0, 2, 1, 3]), [b, t, h]);
}

/** Rows of `table` for ids [b, t], plus positions 0 … t-1, plus token type 0 where there is a table of types. */
export function embed(ids: Tensor, table: Tensor, positions: Tensor, types: Tensor | undefined): Tensor {
  const [, t] = sizes(ids);
  const width = table.shape.at(-1) ?? 0;
  const words = tf.gather(table, tf.cast(ids, 'int32'));
  const placed = tf.slice(positions, [0, 0], [t, width]);
  const fixed = types === undefined ? placed : tf.add(placed, tf.slice(types, [0, 0], [1, width]));
  return tf.add(words, fixed);
}

/** Mean over the tokens whose mask is 1: [b, t, h] to [b, h]. Without any such token it is 0. */
export function meanPooling(hidden: Tensor, mask: Tensor): Tensor {
  const [b, t, h] = sizes(hidden);
  const weights = tf.cast(mask, 'float32');
  const sum = tf.reshape(tf.matMul(tf.reshape(weights, [b, 1, t]), hidden), [b, h]);
  return tf.div(sum, tf.maximum(tf.sum(weights, 1, true), 1e-9));
}

/** Each row divided by its Euclidean length; rows of zeros stay. */
export function l2Normalize(input: Tensor): Tensor {
  return tf.mul(input, tf.rsqrt(tf.maximum(tf.sum(tf.square(input), -1, true), 1e-24)));
}

/** The hidden state of the first token: [b, t, h] to [b, h]. */
export function firstToken(hidden: Tensor): Tensor {
  const [b, , h] = sizes(hidden);
  return tf.reshape(tf.slice(hidden, [0, 0, 0], [b, 1, h]), [b, h]);
}
