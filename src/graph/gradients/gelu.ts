/** GELU in its exact form, with a gradient that reuses what the forward pass computed. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { nth } from './gradient.js';
import { withGradient } from './with-gradient.js';

/** x Φ(x) of any shape (Hendrycks and Gimpel, arXiv 1606.08415). Its slope is Φ(x) + x φ(x). */
export function gelu(x: Tensor): Tensor {
  return withGradient(
    [x],
    () => {
      const twiceBelow = tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1);
      return { value: tf.mul(tf.mul(x, 0.5), twiceBelow), saved: [x, twiceBelow] };
    },
    (dy, saved) => {
      const input = nth(saved, 0);
      const density = tf.mul(tf.exp(tf.mul(tf.square(input), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [tf.mul(dy, tf.add(tf.mul(nth(saved, 1), 0.5), tf.mul(input, density)))];
    },
  );
}
