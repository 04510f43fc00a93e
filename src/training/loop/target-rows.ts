/** What examples are to learn, and those of a batch. */
import type { Dataset } from '../../data/dataset.js';
import { type Tensor2D, tf } from '../../runtime/tensorflow.js';
import type { Head } from '../../transfer/heads/head.js';
import { encodeTargets } from '../../transfer/heads/targets.js';

/** [examples, outputs] of a data set, row-major. @throws ZooError as `encodeTargets`. */
export function targetsOf(head: Head, { examples }: Dataset): Float64Array {
  return encodeTargets(head, {
    names: examples.map(({ name }) => name),
    labels: examples.map(({ labels }) => labels),
    targets: examples.map(({ target }) => target),
  });
}

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
