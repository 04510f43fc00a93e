/** A slice with steps, new axes and dropped axes: the gradient goes back to where the slice was taken, else zeros. */
import * as z from 'zod';
import { tf } from '../../runtime/tensorflow.js';
import { attribute, DT } from '../graph.js';
import { type Gradient, nth } from './gradient.js';
import { FLOAT, nativeOutput } from './native-operation.js';

const schema = z.object({
  begin: z.array(z.number()),
  end: z.array(z.number()),
  strides: z.array(z.number()),
  beginMask: z.number(),
  endMask: z.number(),
  ellipsisMask: z.number(),
  newAxisMask: z.number(),
  shrinkAxisMask: z.number(),
});

export const stridedSlice: Gradient = {
  kernel: 'StridedSlice',
  inputs: ['x'],
  toInputs: (dys, saved, attributes) => {
    const { begin, end, strides, ...masks } = schema.parse(attributes);
    const { shape } = nth(saved, 0);
    return {
      x: () =>
        nativeOutput(
          'StridedSliceGrad',
          {
            ...FLOAT,
            Index: attribute.type(DT.int32),
            begin_mask: attribute.int(masks.beginMask),
            end_mask: attribute.int(masks.endMask),
            ellipsis_mask: attribute.int(masks.ellipsisMask),
            new_axis_mask: attribute.int(masks.newAxisMask),
            shrink_axis_mask: attribute.int(masks.shrinkAxisMask),
          },
          [...[shape, begin, end, strides].map((numbers) => tf.tensor1d(numbers, 'int32')), nth(dys, 0)],
        ),
    };
  },
};
