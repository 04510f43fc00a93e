/**
 * Layers as PyTorch has them, on channels-last tensors. Names of layers and parameters are those of the state dict, so
 * `features.0.1` is a layer and `features.0.1.weight` its scale.
 */
import type { Shape } from '../formats/network.js';
import { type Tensor, type Tensor4D, tf } from '../runtime/tensorflow.js';
import { map, matrix, row, tensor } from './tensor-ranks.js';
import { type Flow, outputsLast, type TorchTopology } from './torch-topology.js';

/** `same` is TensorFlow's rule: what is odd goes right and below. A number is PyTorch's: as much on each side. */
export type Padding = 'same' | number;

export interface ConvolutionOptions {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding: Padding;
}

/** A convolution without bias. */
export function convolution(
  net: TorchTopology,
  name: string,
  input: Flow,
  units: number,
  { kernel, stride = 1, padding }: ConvolutionOptions,
): Flow {
  const inputs = channels(input.shape);
  const weight = net.parameter(`${name}.weight`, [units, inputs, kernel, kernel], (torch) => ({
    shape: [kernel, kernel, inputs, units],
    data: outputsLast(torch),
  }));
  const [padded, rule] = paddingRule(kernel, stride, padding);
  return net.layer(
    {
      name,
      kind: 'Conv2D',
      parameters: [weight],
      apply: (x, [filter]) => tf.conv2d(padded(map(x[0])), map(filter), stride, rule),
    },
    [input],
    slid(input.shape, kernel, stride, padding, units),
  );
}

/** A convolution of each channel by itself, without bias. */
export function depthwiseConvolution(
  net: TorchTopology,
  name: string,
  input: Flow,
  { kernel, stride = 1, padding }: ConvolutionOptions,
): Flow {
  const count = channels(input.shape);
  const weight = net.parameter(`${name}.weight`, [count, 1, kernel, kernel], (torch) => ({
    shape: [kernel, kernel, count, 1],
    data: outputsLast(torch),
  }));
  const [padded, rule] = paddingRule(kernel, stride, padding);
  return net.layer(
    {
      name,
      kind: 'DepthwiseConv2D',
      parameters: [weight],
      apply: (x, [filter]) => tf.depthwiseConv2d(padded(map(x[0])), map(filter), stride, rule),
    },
    [input],
    slid(input.shape, kernel, stride, padding, count),
  );
}

/** Normalisation by the stored statistics; scale and offset train, mean and variance don't. */
export function batchNormalization(net: TorchTopology, name: string, input: Flow, epsilon: number): Flow {
  const shape = [channels(input.shape)];
  const statistics = (which: string) => net.parameter(`${name}.${which}`, shape, undefined, false);
  const parameters = [
    net.parameter(`${name}.weight`, shape),
    net.parameter(`${name}.bias`, shape),
    statistics('running_mean'),
    statistics('running_var'),
  ];
  net.ignore(`${name}.num_batches_tracked`);
  return net.layer(
    {
      name,
      kind: 'BatchNormalization',
      parameters,
      apply: (x, [scale, offset, mean, variance]) =>
        tf.batchNorm(map(x[0]), row(mean), row(variance), row(offset), row(scale), epsilon),
    },
    [input],
    input.shape,
  );
}

/** A layer without parameters that keeps the shape. */
function pointwise(
  net: TorchTopology,
  name: string,
  kind: string,
  input: Flow,
  f: (x: Tensor) => Tensor,
): Flow {
  return net.layer({ name, kind, parameters: [], apply: ([x]) => f(tensor(x)) }, [input], input.shape);
}

export function relu(net: TorchTopology, name: string, input: Flow): Flow {
  return pointwise(net, name, 'ReLU', input, (x) => tf.relu(x));
}

export function relu6(net: TorchTopology, name: string, input: Flow): Flow {
  return pointwise(net, name, 'ReLU6', input, (x) => tf.relu6(x));
}

