/** Zeros put around a map before a convolution without padding become padding of the convolution: no copy is made. */
import { type Tensor, tf } from '../runtime/tensorflow.js';
import type { Attributes, Edge, Graph, GraphNode } from './graph.js';
import { constantAt, isConvolution, Uses } from './patterns.js';

/** Changes `graph`; for inference only, as TensorFlow has no gradients of such convolutions everywhere. */
export function mergePaddings(graph: Graph): void {
  const uses = new Uses(graph);
  for (const node of [...graph.nodes.values()]) {
    if (!isConvolution(node) || node.attributes.padding?.value !== 'VALID') continue;
    const [input, kernel] = node.inputs;
    if (input === undefined || kernel === undefined) continue;
    const pad = graph.node(input.node);
    const amounts = uses.once(pad) ? zerosAround(graph, pad) : undefined;
    const [padded] = pad.inputs;
    if (amounts === undefined || padded === undefined) continue;
    const merged = merge(graph, node, kernel, amounts);
    if (merged === undefined) continue;
    const attributes = { ...node.attributes, ...merged.attributes };
    graph.replace(node.name, { ...node, inputs: [padded, merged.kernel], attributes });
  }
  graph.prune();
}

/** Rows of zeros before and behind on each axis, where they are around height and width only. */
function zerosAround(graph: Graph, { op, inputs }: GraphNode): number[] | undefined {
  if (op !== 'PadV2' && op !== 'Pad') return undefined;
  const [, amounts, filling] = inputs;
  const value = constantAt(graph, amounts);
  if (value === undefined || value.size !== 8) return undefined;
  if (op === 'PadV2' && constantAt(graph, filling)?.dataSync()[0] !== 0) return undefined;
  const numbers = [...value.dataSync()];
  const [beforeBatch, behindBatch, , , , , beforeChannel, behindChannel] = numbers;
  return beforeBatch === 0 && behindBatch === 0 && beforeChannel === 0 && behindChannel === 0
    ? numbers
    : undefined;
}

const SAME: Attributes = { padding: { kind: 'string', value: 'SAME' } };

/**
 * The kernel and attributes that stand for the zeros. A convolution by channel has none for every amount: with amounts
 * written out and a bias behind it, oneDNN's fused kernel in TensorFlow 2.18 ends the process by a failed check.
 */
function merge(
  graph: Graph,
  node: GraphNode,
  kernel: Edge,
  amounts: readonly number[],
): { readonly kernel: Edge; readonly attributes: Attributes } | undefined {
  const { shape } = graph.info(kernel);
  if (strideOf(node) === 1 && isSame(node, amounts, shape)) return { kernel, attributes: SAME };
  if (node.op === 'Conv2D') {
    const attributes: Attributes = {
      padding: { kind: 'string', value: 'EXPLICIT' },
      explicit_paddings: { kind: 'ints', value: amounts },
    };
    return { kernel, attributes };
  }
  const value = constantAt(graph, kernel);
  if (value === undefined || strideOf(node) !== 2 || !isCentred(node, amounts, shape)) return undefined;
  return { kernel: graph.constant(withZerosBehind(value), 'Kernel'), attributes: SAME };
}

function strideOf({ attributes: { strides } }: GraphNode): number | undefined {
  if (strides?.kind !== 'ints') return undefined;
  const [, down, across] = strides.value;
  return down === across ? down : undefined;
}

function dilationOf({ attributes: { dilations } }: GraphNode, axis: number): number {
  return dilations?.kind === 'ints' ? (dilations.value[axis] ?? 1) : 1;
}

/** True where the amounts are TensorFlow's SAME whatever the size of the map: without strides only the kernel counts. */
function isSame(node: GraphNode, amounts: readonly number[], kernel: readonly number[]): boolean {
  return [1, 2].every((axis) => {
    const total = ((kernel[axis - 1] ?? 0) - 1) * dilationOf(node, axis);
    const before = Math.floor(total / 2);
    return amounts[2 * axis] === before && amounts[2 * axis + 1] === total - before;
  });
}

/**
 * True for an odd kernel that begins with its middle on the first pixel. In steps of 2, SAME puts as many zeros before
 * an even kernel, whatever the size of the map; so this one does, made even by a last row and column of zeros.
 */
function isCentred(node: GraphNode, amounts: readonly number[], kernel: readonly number[]): boolean {
  return [1, 2].every((axis) => {
    const length = kernel[axis - 1] ?? 0;
    const half = (length - 1) / 2;
    const isAround = amounts[2 * axis] === half && amounts[2 * axis + 1] === half;
    return length % 2 === 1 && isAround && dilationOf(node, axis) === 1;
  });
}

function withZerosBehind(kernel: Tensor): Tensor {
  return tf.keep(
    tf.pad(kernel, [
      [0, 1],
      [0, 1],
      [0, 0],
      [0, 0],
    ]),
  );
}
