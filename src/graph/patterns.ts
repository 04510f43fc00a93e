/** What passes over a graph look for. */
import type { Tensor } from '../runtime/tensorflow.js';
import type { Edge, Graph, GraphNode } from './graph.js';

const CONVOLUTIONS: readonly string[] = ['Conv2D', 'DepthwiseConv2dNative'];

/** The value that an edge always has. */
export function constantAt(graph: Graph, edge: Edge | undefined): Tensor | undefined {
  return edge === undefined ? undefined : graph.node(edge.node).value;
}

/** True for a convolution over channels-last maps. */
export function isConvolution({ op, attributes }: GraphNode): boolean {
  return CONVOLUTIONS.includes(op) && isChannelsLast(attributes);
}

export function isChannelsLast({ data_format: format }: GraphNode['attributes']): boolean {
  return format === undefined || format.value === 'NHWC';
}

/** Who reads what, with the outputs of the graph among the readers. */
export class Uses {
  readonly #readers: ReadonlyMap<string, readonly GraphNode[]>;
  readonly #given: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.#readers = graph.readers();
    this.#given = new Set(graph.outputs.map(({ edge }) => edge.node));
  }

  /** True where a node's first output is read in one place, and nothing else of it anywhere. */
  once({ name }: GraphNode): boolean {
    const readers = this.#readers.get(name) ?? [];
    return readers.length === 1 && !this.#given.has(name) && this.onlyFirst(name);
  }

  /** True where nobody reads another output than the first. */
  onlyFirst(name: string): boolean {
    const readers = this.#readers.get(name) ?? [];
    return readers.every(({ inputs }) => inputs.every(({ node, output }) => node !== name || output === 0));
  }
}
