/** Features as a head takes them while everything is trained. */
import { type Tensor2D, tf } from '../../runtime/tensorflow.js';
import type { Head } from '../../transfer/heads/head.js';

/** Standardising is folded into the head's weights; dividing by the length is not. Differentiable. */
export function scaleFeatures({ scaling }: Head, features: Tensor2D): Tensor2D {
  if (scaling !== 'unit-length') return features;
  return tf.tidy(() => features.div<Tensor2D>(features.square().sum(1, true).sqrt().maximum(1e-12)));
}
