/** What a batch is to learn. */
import { type Tensor2D, tf } from '../../runtime/tensorflow.js';

/**
 * @param targets [examples, outputs], row-major. @param rows which example each row of the batch is of.
 * @returns [rows, outputs], the caller's.
 */
export function targetRows(targets: Float64Array, outputs: number, rows: readonly number[]): Tensor2D {
  const values = new Float32Array(rows.length * outputs);
  for (const [row, example] of rows.entries()) {
    values.set(targets.subarray(example * outputs, (example + 1) * outputs), row * outputs);
  }
  return tf.tensor2d(values, [rows.length, outputs]);
}
