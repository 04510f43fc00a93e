/** What a network computes, kernel by kernel, as TensorFlow.js's gradient tape sees it. */
import type { LayerInfo, Network } from '../../formats/network.js';
import { type NamedTensorMap, tf } from '../../runtime/tensorflow.js';

/** A kernel that ran. Tensors are told apart by their ids. */
export interface Step {
  readonly operation: string;
  readonly hasGradient: boolean;
  readonly reads: ReadonlySet<number>;
  readonly gives: readonly number[];
}

export interface Tape {
  /** In the order in which they ran. */
  readonly steps: readonly Step[];
  /** By step, the name of the layer or node that it belongs to, where one is known. */
  readonly layerOf: ReadonlyMap<Step, string>;
  /** Tensors that are outputs of the network. */
  readonly outputs: readonly number[];
}

/**
 * Runs the network once forward.
 * @param feeds its inputs, and values of nodes in place of what can't be computed without waiting.
 * @param layers those whose names are wanted; they can be computed of `feeds`.
 */
export function recordTape(network: Network, feeds: NamedTensorMap, layers: readonly LayerInfo[]): Tape {
  const names = layers.map(({ name }) => name);
  const wanted = network.outputs.filter(({ dtype }) => dtype === 'float32').map(({ name }) => name);
  const others = wanted.filter((name) => !names.includes(name));
  const look = (): Tape => {
    const cuts = [...names, ...others];
    const results = network.forward(feeds, cuts);
    const idOf = (name: string) => results[cuts.indexOf(name)]?.id ?? -1;
    const steps = tf.engine().state.activeTape.map(
      ({ kernelName, gradient, inputs, outputs }): Step => ({
        operation: kernelName,
        hasGradient: gradient !== undefined,
        reads: new Set(Object.values(inputs).flatMap((tensor) => tensor?.id ?? [])),
        gives: outputs.map(({ id }) => id),
      }),
    );
    const named = new Map(names.map((name) => [idOf(name), name]));
    return { steps, layerOf: namesOfSteps(steps, named), outputs: wanted.map(idOf) };
  };
  let tape: Tape | undefined;
  let failure: unknown;
  tf.tidy(() => {
    // Of something else, and also after a failure: only when it ends well, TensorFlow.js frees what the tape holds.
    tf.engine().gradients(
      () => {
        try {
          tape = look();
        } catch (error) {
          failure = error;
        }
        return tf.scalar(0);
      },
      [tf.scalar(0)],
      undefined,
      true,
    );
  });
  if (tape === undefined) throw failure;
  return tape;
}

/**
 * A layer may run several kernels and only the last gives its output: the others belong to the layer that reads them.
 * @param named names by the ids of the layers' outputs.
 */
function namesOfSteps(steps: readonly Step[], named: ReadonlyMap<number, string>): Map<Step, string> {
  const byTensor = new Map(named);
  const names = new Map<Step, string>();
  for (const step of steps.toReversed()) {
    const name = step.gives.flatMap((id) => byTensor.get(id) ?? [])[0];
    if (name === undefined) continue;
    names.set(step, name);
    for (const id of step.reads) if (!byTensor.has(id)) byTensor.set(id, name);
  }
  return names;
}
