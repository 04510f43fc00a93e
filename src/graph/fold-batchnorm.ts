/**
 * BatchNorm on its stored statistics is a factor and an offset for each channel. Behind a convolution with constant
 * weights it goes into them: y = γ (w x + b - μ) / √(σ² + ε) + β.
 */
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { attribute, DT, type Edge, type Graph, type GraphNode } from './graph.js';
import { constantAt, isChannelsLast, isConvolution, Uses } from './patterns.js';

const BATCH_NORMS: readonly string[] = ['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'];

/**
 * Changes `graph`. Results differ by rounding only, some 1e-6 of the largest.
 * @returns how many were folded.
 */
export function foldBatchNorms(graph: Graph): number {
  let folded = 0;
  for (const node of [...graph.nodes.values()]) {
    if (BATCH_NORMS.includes(node.op) && foldOne(graph, node)) folded += 1;
  }
  graph.prune();
  return folded;
}

function foldOne(graph: Graph, norm: GraphNode): boolean {
  const [input, ...rest] = norm.inputs;
  const [scale, offset, mean, variance] = rest.map((edge) => constantAt(graph, edge));
  const { is_training: training, epsilon } = norm.attributes;
  if (input === undefined || scale === undefined || offset === undefined) return false;
  if (mean === undefined || variance === undefined) return false;
  // Left out, an attribute has TensorFlow's default: it would be training.
  if (training?.value !== false || !isChannelsLast(norm.attributes)) return false;
  const uses = new Uses(graph);
  if (!uses.onlyFirst(norm.name)) return false;
  const before = behindBias(graph, graph.node(input.node), uses);
  if (before === undefined) return false;
  const { convolution, bias } = before;
  const [x, kernelEdge] = convolution.inputs;
  const kernel = constantAt(graph, kernelEdge);
  if (x === undefined || kernel === undefined) return false;
  const [foldedKernel, foldedBias] = tf.tidy(() => {
    const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, Number(epsilon?.value ?? 1e-4))));
    const shift = bias === undefined ? mean : tf.sub(mean, bias);
    return [scaled(kernel, factor, convolution.op), tf.sub(offset, tf.mul(shift, factor))].map((value) =>
      tf.keep(value),
    );
  });
  if (foldedKernel === undefined || foldedBias === undefined) return false;
  graph.replace(convolution.name, {
    ...convolution,
    inputs: [x, graph.constant(foldedKernel, 'Kernel')],
  });
  graph.replace(
    norm.name,
    biasAdd(norm, { node: convolution.name, output: 0 }, graph.constant(foldedBias, 'Bias')),
  );
  return true;
}

/** The convolution whose result only this BatchNorm sees, and the constant that is added in between. */
function behindBias(
  graph: Graph,
  node: GraphNode,
  uses: Uses,
): { readonly convolution: GraphNode; readonly bias: Tensor | undefined } | undefined {
  if (!uses.once(node)) return undefined;
  if (isConvolution(node)) return { convolution: node, bias: undefined };
  if (node.op !== 'BiasAdd' || !isChannelsLast(node.attributes)) return undefined;
  const [input, added] = node.inputs;
  const bias = constantAt(graph, added);
  if (input === undefined || bias === undefined) return undefined;
  const convolution = graph.node(input.node);
  return isConvolution(convolution) && uses.once(convolution) ? { convolution, bias } : undefined;
}

/** Kernels are [height, width, in, out]; those by channel [height, width, channels, multiplier]. */
function scaled(kernel: Tensor, factor: Tensor, op: string): Tensor {
  const [, , channels = 0, multiplier = 0] = kernel.shape;
  return tf.mul(kernel, op === 'Conv2D' ? factor : tf.reshape(factor, [channels, multiplier]));
}

/** A node that adds a value to each channel. */
export function biasAdd({ outputs }: GraphNode, input: Edge, bias: Edge): Omit<GraphNode, 'name'> {
  return {
    op: 'BiasAdd',
    inputs: [input, bias],
    attributes: { T: attribute.type(DT.float32), data_format: attribute.string('NHWC') },
    outputs: outputs.slice(0, 1),
  };
}
