/** A TensorFlow graph in memory: what tracing makes, passes change and a SavedModel holds. */
import type { Tensor } from '../runtime/tensorflow.js';

/** TensorFlow's own numbers of element types. */
export const DT = {
  float32: 1,
  int32: 3,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  resource: 20,
} as const;

/** An output of a node. */
export interface Edge {
  readonly node: string;
  readonly output: number;
}

/** A value of `AttrValue`; -1 in a shape is any size. */
export type Attribute =
  | { readonly kind: 'type' | 'int' | 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'shape' | 'ints' | 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'bools'; readonly value: readonly boolean[] };

export type Attributes = Readonly<Record<string, Attribute>>;

/** What an output is. */
export interface OutputInfo {
  readonly dtype: number;
  /** -1 is any size. */
  readonly shape: readonly number[];
  /**
   * How many times the batch each axis is: 0 for one whose size is fixed, undefined for one that is open in another
   * way. Only for outputs that were traced with several batches.
   */
  readonly batches?: readonly (number | undefined)[] | undefined;
  /** Its sizes in the first of several traces, and the batch there. */
  readonly traced?: { readonly batch: number; readonly shape: readonly number[] } | undefined;
}

export interface GraphNode {
  readonly name: string;
  /** Name of the operation in TensorFlow. `Const` nodes have a `value` and no attributes. */
  readonly op: string;
  readonly inputs: readonly Edge[];
  /** Names of nodes that must have run before. */
  readonly controls?: readonly string[];
  readonly attributes: Attributes;
  readonly outputs: readonly OutputInfo[];
  /** Of a constant; owned by the graph. */
  readonly value?: Tensor;
}

/** A tensor that a signature takes or gives. */
export interface Port {
  /** In the signature. */
  readonly name: string;
  readonly edge: Edge;
}

export class Graph {
  readonly #nodes = new Map<string, GraphNode>();
  #count = 0;
  inputs: readonly Port[] = [];
  outputs: readonly Port[] = [];

  get nodes(): ReadonlyMap<string, GraphNode> {
    return this.#nodes;
  }

  node(name: string): GraphNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`the graph has no node ${name}`);
    return node;
  }

  info({ node, output }: Edge): OutputInfo {
    const info = this.node(node).outputs[output];
    if (info === undefined) throw new RangeError(`the node ${node} has no output ${output}`);
    return info;
  }

  /** Adds a node under a new name made of `label`. @returns its first output. */
  add(label: string, node: Omit<GraphNode, 'name'>): Edge {
    const name = `${label.replace(/^_+/, '')}_${this.#count++}`;
    this.#nodes.set(name, { ...node, name });
    return { node: name, output: 0 };
  }

  /** Takes the value over. */
  constant(value: Tensor, label = 'Const'): Edge {
    return this.add(label, constantNode(value));
  }

  /** Puts another node in the place of one, under its name. A constant that goes is freed. */
  replace(name: string, node: Omit<GraphNode, 'name'>): void {
    const old = this.node(name);
    if (old.value !== undefined && old.value !== node.value) old.value.dispose();
    this.#nodes.set(name, { ...node, name });
  }

  /** Lets everybody who reads the first output of a node read something else. */
  bypass(name: string, edge: Edge): void {
    const instead = (read: Edge) => (read.node === name && read.output === 0 ? edge : read);
    for (const node of this.#nodes.values()) {
      if (!node.inputs.some((read) => read.node === name)) continue;
      this.#nodes.set(node.name, { ...node, inputs: node.inputs.map(instead) });
    }
    this.outputs = this.outputs.map((port) => ({ ...port, edge: instead(port.edge) }));
  }

  /** Who reads the outputs of each node, outputs of the graph not counted. */
  readers(): Map<string, GraphNode[]> {
    const readers = new Map<string, GraphNode[]>();
    for (const node of this.#nodes.values()) {
      for (const { node: name } of node.inputs) {
        const list = readers.get(name);
        if (list === undefined) readers.set(name, [node]);
        else list.push(node);
      }
    }
    return readers;
  }

  /** Removes what no output needs; inputs stay. */
  prune(): void {
    const needed = this.ancestors([...this.outputs, ...this.inputs].map(({ edge }) => edge));
    for (const [name, node] of this.#nodes) {
      if (needed.has(name)) continue;
      node.value?.dispose();
      this.#nodes.delete(name);
    }
  }

  /** Names of the nodes that run for some outputs, their own among them. */
  ancestors(edges: readonly Edge[]): Set<string> {
    const needed = new Set<string>();
    const waiting = edges.map(({ node }) => node);
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (needed.has(name)) continue;
      needed.add(name);
      const { inputs, controls } = this.node(name);
      waiting.push(...inputs.map((edge) => edge.node), ...(controls ?? []));
    }
    return needed;
  }

  /** Frees the constants. */
  dispose(): void {
    for (const { value } of this.#nodes.values()) value?.dispose();
    this.#nodes.clear();
  }
}

export function constantNode(value: Tensor): Omit<GraphNode, 'name'> {
  const outputs = [{ dtype: DT[value.dtype], shape: value.shape }];
  return { op: 'Const', inputs: [], attributes: {}, outputs, value };
}

export const attribute = {
  type: (value: number): Attribute => ({ kind: 'type', value }),
  int: (value: number): Attribute => ({ kind: 'int', value }),
  float: (value: number): Attribute => ({ kind: 'float', value }),
  bool: (value: boolean): Attribute => ({ kind: 'bool', value }),
  string: (value: string): Attribute => ({ kind: 'string', value }),
  shape: (value: readonly number[]): Attribute => ({ kind: 'shape', value }),
} as const;
