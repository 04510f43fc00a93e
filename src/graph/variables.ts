/**
 * Weights as resource variables of a session: the graph's file stays small, and the session shares the memory of the
 * tensors that it is initialised with.
 */
import type { Tensor } from '../runtime/tensorflow.js';
import { tf } from '../runtime/tensorflow.js';
import { attribute, DT, type Edge, type Graph, type GraphNode, type Port } from './graph.js';
import type { Signature } from './saved-model.js';

export interface Initialiser {
  readonly signature: Signature;
  /** In the order of the signature's inputs. */
  readonly values: readonly Tensor[];
}

/**
 * Makes variables of the large constants of a graph.
 * @param least bytes from which on a constant becomes one; operations want small ones (axes, shapes) as constants.
 * @returns how to fill them, once, before the graph runs; the values are the caller's. Undefined without any.
 */
export function constantsToVariables(graph: Graph, least: number): Initialiser | undefined {
  const values: Tensor[] = [];
  const inputs: Port[] = [];
  const assignments: string[] = [];
  for (const { name, value } of [...graph.nodes.values()]) {
    if (value === undefined || value.dtype !== 'float32' || value.size * 4 < least) continue;
    const kept = tf.keep(value.clone());
    const variable = addVariable(graph, name, kept.shape);
    const given = addPlaceholder(graph, 'InitialValue', DT.float32, kept.shape);
    assignments.push(addAssignment(graph, variable, given));
    inputs.push({ name, edge: given });
    values.push(kept);
    graph.replace(name, readNode(variable, kept.shape));
  }
  if (values.length === 0) return undefined;
  return { signature: { inputs, outputs: [addCompletion(graph, assignments)] }, values };
}

/** @param shape -1 is any size. */
export function addPlaceholder(graph: Graph, label: string, dtype: number, shape: readonly number[]): Edge {
  return graph.add(label, {
    op: 'Placeholder',
    inputs: [],
    attributes: { dtype: attribute.type(dtype) },
    outputs: [{ dtype, shape }],
  });
}

/** What a signature gives when all it does is to change variables: how many nodes have run. */
export function addCompletion(graph: Graph, controls: readonly string[]): Port {
  const count = graph.constant(tf.keep(tf.scalar(controls.length, 'int32')));
  const edge = graph.add('Done', {
    op: 'Identity',
    inputs: [count],
    controls,
    attributes: { T: attribute.type(DT.int32) },
    outputs: [{ dtype: DT.int32, shape: [] }],
  });
  return { name: 'variables', edge };
}

/** Reads a float32 variable. */
export function readNode(variable: Edge, shape: readonly number[]): Omit<GraphNode, 'name'> {
  return {
    op: 'ReadVariableOp',
    inputs: [variable],
    attributes: { dtype: attribute.type(DT.float32) },
    outputs: [{ dtype: DT.float32, shape }],
  };
}

/** The handle of a new float32 variable. @param name unique in the session. */
export function addVariable(graph: Graph, name: string, shape: readonly number[]): Edge {
  return graph.add('Variable', {
    op: 'VarHandleOp',
    inputs: [],
    attributes: {
      container: attribute.string(''),
      shared_name: attribute.string(name),
      dtype: attribute.type(DT.float32),
      shape: attribute.shape(shape),
    },
    outputs: [{ dtype: DT.resource, shape: [] }],
  });
}

/** @returns the name of the node that assigns. */
export function addAssignment(
  graph: Graph,
  variable: Edge,
  value: Edge,
  op: 'AssignVariableOp' | 'AssignAddVariableOp' | 'AssignSubVariableOp' = 'AssignVariableOp',
  controls: readonly string[] = [],
): string {
  return graph.add('Assign', {
    op,
    inputs: [variable, value],
    controls,
    attributes: { dtype: attribute.type(DT.float32) },
    outputs: [],
  }).node;
}
