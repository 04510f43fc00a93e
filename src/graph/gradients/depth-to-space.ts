/** Channels laid out as pixels: the gradient is laid back. */
import * as z from 'zod';
import { attribute } from '../graph.js';
import { type Gradient, nth } from './gradient.js';
import { FLOAT, nativeOutput } from './native-operation.js';

const schema = z.object({ blockSize: z.number(), dataFormat: z.string() });

export const depthToSpace: Gradient = {
  kernel: 'DepthToSpace',
  toInputs: (dys, _, attributes) => {
    const { blockSize, dataFormat } = schema.parse(attributes);
    return {
      x: () =>
        nativeOutput(
          'SpaceToDepth',
          { ...FLOAT, block_size: attribute.int(blockSize), data_format: attribute.string(dataFormat) },
          [nth(dys, 0)],
        ),
    };
  },
};
