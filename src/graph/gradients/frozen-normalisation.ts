/**
 * Batch normalisation on stored statistics: one native kernel gives the gradients to the input, the scale and the
 * offset, where TensorFlow.js composes each of some ten operations on the whole input.
 */
import * as z from 'zod';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { attribute, DT } from '../graph.js';
import { type Gradient, type InputGradients, nth, unbroadcast } from './gradient.js';
import { FLOAT, nativeOutputs } from './native-operation.js';

const schema = z.object({ varianceEpsilon: z.number() });

export const frozenNormalisation: Gradient = {
  kernel: 'FusedBatchNorm',
  inputs: ['x', 'mean', 'variance', 'scale'],
  toInputs: (dys, saved, attributes) => {
    const { varianceEpsilon } = schema.parse(attributes);
    const composed = composedGradients(nth(dys, 0), saved, varianceEpsilon);
    // Statistics of each pixel or row: no kernel is for them.
    if (nth(saved, 1).rank > 1) return composed;
    return { ...composed, ...fusedGradients(nth(dys, 0), saved, varianceEpsilon) };
  },
};

/** To the input, the scale and the offset at once: nobody asks for one of them alone. */
function fusedGradients(dy: Tensor, saved: readonly Tensor[], epsilon: number): InputGradients {
  const [x, mean, variance, scale] = [0, 1, 2, 3].map((index) => nth(saved, index));
  const attributes = {
    ...FLOAT,
    U: attribute.type(DT.float32),
    epsilon: attribute.float(epsilon),
    data_format: attribute.string('NHWC'),
    is_training: attribute.bool(false),
  };
  // The last input is space that only graphics processors use.
  const inputs = [dy, x, scale, mean, variance, mean].flatMap((tensor) => tensor ?? []);
  const outputs = nativeOutputs('FusedBatchNormGradV3', attributes, inputs, 5);
  tf.dispose(outputs.slice(3));
  return { x: () => nth(outputs, 0), scale: () => nth(outputs, 1), offset: () => nth(outputs, 2) };
}

/** The statistics get a gradient where they were computed from the same batch. */
function composedGradients(dy: Tensor, saved: readonly Tensor[], epsilon: number): InputGradients {
  const x = nth(saved, 0);
  const mean = nth(saved, 1);
  const variance = nth(saved, 2);
  const scale = nth(saved, 3);
  const inverse = () => tf.rsqrt(tf.add(variance, epsilon));
  const scaled = () => tf.mul(dy, tf.mul(scale, inverse()));
  return {
    x: scaled,
    mean: () => tf.neg(unbroadcast(scaled(), mean.shape)),
    variance: () => {
      const slope = tf.div(tf.sub(x, mean), tf.mul(tf.add(variance, epsilon), -2));
      return unbroadcast(tf.mul(scaled(), slope), variance.shape);
    },
    scale: () => unbroadcast(tf.mul(dy, tf.mul(tf.sub(x, mean), inverse())), scale.shape),
    offset: () => unbroadcast(dy, scale.shape),
  };
}
