/** A vector added to each channel becomes a bias, which TensorFlow fuses into the product before it. */
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
    if (bias !== undefined) graph.replace(node.name, biasAdd(node, bias.input, bias.added));
  }
  graph.prune();
}

function biasOf(
  graph: Graph,
  uses: Uses,
  input: Edge,
  added: Edge,
): { input: Edge; added: Edge } | undefined {
  const product = graph.node(input.node);
  if (!isProduct(product) || !uses.once(product)) return undefined;
  const { shape, dtype } = graph.info(added);
  const channels = graph.info(input).shape.at(-1);
  if (dtype !== DT.float32 || graph.info(input).dtype !== DT.float32) return undefined;
  if (shape.length === 1) return shape[0] === channels ? { input, added } : undefined;
  const value = constantAt(graph, added);
  if (value === undefined || value.size !== channels || value.shape.at(-1) !== channels) return undefined;
  if (value.rank > graph.info(input).shape.length) return undefined;
  return { input, added: graph.constant(tf.keep(tf.reshape(value, [channels])), 'Bias') };
}

function isProduct(node: GraphNode): boolean {
  return node.op === 'MatMul' || isConvolution(node);
}
