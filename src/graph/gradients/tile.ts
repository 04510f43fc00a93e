/** Repetition, which broadcasting is too: the gradients of all copies are summed at once, over any number of axes. */
import * as z from 'zod';
import { tf } from '../../runtime/tensorflow.js';
import { type Gradient, nth } from './gradient.js';

const schema = z.object({ reps: z.array(z.number()) });

export const repetition: Gradient = {
  kernel: 'Tile',
  inputs: ['x'],
  toInputs: (dys, saved, attributes) => {
    const { shape } = nth(saved, 0);
    const { reps } = schema.parse(attributes);
    return {
      x: () => {
        // Each axis taken apart into the copies and what was copied; axes that were not repeated stay whole.
        const parts: number[] = [];
        const copies: number[] = [];
        shape.forEach((size, axis) => {
          const times = reps[axis] ?? 1;
          if (times !== 1) copies.push(parts.push(times) - 1);
          parts.push(size);
        });
        const split = tf.reshape(nth(dys, 0), parts);
        return copies.length === 0 ? split : tf.sum(split, copies);
      },
    };
  },
};
