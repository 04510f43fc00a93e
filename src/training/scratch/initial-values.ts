/** The values that a network starts from when it is trained from scratch. */
import { Random } from '../../data/random.js';
import type { Network } from '../../formats/network.js';
import { tf } from '../../runtime/tensorflow.js';

/**
 * Kernels get uniform values in ± √(6 / (inputs + outputs of one place)), as Keras by default (Glorot and Bengio 2010,
 * "Understanding the difficulty of training deep feedforward neural networks"). Biases and normalisation keep what their
 * layers begin with. Each kernel has random numbers of its own, so that a layer more changes no other.
 */
export function drawInitialValues(network: Network, seed: number): void {
  for (const { name, shape, trainable } of [...network.parameters.values()]) {
    if (!trainable || shape.length < 2) continue;
    const random = Random.seeded(seed, `initial ${name}`);
    const limit = Math.sqrt(6 / (fanOf(shape, -2) + fanOf(shape, -1)));
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Float32Array.from({ length: size }, () => random.between(-limit, limit));
    network.assign(name, tf.tensor(values, [...shape], 'float32'));
  }
}

/** Numbers that go in (-2) or out (-1): the channels times the positions of a kernel. */
function fanOf(shape: readonly number[], axis: -1 | -2): number {
  return shape.slice(0, -2).reduce((product, length) => product * length, 1) * (shape.at(axis) ?? 1);
}
