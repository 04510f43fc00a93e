/** Sums and means over looked-up rows, as embeddings of sets of words are: each row gets its share back. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { attribute, DT } from '../graph.js';
import { type Gradient, nth } from './gradient.js';
import { FLOAT, nativeOutput } from './native-operation.js';

const INTEGERS = { Tidx: attribute.type(DT.int32), Tsegmentids: attribute.type(DT.int32) };

export const sparseSegments: readonly Gradient[] = [
  segments('SparseSegmentSum', 'SparseSegmentSumGrad'),
  segments('SparseSegmentMean', 'SparseSegmentMeanGrad'),
];

function segments(kernel: string, op: string): Gradient {
  return {
    kernel,
    inputs: ['data', 'indices', 'segmentIds'],
    toInputs: (dys, saved) => ({
      data: (): Tensor => {
        const rows = tf.scalar(nth(saved, 0).shape[0] ?? 0, 'int32');
        return nativeOutput(op, { ...FLOAT, ...INTEGERS }, [nth(dys, 0), nth(saved, 1), nth(saved, 2), rows]);
      },
    }),
  };
}
