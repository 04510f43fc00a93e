/** The nodes of a graph as layers of a network, with shapes as far as they can be found out. */
import type { Card } from '../../registry/card.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { LayerInfo, Shape } from '../network.js';
import type { Executor } from './executor.js';
import type { GraphDefinition } from './graph-definition.js';
import { commonShapes, inferShapes, probeInputs } from './node-shapes.js';
import { cutNames } from './plan-run.js';
import { givesTensor, isDynamic } from './reach.js';
import type { GraphTensor } from './signature.js';

export interface Described {
  readonly graph: GraphDefinition;
  readonly executor: Executor;
  readonly inputs: readonly GraphTensor[];
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly card: Card;
}

type Seen = number[][];

/** Runs what can be run without waiting on zeros, with one example and with two. */
export function describeNodes(network: Described): LayerInfo[] {
  const { executor, inputs, card } = network;
  const names = directNames(network.graph);
  const [one, two] = probeInputs(inputs, card).map((feeds) =>
    tf.tidy((): Seen => {
      try {
        return executor.execute(feeds(), names).map((tensor) => tensor?.shape);
      } catch {
        // Zeros may be nothing that the network can work on; then less is known.
        return [];
      }
    }),
  );
  return withShapes(network, commonShapes(names, one ?? [], two ?? []));
}

/** The same with waiting, for all nodes; undefined where no node has to be waited for. */
export async function observeNodes(network: Described): Promise<LayerInfo[] | undefined> {
  const { executor, inputs, card } = network;
  const names = [...cutNames(network.graph)];
  if (directNames(network.graph).length === names.length) return undefined;
  const seen: Seen[] = [];
  for (const make of probeInputs(inputs, card)) {
    const feeds = make();
    const results: Tensor[] = [];
    try {
      results.push(...(await executor.executeAsync(feeds, names)));
    } catch {
      // As above.
    }
    seen.push(results.map((tensor) => tensor?.shape));
    tf.dispose([...results, ...Object.values(feeds)]);
  }
  const [one, two] = seen;
  return withShapes(network, commonShapes(names, one ?? [], two ?? []));
}

function withShapes({ graph, weights, card }: Described, shapes: Map<string, Shape>): LayerInfo[] {
  inferShapes(graph, shapes, constantShapes(weights), card);
  return [...graph.nodes.values()]
    .filter((node) => node.op !== 'Const')
    .map((node) => ({
      name: node.name,
      kind: node.op,
      shape: shapes.get(node.name),
      parameters: [...new Set(node.inputs.filter((input) => weights.has(input)))],
      cut: givesTensor(node),
    }));
}

export function constantShapes(weights: ReadonlyMap<string, Tensor>): Map<string, readonly number[]> {
  return new Map([...weights].map(([name, { shape }]) => [name, shape]));
}

/** Names of cuts that need no node that has to be waited for. */
function directNames(graph: GraphDefinition): string[] {
  const waits = new Set<string>();
  for (const node of graph.nodes.values()) {
    if (isDynamic(node) || node.inputs.some((input) => waits.has(input))) waits.add(node.name);
  }
  return [...cutNames(graph)].filter((name) => !waits.has(name));
}
