/**
 * Cuts a step's graph in two: what depends on the examples alone, which stays the same while the weights of the other
 * part are trained, and the rest. Where they meet, a placeholder takes what comes by default, or what it is fed: so one
 * graph runs both ways.
 */
import { tf } from '../../runtime/tensorflow.js';
import { attribute, DT, type Edge, type Graph, type GraphNode, type Port } from '../graph.js';
import { type Signature, tensorName } from '../saved-model.js';
import { type CutPlace, cheapestCut } from './cheapest-cut.js';
import { type FrozenNodes, frozenNodes } from './frozen-nodes.js';
import { CHEAP, HEAVY } from './operation-kinds.js';
import { separate } from './separate.js';
import type { BoundaryTensor } from './training.js';

export interface Boundary {
  readonly tensors: readonly BoundaryTensor[];
  /** What is computed of the examples. */
  readonly sources: readonly Port[];
  /** Where it can be fed instead. */
  readonly places: readonly Port[];
}

/**
 * Changes `graph`; results stay the same.
 * @param inputs the network's. @param changing all other inputs.
 * @returns undefined where the graph stays as it is: no product and no convolution is frozen, or what is frozen can't be
 * cut into examples.
 */
export function cutFrozen(
  graph: Graph,
  inputs: readonly Port[],
  changing: readonly Port[],
): Boundary | undefined {
  const nodeOf = ({ edge }: Port) => edge.node;
  const mixing = [...graph.nodes.values()].filter(takesBatchStatistics).map(({ name }) => name);
  const frozen = frozenNodes(graph, inputs.map(nodeOf), [...changing.map(nodeOf), ...mixing]);
  const kept = keptEdges(graph, frozen);
  const before = [...graph.ancestors(kept)].map((name) => graph.node(name));
  if (!before.some(({ op }) => HEAVY.has(op))) return undefined;
  const places = separate(graph, frozen, kept);
  const named = (edges: readonly Edge[]) => edges.map((edge, index) => ({ name: `boundary${index}`, edge }));
  const given = new Set(inputs.map(nodeOf));
  return {
    tensors: kept.flatMap((edge) => boundaryTensor(graph, edge) ?? []),
    // What is fed can't be fetched: an input that is kept as it is, such as a mask, needs a name of its own.
    sources: named(kept.map((edge) => (given.has(edge.node) ? addCopy(graph, edge) : edge))),
    places: named(places),
  };
}

function addCopy(graph: Graph, edge: Edge): Edge {
  const info = graph.info(edge);
  return graph.add('Kept', {
    op: 'Identity',
    inputs: [edge],
    attributes: { T: attribute.type(info.dtype) },
    outputs: [info],
  });
}

/** What comes of an example then depends on the others of its batch. */
function takesBatchStatistics({ op, attributes }: GraphNode): boolean {
  return op === 'FusedBatchNormV3' && attributes.is_training?.value === true;
}

/** How a signature is named that takes the boundary's tensors in the place of the network's inputs. */
export function fromBoundary(signature: string): string {
  return `${signature}From`;
}

/** The signatures that a boundary makes possible, by name. @param inputs the network's. */
export function signaturesFrom(
  { sources, places }: Boundary,
  inputs: readonly Port[],
  signatures: Readonly<Record<string, Signature>>,
): Record<string, Signature> {
  const isInput = (port: Port) => inputs.includes(port);
  const fed = Object.entries(signatures).filter(([, signature]) => signature.inputs.some(isInput));
  return {
    frozen: { inputs, outputs: sources },
    ...Object.fromEntries(
      fed.map(([name, signature]) => [
        fromBoundary(name),
        {
          inputs: [...places, ...signature.inputs.filter((port) => !isInput(port))],
          outputs: signature.outputs,
        },
      ]),
    ),
  };
}

/** The fewest bytes from which all that is needed can be computed cheaply; none where there is no such cut. */
function keptEdges(graph: Graph, frozen: FrozenNodes): Edge[] {
  const edges = new Map<string, Edge>();
  const needed = new Set<string>();
  const need = (edge: Edge) => {
    if (!frozen.values.has(edge.node)) return;
    edges.set(tensorName(edge), edge);
    needed.add(tensorName(edge));
  };
  for (const { name, inputs } of graph.nodes.values()) {
    if (!frozen.values.has(name) && !frozen.counts.has(name)) inputs.forEach(need);
  }
  for (const { edge } of graph.outputs) need(edge);
  const places = new Map<string, CutPlace>();
  for (const [name, edge] of edges) {
    const { op, inputs } = graph.node(edge.node);
    const from = CHEAP.has(op) ? inputs.filter(({ node }) => frozen.values.has(node)) : [];
    // Grows while it is gone through.
    for (const other of from) edges.set(tensorName(other), other);
    places.set(name, {
      cost: boundaryTensor(graph, edge)?.bytes ?? Number.POSITIVE_INFINITY,
      from: from.map(tensorName),
      needed: needed.has(name),
    });
  }
  return (cheapestCut(places) ?? []).flatMap((name) => edges.get(name) ?? []);
}

/** Types of tensors that can be kept, and the bytes of a number. */
const KEPT: ReadonlyMap<number, { readonly dtype: BoundaryTensor['dtype']; readonly bytes: number }> =
  new Map([
    [DT.float32, { dtype: 'float32', bytes: 4 }],
    [DT.int32, { dtype: 'int32', bytes: 4 }],
    [DT.bool, { dtype: 'bool', bytes: 1 }],
  ]);

/** Undefined for a tensor that has not one row for each example. */
function boundaryTensor(graph: Graph, edge: Edge): BoundaryTensor | undefined {
  const info = graph.info(edge);
  const kept = KEPT.get(info.dtype);
  const [first, ...rest] = info.batches ?? [];
  if (kept === undefined || first !== 1 || rest.some((times) => times !== 0)) return undefined;
  const shape = info.shape.slice(1);
  const bytes = tf.util.sizeFromShape([...shape]) * kept.bytes;
  return { shape, dtype: kept.dtype, bytes };
}
