/** Training operation by operation, written down once more for tests: gradients of variables, formulas of optimisers. */

import type { Network } from '../../../src/formats/network.js';
import type { NativeTrainingOptions, Optimizer } from '../../../src/graph/native-training.js';
import { Randomness } from '../../../src/graph/training/randomness.js';
import { type Tensor, tf, type Variable } from '../../../src/runtime/tensorflow.js';

export interface Batch {
  readonly inputs: Record<string, Tensor>;
  readonly targets: Tensor;
}

export interface Trained {
  readonly losses: readonly number[];
  readonly weights: ReadonlyMap<string, readonly number[]>;
}

/** Changes the network's parameters. */
export function trainEagerly(
  network: Network,
  options: NativeTrainingOptions,
  batches: readonly Batch[],
  rate: number,
): Trained {
  const { cut, loss, trainable, head, optimizer, clipNorm, pooling } = options;
  const variables = new Map<string, Variable>();
  for (const name of trainable) {
    const old = network.parameters.get(name)?.value;
    if (old === undefined) throw new Error(name);
    const variable = tf.variable(old);
    variables.set(name, variable);
    network.assign(name, variable);
  }
  const heads = head.map(({ name, value }) => {
    const variable = tf.variable(value);
    variables.set(name, variable);
    return variable;
  });
  const names = [...variables.keys()];
  const memory = new Map<string, Tensor[]>();
  const losses = batches.map(({ inputs, targets }, index) => {
    const { value, grads } = tf.variableGrads(() => {
      const [output] = network.forward(inputs, [cut]);
      if (output === undefined) throw new Error('no features');
      const features = pooling?.(output, inputs) ?? output;
      const random = new Randomness(tf.tensor1d([index, 0], 'int32'));
      return loss(features, targets, heads, random).asScalar();
    }, [...variables.values()]);
    const gradients = names.map((name) => grads[variables.get(name)?.name ?? ''] ?? tf.scalar(Number.NaN));
    tf.tidy(() => {
      const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
      const factor = clipNorm === undefined ? 1 : Math.min(1, clipNorm / (norm.dataSync()[0] ?? 0));
      names.forEach((name, place) => {
        const variable = variables.get(name);
        const gradient = gradients[place];
        if (variable === undefined || gradient === undefined) throw new Error(name);
        const change = changeBy(optimizer, name, variable, tf.mul(gradient, factor), memory, index + 1);
        variable.assign(tf.add(variable, change(rate * (options.rates?.get(name) ?? 1))));
      });
    });
    const [number = Number.NaN] = value.dataSync();
    tf.dispose([value, ...gradients]);
    return number;
  });
  const weights = new Map(names.map((name) => [name, [...(variables.get(name)?.dataSync() ?? [])]]));
  tf.dispose([...heads, ...[...memory.values()].flat()]);
  return { losses, weights };
}

function changeBy(
  optimizer: Optimizer,
  name: string,
  weight: Tensor,
  gradient: Tensor,
  memory: Map<string, Tensor[]>,
  step: number,
): (rate: number) => Tensor {
  const remember = (...tensors: Tensor[]) => {
    tf.dispose(memory.get(name) ?? []);
    memory.set(
      name,
      tensors.map((tensor) => tf.keep(tensor)),
    );
  };
  const old = memory.get(name) ?? [];
  if (optimizer.kind === 'sgd') {
    return (rate) => {
      const velocity = tf.sub(tf.mul(old[0] ?? 0, optimizer.momentum ?? 0), tf.mul(gradient, rate));
      remember(velocity.clone());
      return velocity;
    };
  }
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = optimizer;
  const m = tf.add(tf.mul(old[0] ?? 0, beta1), tf.mul(gradient, 1 - beta1));
  const v = tf.add(tf.mul(old[1] ?? 0, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  remember(m.clone(), v.clone());
  const decay = optimizer.kind === 'adamw' && optimizer.decayed.includes(name) ? optimizer.decay : 0;
  return (rate) => {
    const corrected = (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
    const adam = tf.div(tf.mul(m, corrected), tf.add(tf.sqrt(v), epsilon));
    return tf.neg(tf.add(adam, tf.mul(weight, rate * decay)));
  };
}
