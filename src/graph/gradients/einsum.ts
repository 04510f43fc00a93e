/**
 * Einstein sums of one or two tensors, without repeated letters in one of them, as TensorFlow.js computes them. The
 * gradient to one operand is an Einstein sum of the gradient and the other operand; letters that only this operand
 * has were summed away, so that it is the same along them.
 */
import * as z from 'zod';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { type Gradient, nth } from './gradient.js';
import { spread } from './reductions.js';

const schema = z.object({ equation: z.string() });

export const einsum: Gradient = {
  kernel: 'Einsum',
  allInputs: true,
  toInputs: (dys, saved, attributes) => {
    const { equation } = schema.parse(attributes);
    const [left = '', output = ''] = equation.replaceAll(' ', '').split('->');
    const letters = left.split(',');
    return Object.fromEntries(
      saved.map((operand, index) => {
        const other = letters.findIndex((_, each) => each !== index);
        return [
          String(index),
          () =>
            toOperand(
              { letters: output, tensor: nth(dys, 0) },
              other < 0 ? undefined : { letters: letters[other] ?? '', tensor: nth(saved, other) },
              letters[index] ?? '',
              operand.shape,
            ),
        ];
      }),
    );
  },
};

interface Operand {
  readonly letters: string;
  readonly tensor: Tensor;
}

function toOperand(
  dy: Operand,
  other: Operand | undefined,
  letters: string,
  shape: readonly number[],
): Tensor {
  const known = dy.letters + (other?.letters ?? '');
  const found = [...letters].filter((letter) => known.includes(letter)).join('');
  const result =
    other === undefined
      ? tf.einsum(`${dy.letters}->${found}`, dy.tensor)
      : tf.einsum(`${dy.letters},${other.letters}->${found}`, dy.tensor, other.tensor);
  if (found === letters) return result;
  const kept = shape.map((size, axis) => (known.includes(letters[axis] ?? '') ? size : 1));
  return spread(tf.reshape(result, kept), shape);
}
