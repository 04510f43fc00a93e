/** Whole examples through a network: rows grouped to batches, and the rows of each example made one again. */
import { type Tensor2D, tf } from '../runtime/tensorflow.js';
import { type Pooling, poolRows } from './pooling.js';
import { type Batch, disposeBatch, groupRows, type Prepared, type Preparer } from './prepare/preparer.js';

/** Most rows that a network sees at once where nobody says otherwise. */
export const ROWS_AT_ONCE = 32;

export interface ForwardOptions {
  readonly preparer: Preparer;
  /** Most rows at once. */
  readonly batchSize: number;
  /** How the windows of a recording become one vector. */
  readonly pooling: Pooling;
  /** True where vectors have length 1 and are to keep it. */
  readonly unit: boolean;
  /** One batch: [rows, width], the caller's. */
  run(batch: Batch): Promise<Tensor2D>;
}

/** @returns [examples, width], row-major; leaves no tensor behind. */
export async function forwardExamples(
  prepared: readonly Prepared[],
  { preparer, batchSize, pooling, unit, run }: ForwardOptions,
): Promise<Float32Array> {
  if (prepared.length === 0) return new Float32Array(0);
  const parts: Tensor2D[] = [];
  try {
    for (const group of groupRows(prepared, batchSize)) {
      const batch = preparer.batch(group);
      try {
        parts.push(await run(batch));
      } finally {
        disposeBatch(batch);
      }
    }
    const counts = prepared.map((example) => example.rows);
    const pooled = tf.tidy(() => poolRows(tf.concat2d(parts, 0), counts, pooling, unit));
    parts.push(pooled);
    return await pooled.data<'float32'>();
  } finally {
    tf.dispose(parts);
  }
}
