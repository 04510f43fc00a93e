/**
 * Which constants of a frozen graph are weights that training may change. A converter makes constants of variables,
 * so what they are must be told from where they go:
 *
 * - kernels: input 1 of convolutions and matrix products; tables: input 0 of look-ups;
 * - biases: input 1 of BiasAdd, the further inputs of fused operations, the slopes of PReLU;
 * - scale and offset of normalisation: vectors that are multiplied or added behind a kernel or a table.
 *
 * Everything else is not: shapes, means, running statistics, numbers without dimension, and whatever lies in a front
 * end. A front end is what comes before a logarithm or a Fourier transform that kernels follow (filters of a
 * constant-Q transform, windows, mel bands): it was computed, not trained.
 */
import type { GraphDefinition, GraphNode } from './graph-definition.js';

const KERNELS = new Set([
  'Conv1D',
  'Conv2D',
  'Conv2DBackpropInput',
  'Conv3D',
  'Conv3DBackpropInputV2',
  'DepthwiseConv2dNative',
  'FusedDepthwiseConv2dNative',
  'MatMul',
  'BatchMatMul',
  'BatchMatMulV2',
  'Einsum',
  '_FusedConv2D',
  '_FusedMatMul',
]);
const TABLES = new Set(['Gather', 'GatherV2', 'SparseSegmentSum', 'SparseSegmentMean', 'SparseSegmentSqrtN']);
const SPECTRAL = new Set(['Log', 'Log1p', 'RFFT', 'FFT', 'ComplexAbs']);
const SCALES = new Set(['Mul']);
const OFFSETS = new Set(['Add', 'AddV2']);
/** A constant passes through these unchanged in its numbers. */
const PASSES = new Set(['Identity', 'Reshape', 'ExpandDims', 'Squeeze', 'Transpose', 'StopGradient']);

export interface ConstantShape {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** @param constants shapes and types of the constants by name. @returns names of those that training may change. */
export function trainableConstants(
  graph: GraphDefinition,
  constants: ReadonlyMap<string, ConstantShape>,
): Set<string> {
  const readers = readersOf(graph);
  const kernels = [...graph.nodes.values()].filter((node) => kernelOf(graph, constants, node) !== undefined);
  const frontEnd = frontEndOf(graph, kernels);
  const trained = kernels.filter((node) => !frontEnd.has(node.name));
  const behind = reachable(trained, (node) => readers.get(node.name) ?? []);
  const trainable = new Set<string>();
  for (const node of graph.nodes.values()) {
    if (frontEnd.has(node.name)) continue;
    const kernel = kernelOf(graph, constants, node);
    const names = [kernel, ...biasesOf(graph, constants, node)];
    if (behind.has(node.name) && (SCALES.has(node.op) || OFFSETS.has(node.op))) {
      names.push(
        ...[0, 1]
          .map((index) => constantAt(graph, constants, node, index))
          .filter((name) => isVector(constants, name)),
      );
    }
    for (const name of names) if (name !== undefined) trainable.add(name);
  }
  return trainable;
}

/** The constant that a node multiplies its input by, or looks up in. */
function kernelOf(
  graph: GraphDefinition,
  constants: ReadonlyMap<string, ConstantShape>,
  node: GraphNode,
): string | undefined {
  const index = KERNELS.has(node.op) ? 1 : TABLES.has(node.op) ? 0 : undefined;
  if (index === undefined) return undefined;
  const name = constantAt(graph, constants, node, index);
  return (constants.get(name ?? '')?.shape.length ?? 0) >= 2 ? name : undefined;
}

function biasesOf(
  graph: GraphDefinition,
  constants: ReadonlyMap<string, ConstantShape>,
  node: GraphNode,
): (string | undefined)[] {
  const at = (...indices: number[]) => indices.map((index) => constantAt(graph, constants, node, index));
  if (node.op === 'BiasAdd' || node.op === 'Prelu') return at(1);
  if (node.op.startsWith('_Fused') || node.op === 'FusedDepthwiseConv2dNative') return at(2, 3);
  // Inputs 3 and 4 are the mean and the variance.
  if (node.op.startsWith('FusedBatchNorm')) return at(1, 2);
  return [];
}

function isVector(constants: ReadonlyMap<string, ConstantShape>, name: string | undefined): boolean {
  const shape = constants.get(name ?? '')?.shape ?? [];
  return shape.filter((size) => size !== 1).length === 1 && shape.length === 1;
}

/** The float32 constant that reaches an input, if one does. */
function constantAt(
  graph: GraphDefinition,
  constants: ReadonlyMap<string, ConstantShape>,
  node: GraphNode,
  index: number,
): string | undefined {
  let name = index < node.data ? node.inputs[index] : undefined;
  // The graph has no circles, so this ends.
  for (let at = graph.nodes.get(name ?? ''); at !== undefined; at = graph.nodes.get(name ?? '')) {
    if (at.op === 'Const') return constants.get(at.name)?.dtype === 'float32' ? at.name : undefined;
    if (!PASSES.has(at.op)) return undefined;
    name = at.inputs[0];
  }
  return undefined;
}

function readersOf(graph: GraphDefinition): Map<string, GraphNode[]> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes.values()) {
    for (const input of node.inputs.slice(0, node.data)) {
      const list = readers.get(input);
      if (list === undefined) readers.set(input, [node]);
      else list.push(node);
    }
  }
  return readers;
}

/** Names of the nodes before, and of, each logarithm or transform that a kernel follows. */
function frontEndOf(graph: GraphDefinition, kernels: readonly GraphNode[]): Set<string> {
  const before = (node: GraphNode) => node.inputs.flatMap((name) => graph.nodes.get(name) ?? []);
  const data = kernels.flatMap((node) => graph.nodes.get(node.inputs[0] ?? '') ?? []);
  const beforeKernels = reachable(data, before);
  const spectral = [...graph.nodes.values()].filter(
    (node) => SPECTRAL.has(node.op) && beforeKernels.has(node.name),
  );
  return reachable(spectral, before);
}

function reachable(from: readonly GraphNode[], next: (node: GraphNode) => readonly GraphNode[]): Set<string> {
  const seen = new Set<string>();
  const stack = [...from];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node.name)) continue;
    seen.add(node.name);
    stack.push(...next(node));
  }
  return seen;
}
