/** A batch in parts that go through the network one after another, so that less memory is needed. */
import { ZooError } from '../../core/errors.js';
import { partsOfRows, rowsOf } from '../../graph/training/rows.js';
import { type Tensor2D, tf } from '../../runtime/tensorflow.js';
import { type Batch, disposeBatch, maskName } from '../../transfer/prepare/preparer.js';

export interface BatchPart {
  readonly batch: Batch;
  readonly targets: Tensor2D;
  /** Of the rows of the whole batch, 0 to 1. */
  readonly share: number;
  /** Frees what was made for this part. */
  dispose(): void;
}

/**
 * @param count of parts, whose sizes are those of a graph's parts.
 * @throws ZooError `USAGE` for inputs without rows, such as sparse ones, in more than one part.
 */
export function partsOf(batch: Batch, targets: Tensor2D, count: number): BatchPart[] {
  const [rows] = targets.shape;
  const parts = partsOfRows(rows, count);
  if (parts.length === 1) return [{ batch, targets, share: 1, dispose: () => {} }];
  requireRows(batch, rows);
  return parts.map(({ from, size, share }) => {
    const part = sliceBatch(batch, from, size);
    const wanted = rowsOf(targets, from, size);
    const dispose = () => {
      disposeBatch(part);
      wanted.dispose();
    };
    return { batch: part, targets: wanted, share, dispose };
  });
}

/** @throws ZooError `USAGE` where an input has no row for each example. */
export function requireRows({ inputs }: Batch, rows: number): void {
  const tensors = inputs instanceof tf.Tensor ? [inputs] : Object.values(inputs);
  const other = tensors.find(({ shape }) => shape[0] !== rows);
  if (other === undefined) return;
  throw new ZooError('USAGE', "This network's batches can't go through it in parts", {
    expected: `inputs with ${rows} rows`,
    found: `[${other.shape.join(', ')}]`,
    hint: 'Take smaller batches instead.',
  });
}

function sliceBatch(batch: Batch, from: number, size: number): Batch {
  const { inputs } = batch;
  if (inputs instanceof tf.Tensor) return { inputs: rowsOf(inputs, from, size), mask: undefined };
  const sliced = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, rowsOf(tensor, from, size)]),
  );
  const mask = maskName(batch);
  return { inputs: sliced, mask: mask === undefined ? undefined : sliced[mask] };
}
