/** Computes once, before a graph is opened, what depends on constants only. */
import { tf } from '../runtime/tensorflow.js';
import { executeNative } from './execute.js';
import { constantNode, DT, type Graph, type GraphNode } from './graph.js';
import { isRandom } from './trace.js';

/** Numbers up to which a result may be larger than what it is made of. */
const MOST_GROWTH = 2 ** 16;
const FOLDED_TYPES: readonly number[] = [DT.float32, DT.int32, DT.bool];

/** Changes `graph`: nodes whose inputs are all constants become constants. */
export function foldConstants(graph: Graph): void {
  // Nodes stand behind what they read.
  for (const node of [...graph.nodes.values()]) {
    if (canFold(graph, node)) graph.replace(node.name, fold(graph, node));
  }
  graph.prune();
}

function canFold(graph: Graph, { op, inputs, outputs, controls }: GraphNode): boolean {
  const [output] = outputs;
  if (inputs.length === 0 || outputs.length !== 1 || output === undefined || controls !== undefined)
    return false;
  if (isRandom(op) || !FOLDED_TYPES.includes(output.dtype)) return false;
  const values = inputs.map(({ node }) => graph.node(node).value);
  const size = values.reduce((sum, value) => sum + (value?.size ?? 0), 0);
  return (
    values.every((value) => value !== undefined) &&
    tf.util.sizeFromShape([...output.shape]) <= size + MOST_GROWTH
  );
}

function fold(graph: Graph, node: GraphNode): Omit<GraphNode, 'name'> {
  const values = node.inputs.flatMap((edge) => graph.node(edge.node).value ?? []);
  return constantNode(tf.keep(executeNative(node.op, values, node.attributes)));
}
