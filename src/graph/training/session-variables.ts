/** What a training session changes: trained parameters with what the optimiser remembers, and running statistics. */
import { DT, type Edge, type Graph, type Port } from '../graph.js';
import type { Signature } from '../saved-model.js';
import { addAssignment, addCompletion, addPlaceholder, addVariable, readNode } from '../variables.js';
import { type Optimizer, slotNames } from './optimizer.js';

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface SessionVariable extends NamedShape {
  readonly variable: Edge;
}

export interface ReadVariable extends SessionVariable {
  readonly read: Edge;
  /** Names of the nodes that read its old value for a step, its own reading among them. */
  readonly readers: readonly string[];
}

export interface TrainedVariable extends ReadVariable {
  /** By the order of `slotNames`. */
  readonly slots: readonly SessionVariable[];
}

/**
 * The placeholders of values become reads of variables.
 * @param places of each of `shapes`. @param outputs what a step computes.
 */
export function addReadVariables(
  graph: Graph,
  shapes: readonly NamedShape[],
  places: readonly Port[],
  outputs: readonly Edge[],
): ReadVariable[] {
  const readers = graph.readers();
  const needed = graph.ancestors(outputs);
  return shapes.map(({ name, shape }, index) => {
    const node = places[index]?.edge.node ?? '';
    const variable = addVariable(graph, `weight/${name}`, shape);
    graph.replace(node, readNode(variable, shape));
    const reading = (readers.get(node) ?? []).map((reader) => reader.name);
    // An update waits for them, so that it need not copy what is still read.
    const own = [node, ...new Set(reading.filter((reader) => needed.has(reader)))];
    return { name, shape, variable, read: { node, output: 0 }, readers: own };
  });
}

export function addSlots(graph: Graph, { name, shape }: NamedShape, optimizer: Optimizer): SessionVariable[] {
  return slotNames(optimizer).map((slot) => ({
    name: `${name}/${slot}`,
    shape,
    variable: addVariable(graph, `slot/${slot}/${name}`, shape),
  }));
}

/** A signature that fills variables. */
export function assigning(graph: Graph, variables: readonly SessionVariable[]): Signature {
  const inputs = variables.map(({ name, shape }) => ({
    name,
    edge: addPlaceholder(graph, 'Value', DT.float32, shape),
  }));
  const done = variables.map(({ variable }, index) =>
    addAssignment(graph, variable, inputs[index]?.edge ?? variable),
  );
  return { inputs, outputs: [addCompletion(graph, done)] };
}
