/** Examples of a batch. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';

/** Some rows of a tensor whose first axis is the batch. */
export function rowsOf(tensor: Tensor, from: number, count: number): Tensor {
  const rest = tensor.shape.slice(1);
  return tf.slice(tensor, [from, ...rest.map(() => 0)], [count, ...rest]);
}
