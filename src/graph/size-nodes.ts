/** The nodes by which a graph takes the size of a tensor on an axis. */
import { tf } from '../runtime/tensorflow.js';
import { attribute, DT, type Edge, type Graph, type GraphNode } from './graph.js';

/** The shape of a tensor, int32. */
export function addShape(graph: Graph, edge: Edge): Edge {
  const { dtype, shape } = graph.info(edge);
  return graph.add('Shape', {
    op: 'Shape',
    inputs: [edge],
    attributes: { T: attribute.type(dtype), out_type: attribute.type(DT.int32) },
    outputs: [{ dtype: DT.int32, shape: [shape.length] }],
  });
}

/** One number of what `addShape` gives. */
export function addSize(graph: Graph, shape: Edge, axis: number): Edge {
  const at = (index: number) => graph.constant(tf.keep(tf.tensor1d([index], 'int32')));
  return graph.add('Size', {
    op: 'StridedSlice',
    inputs: [shape, at(axis), at(axis + 1), at(1)],
    attributes: {
      T: attribute.type(DT.int32),
      Index: attribute.type(DT.int32),
      shrink_axis_mask: attribute.int(1),
    },
    outputs: [{ dtype: DT.int32, shape: [] }],
  });
}

/** The tensor and the axis whose size a node is; undefined for one that `addSize` has not made. */
export function sizeTaken(
  graph: Graph,
  { op, inputs, attributes }: GraphNode,
): { readonly of: Edge; readonly axis: number } | undefined {
  const [taken, begin] = inputs;
  if (op !== 'StridedSlice' || taken === undefined || begin === undefined) return undefined;
  const shape = graph.node(taken.node);
  const [of] = shape.inputs;
  if (shape.op !== 'Shape' || of === undefined || attributes.shrink_axis_mask?.value !== 1) return undefined;
  const axis = graph.node(begin.node).value?.dataSync()[0];
  return typeof axis === 'number' ? { of, axis } : undefined;
}
