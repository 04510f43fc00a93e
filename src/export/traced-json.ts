/** A traced network as the content of a graph model. */
import type { Graph } from '../graph/graph.js';
import type { WrittenGraph } from './base-graph.js';
import type { Exportable } from './exportable.js';
import { graphJson, tensorInfo } from './graph-json.js';
import { tracedGraph } from './traced-graph.js';

/** What TensorFlow takes as the name of a node. */
const NODE_NAME = /^[A-Za-z0-9.][A-Za-z0-9_./>-]*$/;

/** Version of graphs that the operations are of. */
const PRODUCER = 1087;

/** @throws ZooError `DATA` for a network that can't become a graph. */
export async function tracedJson(exportable: Exportable): Promise<WrittenGraph> {
  const { graph, features } = tracedGraph(exportable);
  try {
    const names = portNames(graph);
    const nameOf = (name: string) => names.get(name) ?? name;
    const { nodes, weights } = await graphJson(graph, { nameOf });
    const tensors = (ports: Graph['inputs']) =>
      Object.fromEntries(ports.map(({ name, edge }) => [name, tensorInfo(graph, edge, nameOf)]));
    const [only, ...others] = graph.outputs;
    return {
      modelTopology: { node: nodes, library: {}, versions: { producer: PRODUCER } },
      signature: { inputs: tensors(graph.inputs), outputs: tensors(graph.outputs) },
      modelInitializer: undefined,
      initializerSignature: undefined,
      weights,
      features: features === undefined ? undefined : nameOf(features.node),
      output: only === undefined || others.length > 0 ? undefined : nameOf(only.edge.node),
    };
  } finally {
    graph.dispose();
  }
}

/** Inputs and outputs have the names of the network, as others ask for them. */
function portNames(graph: Graph): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(graph.nodes.keys());
  for (const { name, edge } of [...graph.inputs, ...graph.outputs]) {
    if (!NODE_NAME.test(name) || taken.has(name) || edge.output > 0 || names.has(edge.node)) continue;
    names.set(edge.node, name);
    taken.add(name);
  }
  return names;
}