/** Rows of length 1. A row of zeros stays one. */
export function unitLength(net: TorchTopology, name: string, input: Flow): Flow {
  return pointwise(net, name, 'UnitNormalization', input, (x) =>
    tf.div(x, tf.maximum(tf.norm(x, 2, -1, true), 1e-12)),
  );
}

export function add(net: TorchTopology, name: string, a: Flow, b: Flow): Flow {
  return net.layer(
    { name, kind: 'Add', parameters: [], apply: ([x, y]) => tf.add(tensor(x), tensor(y)) },
    [a, b],
    a.shape,
  );
}

export function maxPooling(
  net: TorchTopology,
  name: string,
  input: Flow,
  { kernel, stride = 1, padding }: ConvolutionOptions,
): Flow {
  // What is padded must never be the largest.
  const [padded, rule] = paddingRule(kernel, stride, padding, Number.NEGATIVE_INFINITY);
  return net.layer(
    {
      name,
      kind: 'MaxPooling2D',
      parameters: [],
      apply: ([x]) => tf.maxPool(padded(map(x)), kernel, stride, rule),
    },
    [input],
    slid(input.shape, kernel, stride, padding, channels(input.shape)),
  );
}

/** The mean over height and width: [batch, channels]. */
export function globalAveragePooling(net: TorchTopology, name: string, input: Flow): Flow {
  return net.layer(
    { name, kind: 'GlobalAveragePooling2D', parameters: [], apply: ([x]) => tf.mean(map(x), [1, 2]) },
    [input],
    [input.shape[0] ?? null, channels(input.shape)],
  );
}

/** `Linear` with bias. */
export function dense(
  net: TorchTopology,
  name: string,
  input: Flow,
  units: number,
  weights: string = name,
): Flow {
  const inputs = channels(input.shape);
  const weight = net.parameter(`${weights}.weight`, [units, inputs], (torch) => ({
    shape: [inputs, units],
    data: outputsLast(torch),
  }));
  const bias = net.parameter(`${weights}.bias`, [units]);
  return net.layer(
    {
      name,
      kind: 'Dense',
      parameters: [weight, bias],
      apply: ([x], [kernel, offset]) => tf.add(tf.matMul(matrix(x), matrix(kernel)), tensor(offset)),
    },
    [input],
    [...input.shape.slice(0, -1), units],
  );
}

type Rule = 'same' | 'valid';

/**
 * How to pad by hand and what to leave to the kernel. TensorFlow's kernels on Node have no gradients with explicit
 * padding, so that the rows are put there first; where both rules agree nothing is copied.
 */
function paddingRule(
  kernel: number,
  stride: number,
  padding: Padding,
  filling = 0,
): [(x: Tensor4D) => Tensor4D, Rule] {
  const asItIs = (x: Tensor4D) => x;
  if (padding === 'same') return [asItIs, 'same'];
  if (padding === 0) return [asItIs, 'valid'];
  // Over odd kernels that move by one, TensorFlow pads as much on each side too.
  if (stride === 1 && kernel === 2 * padding + 1) return [asItIs, 'same'];
  const around: [number, number] = [padding, padding];
  return [(x) => tf.pad4d(x, [[0, 0], around, around, [0, 0]], filling), 'valid'];
}

/** The shape after a window was moved over it. */
function slid(shape: Shape, kernel: number, stride: number, padding: Padding, units: number): Shape {
  const [batch = null, height = null, width = null] = shape;
  const after = (size: number | null) => {
    if (size === null) return null;
    return padding === 'same'
      ? Math.ceil(size / stride)
      : Math.floor((size + 2 * padding - kernel) / stride) + 1;
  };
  return [batch, after(height), after(width), units];
}

function channels(shape: Shape): number {
  const last = shape.at(-1);
  if (typeof last === 'number') return last;
  throw new RangeError('the last dimension of a layer must be known');
}
