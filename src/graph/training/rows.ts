/** Examples of a batch. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';

/** Some rows of a tensor whose first axis is the batch. */
export function rowsOf<T extends Tensor>(tensor: T, from: number, count: number): T {
  const rest = tensor.shape.slice(1);
  return tf.slice(tensor, [from, ...rest.map(() => 0)], [count, ...rest]);
}

export interface RowPart {
  /** First row. */
  readonly from: number;
  readonly size: number;
  /** Of all rows, 0 to 1. */
  readonly share: number;
}

/** Rows in parts of almost the same size; fewer parts where there are fewer rows, and at least one. */
export function partsOfRows(rows: number, count: number): RowPart[] {
  const parts = Math.max(1, Math.min(count, rows));
  return Array.from({ length: parts }, (_, index) => {
    const from = Math.floor((index * rows) / parts);
    const size = Math.floor(((index + 1) * rows) / parts) - from;
    return { from, size, share: size / rows };
  });
}
