/** From a computation to its native graph, for tests. */
import type { Graph } from '../../src/graph/graph.js';
import { NativeGraph } from '../../src/graph/native-graph.js';
import { type Trace, trace } from '../../src/graph/trace.js';
import { unify } from '../../src/graph/unify.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';

export type Computation = (inputs: readonly Tensor[]) => readonly Tensor[];

/** Traces `f` on each list of inputs; they are disposed. */
export function graphOf(f: Computation, ...inputs: readonly (readonly Tensor[])[]): Graph {
  const traces: Trace[] = [];
  try {
    for (const tensors of inputs) {
      traces.push(
        trace(
          f,
          tensors.map((tensor, index) => ({ name: `x${index}`, tensor })),
        ),
      );
    }
    return unify(traces, []);
  } finally {
    for (const each of traces) each.dispose();
    tf.dispose(inputs.flat());
  }
}

/** Runs a graph once, and frees the session. */
export function runOnce(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
  const native = NativeGraph.open(graph);
  try {
    return native.run(inputs);
  } finally {
    native.dispose();
  }
}

export function operations(graph: Graph): string[] {
  return [...graph.nodes.values()].map(({ op }) => op);
}

/** Exact numbers from -9/16 to 9/16 without an order that could hide a mistake. */
export function numbers(...shape: number[]): Tensor {
  const size = shape.reduce((product, each) => product * each, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, index) => (((index * 37) % 19) - 9) / 16),
    shape,
  );
}

/** The largest difference of two lists of tensors. Infinity for other shapes. */
export function largestDifference(a: readonly Tensor[], b: readonly Tensor[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const differences = a.map((tensor, index) => {
    const other = b[index];
    if (other === undefined || other.shape.join() !== tensor.shape.join() || other.dtype !== tensor.dtype) {
      return Number.POSITIVE_INFINITY;
    }
    if (tensor.size === 0) return 0;
    return tf.tidy(
      () => tf.max(tf.abs(tf.sub(tf.cast(tensor, 'float32'), tf.cast(other, 'float32')))).dataSync()[0] ?? 0,
    );
  });
  return Math.max(0, ...differences);
}
