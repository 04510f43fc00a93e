/** Lets what trains read placeholders in the place of frozen tensors. */
import { tf } from '../../runtime/tensorflow.js';
import { attribute, DT, type Edge, type Graph, type GraphNode } from '../graph.js';
import { tensorName } from '../saved-model.js';
import { addShape, addSize } from '../size-nodes.js';
import { type FrozenNodes, timesBatch } from './frozen-nodes.js';

/**
 * Changes `graph`: what is not frozen no longer depends on the examples but through the placeholders.
 * @param kept tensors with a row for each example, from which all that is read of frozen nodes can be computed.
 * @returns a placeholder for each of `kept`, which is that tensor unless it is fed.
 */
export function separate(graph: Graph, frozen: FrozenNodes, kept: readonly Edge[]): Edge[] {
  const isFrozen = (name: string) => frozen.values.has(name) || frozen.counts.has(name);
  const late = [...graph.nodes.values()].filter(({ name }) => !isFrozen(name));
  const places = kept.map((edge) => addPlace(graph, edge));
  const known = kept.map((edge, index) => [tensorName(edge), placeAt(places, index)] as const);
  const behind = new Behind(graph, isFrozen, new Map(known));
  for (const node of late) {
    if (!node.inputs.some((edge) => isFrozen(edge.node))) continue;
    graph.replace(node.name, { ...node, inputs: node.inputs.map((edge) => behind.edge(edge)) });
  }
  graph.outputs = graph.outputs.map(({ name, edge }) => {
    const instead = behind.edge(edge);
    return { name, edge: places.includes(instead) ? addCopy(graph, instead) : instead };
  });
  return places;
}

/** TensorFlow does not give out what it is fed. */
function addCopy(graph: Graph, edge: Edge): Edge {
  const info = graph.info(edge);
  const attributes = { T: attribute.type(info.dtype) };
  return graph.add('Identity', { op: 'Identity', inputs: [edge], attributes, outputs: [info] });
}

function addPlace(graph: Graph, edge: Edge): Edge {
  const info = graph.info(edge);
  return graph.add('Boundary', {
    op: 'PlaceholderWithDefault',
    inputs: [edge],
    attributes: { dtype: attribute.type(info.dtype), shape: attribute.shape(info.shape) },
    outputs: [info],
  });
}

function placeAt(places: readonly Edge[], index: number): Edge {
  const place = places[index];
  if (place === undefined) throw new RangeError(`there is no placeholder ${index}`);
  return place;
}

/** Frozen tensors computed again of the placeholders. */
class Behind {
  readonly #graph: Graph;
  readonly #isFrozen: (name: string) => boolean;
  readonly #known: Map<string, Edge>;
  readonly #copies = new Map<string, string>();
  readonly #batch: Edge;

  /** @param known the placeholders, by what they stand for: at least one. */
  constructor(graph: Graph, isFrozen: (name: string) => boolean, known: ReadonlyMap<string, Edge>) {
    this.#graph = graph;
    this.#isFrozen = isFrozen;
    this.#known = new Map(known);
    const [first] = known.values();
    if (first === undefined) throw new RangeError('there is nothing to separate at');
    this.#batch = addSize(graph, addShape(graph, first), 0);
  }

  edge(edge: Edge): Edge {
    const known = this.#known.get(tensorName(edge));
    if (known !== undefined) return known;
    if (!this.#isFrozen(edge.node)) return edge;
    return { node: this.#copy(edge.node), output: edge.output };
  }

  #copy(name: string): string {
    const copied = this.#copies.get(name) ?? this.#copyAnew(this.#graph.node(name));
    this.#copies.set(name, copied);
    return copied;
  }

  #copyAnew(node: GraphNode): string {
    const times = timesBatch(this.#graph, node);
    if (times !== undefined) return this.#batchTimes(times).node;
    const inputs = node.inputs.map((edge) => this.edge(edge));
    return this.#graph.add(node.op, { ...node, inputs }).node;
  }

  #batchTimes(times: number): Edge {
    if (times === 1) return this.#batch;
    const factor = this.#graph.constant(tf.keep(tf.scalar(times, 'int32')));
    return this.#graph.add('Mul', {
      op: 'Mul',
      inputs: [this.#batch, factor],
      attributes: { T: attribute.type(DT.int32) },
      outputs: [{ dtype: DT.int32, shape: [] }],
    });
  }
}
