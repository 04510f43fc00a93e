/** Whole examples through a network: rows grouped to batches, and the rows of each example made one again. */
import { type Tensor2D, tf } from '../runtime/tensorflow.js';
import { type Pooling, poolRows } from './pooling.js';
import { type Batch, disposeBatch, groupRows, type Prepared, type Preparer } from './prepare/preparer.js';

/** Most rows that a network sees at once where nobody says otherwise. */
export const ROWS_AT_ONCE = 32;

/** How many examples go through a network together, and what they are a part of. */
export interface BatchOptions {
  /** Most rows that the network sees at once, default 32. */
  readonly batchSize?: number | undefined;
  /**
   * Examples of the whole data set, by default only these: many go through a native graph. Give the same number for
   * all parts of a data set, so that all go the same way (see `goesByGraph`).
   */
  readonly of?: number | undefined;
}

export interface ForwardOptions {
  readonly preparer: Preparer;
  /** How the windows of a recording become one vector. */
  readonly pooling: Pooling;
  /** True where vectors have length 1 and are to keep it. */
  readonly unit: boolean;
  /** One batch: [rows, width], the caller's. `examples` is how many the whole data set has. */
  run(batch: Batch, examples: number): Promise<Tensor2D>;
}

/** @returns [examples, width], row-major; leaves no tensor behind. */
export async function forwardExamples(
  prepared: readonly Prepared[],
  { preparer, pooling, unit, run }: ForwardOptions,
  { batchSize = ROWS_AT_ONCE, of = prepared.length }: BatchOptions = {},
): Promise<Float32Array> {
  if (prepared.length === 0) return new Float32Array(0);
  const parts: Tensor2D[] = [];
  try {
    for (const group of groupRows(prepared, batchSize)) {
      const batch = preparer.batch(group);
      try {
        parts.push(await run(batch, of));
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
