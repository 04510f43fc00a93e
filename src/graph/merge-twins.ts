/** Nodes that compute the same of the same are one node. */
import type { Edge, Graph, GraphNode } from './graph.js';
import { tensorName } from './saved-model.js';
import { isRandom } from './trace.js';

/** Numbers up to which constants are compared; larger ones are the same only if they are one node. */
const MOST_NUMBERS = 2 ** 8;

/** Changes `graph`, whose nodes stand behind what they read; results stay the same. */
export function mergeTwins(graph: Graph): void {
  const first = new Map<string, string>();
  const instead = new Map<string, string>();
  const merged = ({ node, output }: Edge): Edge => ({ node: instead.get(node) ?? node, output });
  for (const node of [...graph.nodes.values()]) {
    const inputs = node.inputs.map(merged);
    graph.replace(node.name, { ...node, inputs });
    const key = keyOf(node, inputs);
    if (key === undefined) continue;
    const twin = first.get(key);
    if (twin === undefined) first.set(key, node.name);
    else instead.set(node.name, twin);
  }
  graph.outputs = graph.outputs.map(({ name, edge }) => ({ name, edge: merged(edge) }));
  graph.prune();
}

/** The same for nodes that compute the same; undefined for a node that has no twin. */
function keyOf({ op, attributes, value, controls }: GraphNode, inputs: readonly Edge[]): string | undefined {
  if (op === 'Placeholder' || isRandom(op) || controls !== undefined) return undefined;
  if (value !== undefined) {
    if (value.size > MOST_NUMBERS || value.dtype === 'complex64') return undefined;
    // The two zeros are different numbers.
    const numbers = Array.from(value.dataSync(), (each) => (Object.is(each, -0) ? '-0' : String(each)));
    return `${value.dtype} [${value.shape.join()}] ${numbers.join()}`;
  }
  return `${op} ${inputs.map(tensorName).join()} ${JSON.stringify(attributes)}`;
}
