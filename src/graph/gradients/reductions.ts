/**
 * Sums and means: the gradient is spread over what was reduced. TensorFlow.js makes an array of ones in JavaScript, as
 * large as the input, and multiplies by it.
 */
import * as z from 'zod';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { attribute, DT } from '../graph.js';
import { type Gradient, nth } from './gradient.js';
import { FLOAT, nativeOutput } from './native-operation.js';

const schema = z.object({ axis: z.union([z.number(), z.array(z.number())]).nullish() });

export const reductions: readonly Gradient[] = [reduction('Sum', false), reduction('Mean', true)];

function reduction(kernel: string, isMean: boolean): Gradient {
  return {
    kernel,
    inputs: ['x'],
    toInputs: (dys, saved, attributes) => {
      const { shape, size } = nth(saved, 0);
      const { axis } = schema.parse(attributes);
      const axes = [axis ?? shape.map((_, index) => index)]
        .flat()
        .map((each) => (each < 0 ? each + shape.length : each));
      const kept = shape.map((length, index) => (axes.includes(index) ? 1 : length));
      const dy = nth(dys, 0);
      const share = () => (isMean && size > 0 ? tf.mul(dy, dy.size / size) : dy);
      return { x: () => spread(tf.reshape(share(), kept), shape) };
    },
  };
}

/** Repeats `tensor` along its axes of size 1. */
export function spread(tensor: Tensor, shape: readonly number[]): Tensor {
  const attributes = { ...FLOAT, Tidx: attribute.type(DT.int32) };
  return nativeOutput('BroadcastTo', attributes, [tensor, tf.tensor1d([...shape], 'int32')]);
}
