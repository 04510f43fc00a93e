/** From a network's forward pass to an open native graph of it that was compared with the pass itself. */
import type { Network, TensorSpec } from '../formats/network.js';
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { foldForInference } from './fold.js';
import type { Graph } from './graph.js';
import { NativeGraph } from './native-graph.js';
import { fitsShapes, type InputShapes, randomInputs, type SizePlan } from './open-sizes.js';
import { type Trace, trace } from './trace.js';
import { unify } from './unify.js';
import { untraceable } from './untraceable.js';
import { constantsToVariables } from './variables.js';

/** Largest difference from the pass itself, as a part of its largest number. */
const MOST_DIFFERENCE = 1e-4;
/** Bytes from which on a constant becomes a variable, which shares the memory of the network's own weight. */
const VARIABLE_BYTES = 2 ** 14;
/** Nodes of a graph; a network that is unrolled over more gains nothing. */
const MOST_NODES = 50_000;

/** The forward pass of a network up to some cuts, at the sizes of a plan. */
export class CompiledForward {
  readonly #graph: NativeGraph;
  readonly #taken: SizePlan['taken'];

  private constructor(graph: NativeGraph, taken: SizePlan['taken']) {
    this.#graph = graph;
    this.#taken = taken;
  }

  /** @throws ZooError `DATA` when it can't be traced, or gives something else than the network. */
  static create(
    network: Network,
    cuts: readonly string[],
    plan: SizePlan,
    temporaryFolder: string | undefined,
  ): CompiledForward {
    const graph = inferenceGraph(network, cuts, plan);
    try {
      const initialiser = constantsToVariables(graph, VARIABLE_BYTES);
      const compiled = new CompiledForward(
        NativeGraph.open(graph, {
          temporaryFolder,
          signatures: initialiser === undefined ? {} : { init: initialiser.signature },
        }),
        plan.taken,
      );
      try {
        if (initialiser !== undefined) {
          tf.dispose(compiled.#graph.run(initialiser.values, 'init'));
        }
        compiled.#compare(network, cuts, plan.checked);
        return compiled;
      } catch (error) {
        compiled.dispose();
        throw error;
      } finally {
        tf.dispose([...(initialiser?.values ?? [])]);
      }
    } finally {
      graph.dispose();
    }
  }

  takes(inputs: readonly Tensor[]): boolean {
    return fitsShapes(inputs, this.#taken);
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    return this.#graph.run(inputs);
  }

  #compare(network: Network, cuts: readonly string[], shapes: InputShapes): void {
    tf.tidy(() => {
      const inputs = randomInputs(network.inputs, shapes);
      const expected = network.forward(byName(network.inputs, inputs), cuts);
      const found = this.run(inputs);
      expected.forEach((tensor, index) => {
        const difference = relativeDifference(tensor, found[index]);
        if (difference <= MOST_DIFFERENCE) return;
        throw untraceable(
          `its graph gives something else at ${cuts[index]}`,
          `a difference of ${difference}`,
        );
      });
    });
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

/**
 * The forward pass as a graph with constant weights, folded for inference. The caller disposes it.
 * @throws ZooError `DATA` when it can't be traced.
 */
export function inferenceGraph(network: Network, cuts: readonly string[], plan: SizePlan): Graph {
  const traces: Trace[] = [];
  try {
    for (const shapes of plan.traced) traces.push(traceForward(network, cuts, shapes));
    const graph = unify(traces, cuts);
    foldForInference(graph);
    return graph;
  } finally {
    for (const each of traces) each.dispose();
  }
}

function traceForward(network: Network, cuts: readonly string[], shapes: InputShapes): Trace {
  const specs = network.inputs;
  const inputs = randomInputs(specs, shapes);
  try {
    const traced = trace(
      (tensors) => network.forward(byName(specs, tensors), cuts),
      specs.map(({ name }, index) => ({ name, tensor: inputs[index] ?? tf.scalar(0) })),
    );
    if (traced.nodes.length <= MOST_NODES) return traced;
    traced.dispose();
    throw untraceable('it takes too many operations', `${traced.nodes.length}`);
  } finally {
    tf.dispose(inputs);
  }
}

function byName(specs: readonly TensorSpec[], tensors: readonly Tensor[]): Record<string, Tensor> {
  const named: Record<string, Tensor> = {};
  specs.forEach(({ name }, index) => {
    const tensor = tensors[index];
    if (tensor !== undefined) named[name] = tensor;
  });
  return named;
}

/** The largest difference over the largest number; Infinity for other shapes and for what is no number. */
export function relativeDifference(expected: Tensor, found: Tensor | undefined): number {
  if (found === undefined || found.shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  return tf.tidy(() => {
    const [wanted, got] = [tf.cast(expected, 'float32'), tf.cast(found, 'float32')];
    const [difference = 0] = tf.max(tf.abs(tf.sub(wanted, got))).dataSync();
    const [largest = 0] = tf.max(tf.abs(wanted)).dataSync();
    const relative = difference / Math.max(largest, Number.MIN_VALUE);
    return Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
  });
}
