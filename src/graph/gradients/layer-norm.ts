/** Layer normalisation, with the closed form of its gradient instead of that of each of its operations. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { sumTo } from './bias-add.js';
import { nth, unbroadcast } from './gradient.js';
import { withGradient } from './with-gradient.js';

/**
 * Over the last axis, with the variance of the whole population.
 * @param x [..., units]. @param scale [units]. @param shift [units].
 * @param epsilon added to the variance.
 */
export function layerNorm(x: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Tensor {
  return withGradient(
    [x, scale, shift],
    () => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const variance = tf.mean(tf.square(centred), -1, true);
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const value = tf.add(tf.mul(centred, tf.mul(inverse, scale)), shift);
      return { value, saved: [centred, inverse, scale] };
    },
    (dy, saved) => {
      const inverse = nth(saved, 1);
      const normal = tf.mul(nth(saved, 0), inverse);
      const scaled = tf.mul(dy, nth(saved, 2));
      // What would only shift or stretch a row is taken out: normalisation undoes it.
      const along = tf.mul(normal, tf.mean(tf.mul(scaled, normal), -1, true));
      const across = tf.sub(tf.sub(scaled, tf.mean(scaled, -1, true)), along);
      return [tf.mul(across, inverse), unbroadcast(tf.mul(dy, normal), scale.shape), sumTo(dy, shift.shape)];
    },
  );
}
