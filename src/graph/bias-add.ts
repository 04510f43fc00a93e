/** A constant vector added to each channel becomes a bias, which TensorFlow fuses into the product before it. */
import { tf } from '../runtime/tensorflow.js';
import { biasAdd } from './fold-batchnorm.js';
import { DT, type Edge, type Graph, type GraphNode } from './graph.js';
import { constantAt, isConvolution, Uses } from './patterns.js';

const SUMS: readonly string[] = ['Add', 'AddV2'];

/** Changes `graph`; results stay the same to the last bit. */
export function addBiases(graph: Graph): void {
  const uses = new Uses(graph);
  for (const node of [...graph.nodes.values()]) {
    if (!SUMS.includes(node.op)) continue;
    const [a, b] = node.inputs;
    if (a === undefined || b === undefined) continue;
    const bias = biasOf(graph, uses, a, b) ?? biasOf(graph, uses, b, a);
    if (bias !== undefined) graph.replace(node.name, biasAdd(node, bias.input, bias.constant));
  }
  graph.prune();
}

function biasOf(
  graph: Graph,
  uses: Uses,
  input: Edge,
  added: Edge,
): { input: Edge; constant: Edge } | undefined {
  const product = graph.node(input.node);
  const value = constantAt(graph, added);
  if (value === undefined || !isProduct(product) || !uses.once(product)) return undefined;
  const channels = graph.info(input).shape.at(-1);
  if (value.dtype !== 'float32' || value.size !== channels || value.shape.at(-1) !== channels)
    return undefined;
  if (graph.info(input).dtype !== DT.float32 || value.rank > graph.info(input).shape.length) return undefined;
  if (value.rank === 1) return { input, constant: added };
  return { input, constant: graph.constant(tf.keep(tf.reshape(value, [channels])), 'Bias') };
}

function isProduct(node: GraphNode): boolean {
  return node.op === 'MatMul' || isConvolution(node);
}
