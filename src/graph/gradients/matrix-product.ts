/** Matrix products, also where one matrix serves a whole batch: TensorFlow.js leaves its gradient in the batch's shape. */
import * as z from 'zod';
import { tf } from '../../runtime/tensorflow.js';
import { type Gradient, nth, unbroadcast } from './gradient.js';

const schema = z.object({ transposeA: z.boolean(), transposeB: z.boolean() });

export const matrixProduct: Gradient = {
  kernel: 'BatchMatMul',
  inputs: ['a', 'b'],
  toInputs: (dys, saved, attributes) => {
    const dy = nth(dys, 0);
    const a = nth(saved, 0);
    const b = nth(saved, 1);
    const { transposeA, transposeB } = schema.parse(attributes);
    return {
      a: () => {
        const product = transposeA
          ? tf.matMul(b, dy, transposeB, true)
          : tf.matMul(dy, b, false, !transposeB);
        return unbroadcast(product, a.shape);
      },
      b: () => {
        const product = transposeB
          ? tf.matMul(dy, a, true, transposeA)
          : tf.matMul(a, dy, !transposeA, false);
        return unbroadcast(product, b.shape);
      },
    };
  },
};
