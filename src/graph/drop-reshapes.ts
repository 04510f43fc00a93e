/** Reshapes that keep the shape stand between operations that TensorFlow would fuse: they go. */
import type { Graph } from './graph.js';

/** Changes `graph`; results stay the same to the last bit. */
export function dropReshapes(graph: Graph): void {
  for (const { name, op, inputs, outputs } of graph.nodes.values()) {
    const [input] = inputs;
    const [output] = outputs;
    if (op !== 'Reshape' || input === undefined || output === undefined) continue;
    const { shape } = graph.info(input);
    // Of two sizes that are open, nobody says that they were not exchanged.
    const open = shape.filter((size) => size === -1).length;
    if (open <= 1 && shape.join() === output.shape.join()) graph.bypass(name, input);
  }
  graph.prune();
}
