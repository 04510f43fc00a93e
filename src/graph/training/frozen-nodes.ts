/** What in a step's graph depends on the examples alone. */
import type { Graph, GraphNode } from '../graph.js';
import { sizeTaken } from '../size-nodes.js';

export interface FrozenNodes {
  /** Names of nodes whose values depend on examples, and on nothing that changes while training lasts. */
  readonly values: ReadonlySet<string>;
  /** Names of nodes that depend on how many examples there are, and not on which. */
  readonly counts: ReadonlySet<string>;
}

/** @param inputs the examples. @param changing what is another at every step, or makes it so. */
export function frozenNodes(
  graph: Graph,
  inputs: readonly string[],
  changing: readonly string[],
): FrozenNodes {
  const late = descendants(graph, changing);
  const values = new Set([...descendants(graph, inputs)].filter((name) => !late.has(name)));
  const counts = new Set<string>();
  // Nodes stand behind what they read.
  for (const node of graph.nodes.values()) {
    if (!values.has(node.name)) continue;
    const read = node.inputs.filter((edge) => values.has(edge.node) || counts.has(edge.node));
    const isCount = read.length > 0 && read.every((edge) => counts.has(edge.node));
    if (!isCount && timesBatch(graph, node) === undefined) continue;
    values.delete(node.name);
    counts.add(node.name);
  }
  return { values, counts };
}

/** How many times the batch a size is, for a node that takes one; undefined for others. */
export function timesBatch(graph: Graph, node: GraphNode): number | undefined {
  const taken = sizeTaken(graph, node);
  const times = taken && graph.info(taken.of).batches?.[taken.axis];
  return times === 0 ? undefined : times;
}

function descendants(graph: Graph, starts: readonly string[]): Set<string> {
  const readers = graph.readers();
  const found = new Set(starts);
  for (const name of found) for (const reader of readers.get(name) ?? []) found.add(reader.name);
  return found;
}
