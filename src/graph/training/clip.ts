/** Clipping by the norm of all gradients together, as in TensorFlow's `clip_by_global_norm`. */
import { addFloat, addScalar, addSum } from '../arithmetic.js';
import type { Edge, Graph } from '../graph.js';

/**
 * Scales all gradients by the same factor where their common norm is larger than `most`, so that it becomes `most`.
 * Gradients that are no numbers stay none.
 */
export function addClipping(graph: Graph, gradients: readonly Edge[], most: number): Edge[] {
  const halfSquares = gradients.map((gradient) => addFloat(graph, 'L2Loss', [gradient]));
  const squares = addFloat(graph, 'Mul', [addSum(graph, halfSquares), addScalar(graph, 2)]);
  const norm = addFloat(graph, 'Sqrt', [squares]);
  const bound = addScalar(graph, most);
  const factor = addFloat(graph, 'RealDiv', [bound, addFloat(graph, 'Maximum', [norm, bound])]);
  return gradients.map((gradient) => addFloat(graph, 'Mul', [gradient, factor], graph.info(gradient).shape));
}
