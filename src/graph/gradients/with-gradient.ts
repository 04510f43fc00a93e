/** A computation of several operations with one gradient written for the whole of it. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';

export interface Computed {
  readonly value: Tensor;
  /** What the gradient needs: kept until it was computed. */
  readonly saved: readonly Tensor[];
}

/**
 * @param inputs that may get a gradient. What `compute` uses besides is constant.
 * @param gradient one tensor an input, of its shape; run in a tidy.
 */
export function withGradient(
  inputs: readonly Tensor[],
  compute: () => Computed,
  gradient: (dy: Tensor, saved: readonly Tensor[]) => Tensor[],
): Tensor {
  const operation = tf.customGrad((...given) => {
    const save = given.at(-1);
    const { value, saved } = compute();
    if (typeof save === 'function') save([...saved]);
    return { value, gradFunc: (dy, kept) => tf.tidy(() => gradient(dy, kept)) };
  });
  return operation(...inputs);
}
