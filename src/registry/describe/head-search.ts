/**
 * Finds the output layer of a graph, and with it the features: walks back from an output over operations that
 * only reshape, add a bias or squash, to the last operation that multiplies by weights.
 */

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of tensors, data first. */
  readonly inputs: readonly string[];
}

export interface HeadGraph {
  /** The node that makes a tensor; undefined for inputs and weights. */
  producer(tensor: string): GraphNode | undefined;
  /** True for tensors that are stored in the file. */
  isWeight(tensor: string): boolean;
  /** How many numbers a node that multiplies by weights takes in and gives out; undefined when it is none. */
  multiplies(node: GraphNode): { width: number; units: number } | undefined;
}

export interface Head {
  readonly node: GraphNode;
  /** The tensor that goes in, before operations that change nothing in it. */
  readonly features: string;
  readonly width: number;
  readonly units: number;
  /** As a card writes it. */
  readonly activation: string;
}

const SHAPES_ONLY = /^(identity|reshape|squeeze|flatten|dropout|cast|unsqueeze|expand_?dims)$/i;
/** A reshaped or flattened map has another width than its channels: the vector that the head takes is kept. */
const KEEPS_WIDTH = /^(identity|squeeze|dropout|cast)$/i;
const ADDS_BIAS = /^(biasadd|add|addv2)$/i;
const SQUASHES = /^(softmax|logsoftmax|log_softmax|sigmoid|logistic|tanh)$/i;
const SOFTMAX = /^softmax$/i;
const SIGMOID = /^(sigmoid|logistic)$/i;

/** Longest tail between the output layer and the output; also what ends a walk over a graph with a cycle. */
const MAX_STEPS = 32;

export function findHead(graph: HeadGraph, output: string): Head | undefined {
  let tensor = output;
  let activation: string | undefined;
  for (let step = 0; step < MAX_STEPS; step++) {
    const node = graph.producer(tensor);
    if (node === undefined) return undefined;
    const product = graph.multiplies(node);
    const [data, other] = node.inputs;
    if (product !== undefined && data !== undefined) {
      const features = skipShapes(graph, data);
      return { node, features, ...product, activation: activation ?? 'none (logits)' };
    }
    if (data === undefined) return undefined;
    if (SQUASHES.test(node.op)) {
      activation ??= SOFTMAX.test(node.op)
        ? 'softmax'
        : SIGMOID.test(node.op)
          ? 'sigmoid'
          : node.op.toLowerCase();
      tensor = data;
    } else if (SHAPES_ONLY.test(node.op)) {
      tensor = data;
    } else if (ADDS_BIAS.test(node.op) && other !== undefined) {
      if (graph.isWeight(other)) tensor = data;
      else if (graph.isWeight(data)) tensor = other;
      else return undefined;
    } else return undefined;
  }
  return undefined;
}

function skipShapes(graph: HeadGraph, start: string): string {
  let tensor = start;
  for (let step = 0; step < MAX_STEPS; step++) {
    const node = graph.producer(tensor);
    const [data] = node?.inputs ?? [];
    if (node === undefined || data === undefined || !KEEPS_WIDTH.test(node.op)) return tensor;
    tensor = data;
  }
  return tensor;
}
