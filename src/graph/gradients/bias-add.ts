/** Sums: a vector that was added to every row is a bias, which has a gradient kernel of its own. */
import type { Tensor } from '../../runtime/tensorflow.js';
import { attribute } from '../graph.js';
import { type Gradient, nth, unbroadcast } from './gradient.js';
import { FLOAT, nativeOutput } from './native-operation.js';

const BIAS = { ...FLOAT, data_format: attribute.string('NHWC') };

export const addition: Gradient = {
  kernel: 'Add',
  inputs: ['a', 'b'],
  toInputs: (dys, saved) => {
    const dy = nth(dys, 0);
    const toOperand = (index: number) => () => sumTo(dy, nth(saved, index).shape);
    return { a: toOperand(0), b: toOperand(1) };
  },
};

/** Sums `dy` over the axes along which a tensor of `shape` was repeated. */
export function sumTo(dy: Tensor, shape: readonly number[]): Tensor {
  const isBias = shape.length === 1 && dy.rank > 1 && shape[0] === dy.shape.at(-1);
  return isBias ? nativeOutput('BiasAddGrad', BIAS, [dy]) : unbroadcast(dy, shape);
}
