/** How a network in training does on examples that it does not learn from. */
import { type Tensor2D, tf } from '../../runtime/tensorflow.js';
import type { Head } from '../../transfer/heads/head.js';
import { meanLoss } from '../../transfer/heads/loss.js';
import type { BatchSource } from './batches.js';
import { targetRows } from './target-rows.js';
import type { Trainer } from './trainer.js';

export interface Watched {
  /** Epochs before; 0 for the network as it was with a new head. */
  readonly epoch: number;
  /** Mean over the rows. */
  readonly loss: number;
  /** Share of rows, or of rows and labels, that are right; null for regression. */
  readonly accuracy: number | null;
}

export async function watch(
  trainer: Trainer,
  head: Head,
  source: BatchSource,
  targets: Float64Array,
  examples: readonly number[],
  options: { readonly batchSize: number; readonly signal?: AbortSignal | undefined },
): Promise<Omit<Watched, 'epoch'>> {
  let [rows, loss, right] = [0, 0, 0];
  for await (const batch of source.batches(examples, options)) {
    const wanted = targetRows(targets, head.outputs, batch.rows);
    let outputs: Tensor2D | undefined;
    try {
      outputs = await trainer.outputs(batch.input);
      const found = measure(head, outputs, wanted);
      rows += batch.rows.length;
      loss += found.loss * batch.rows.length;
      right += found.right * batch.rows.length;
    } finally {
      outputs?.dispose();
      wanted.dispose();
      batch.dispose();
    }
  }
  return { loss: loss / rows, accuracy: head.task === 'regression' ? null : right / rows };
}

function measure(head: Head, outputs: Tensor2D, targets: Tensor2D): { loss: number; right: number } {
  return tf.tidy(() => {
    const loss = meanLoss(head.loss ?? 'squared', outputs, targets).dataSync()[0] ?? Number.NaN;
    if (head.task === 'regression') return { loss, right: 0 };
    const right =
      head.task === 'classification'
        ? tf.equal(outputs.argMax(1), targets.argMax(1))
        : tf.equal(outputs.greater(0), targets.greater(0.5));
    return { loss, right: right.cast('float32').mean().dataSync()[0] ?? Number.NaN };
  });
}
