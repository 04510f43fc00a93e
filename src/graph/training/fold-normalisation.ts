/**
 * BatchNorm on its stored statistics, folded into the convolution before it:
 * y = γ (w x + b - μ) / √(σ² + ε) + β is a convolution with w s and the bias (b - μ) s + β, where s = γ / √(σ² + ε).
 * w s is computed in every step, so that w, γ and β keep their exact gradients; what goes is the pass over the map.
 */
import { type NamedTensorMap, type Tensor, tf } from '../../runtime/tensorflow.js';
import { type KernelCall, type KernelRewrite, runKernel } from './kernel-rewrites.js';

interface Convolved {
  /** A `Conv2D` or `DepthwiseConv2dNative` without bias. */
  readonly call: KernelCall;
  readonly x: Tensor;
  readonly filter: Tensor;
  readonly bias: Tensor | undefined;
}

interface Normalisation {
  readonly scale: Tensor | undefined;
  readonly offset: Tensor | undefined;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly epsilon: number;
}

/** One for each traced pass. */
export class FoldNormalisation implements KernelRewrite {
  readonly #convolved = new Map<number, Convolved>();

  remember(call: KernelCall, result: Tensor): void {
    const made = convolutionOf(call) ?? this.#withBias(call, result);
    if (made !== undefined) this.#convolved.set(result.id, made);
  }

  replace({ name, inputs, attributes }: KernelCall): Tensor | undefined {
    const { x, scale, offset, mean, variance } = inputs;
    const before = name === 'FusedBatchNorm' && x ? this.#convolved.get(x.id) : undefined;
    if (before === undefined || mean === undefined || variance === undefined) return undefined;
    // Statistics of each pixel are none of a channel; what was freed in between can't be convolved again.
    if (mean.rank !== 1 || before.x.isDisposed || before.bias?.isDisposed) return undefined;
    const epsilon = Number(attributes?.varianceEpsilon ?? 0.001);
    return normalised(before, { scale, offset, mean, variance, epsilon });
  }

  /** A vector with a number for each channel, added to a convolution. */
  #withBias({ name, inputs: { a, b } }: KernelCall, result: Tensor): Convolved | undefined {
    if (name !== 'Add' || a === undefined || b === undefined) return undefined;
    const before = this.#convolved.get(a.id);
    if (before === undefined || before.bias !== undefined) return undefined;
    return b.rank === 1 && b.size === result.shape.at(-1) ? { ...before, bias: b } : undefined;
  }
}

/** By the kernel's name, that of the convolution alone. */
const CONVOLUTIONS: Readonly<Record<string, string>> = {
  Conv2D: 'Conv2D',
  DepthwiseConv2dNative: 'DepthwiseConv2dNative',
  FusedConv2D: 'Conv2D',
  FusedDepthwiseConv2D: 'DepthwiseConv2dNative',
};

function convolutionOf({ name, inputs, attributes }: KernelCall): Convolved | undefined {
  const { x, filter, bias }: NamedTensorMap = inputs;
  const kernel = CONVOLUTIONS[name];
  if (kernel === undefined || x === undefined || filter === undefined) return undefined;
  if (attributes?.dataFormat !== undefined && attributes.dataFormat !== 'NHWC') return undefined;
  if (attributes?.activation !== undefined && attributes.activation !== 'linear') return undefined;
  if (bias !== undefined && bias.rank !== 1) return undefined;
  return { call: { name: kernel, inputs: { x, filter }, attributes }, x, filter, bias };
}

function normalised({ call, x, filter, bias }: Convolved, normalisation: Normalisation): Tensor {
  const { scale, offset, mean, variance, epsilon } = normalisation;
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const factor = scale === undefined ? inverse : tf.mul(scale, inverse);
  const [, , channels = 0, multiplier = 0] = filter.shape;
  // Kernels are [height, width, in, out]; those by channel [height, width, channels, multiplier].
  const byKernel = call.name === 'Conv2D' ? factor : tf.reshape(factor, [channels, multiplier]);
  const product = runKernel({ ...call, inputs: { x, filter: tf.mul(filter, byKernel) } });
  const shift = tf.mul(bias === undefined ? tf.neg(mean) : tf.sub(bias, mean), factor);
  return tf.add(product, offset === undefined ? shift : tf.add(offset, shift));
}
