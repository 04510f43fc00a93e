/** Nodes that compute with floats, for what is added to a graph by hand. */
import { tf } from '../runtime/tensorflow.js';
import { attribute, DT, type Edge, type Graph } from './graph.js';

/** A constant float32. */
export function addScalar(graph: Graph, value: number): Edge {
  return graph.constant(tf.keep(tf.scalar(value, 'float32')));
}

/** An operation whose only attribute is its element type. @param shape of the result; -1 is any size. */
export function addFloat(
  graph: Graph,
  op: 'AddV2' | 'Mul' | 'RealDiv' | 'Maximum' | 'Sqrt' | 'L2Loss' | 'Identity',
  inputs: readonly Edge[],
  shape: readonly number[] = [],
  controls: readonly string[] = [],
): Edge {
  return graph.add(op, {
    op,
    inputs,
    controls,
    attributes: { T: attribute.type(DT.float32) },
    outputs: [{ dtype: DT.float32, shape }],
  });
}

/** The sum of numbers. @param terms at least one. */
export function addSum(graph: Graph, terms: readonly Edge[]): Edge {
  return graph.add('AddN', {
    op: 'AddN',
    inputs: terms,
    attributes: { N: attribute.int(terms.length), T: attribute.type(DT.float32) },
    outputs: [{ dtype: DT.float32, shape: [] }],
  });
}

/** The numbers of a vector [count], one by one. */
export function addUnpacked(graph: Graph, vector: Edge, count: number): Edge[] {
  const { node } = graph.add('Unpack', {
    op: 'Unpack',
    inputs: [vector],
    attributes: { num: attribute.int(count), T: attribute.type(DT.float32), axis: attribute.int(0) },
    outputs: Array.from({ length: count }, () => ({ dtype: DT.float32, shape: [] })),
  });
  return Array.from({ length: count }, (_, output) => ({ node, output }));
}
