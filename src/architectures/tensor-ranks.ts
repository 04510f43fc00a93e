/** Layers get tensors of any rank; operations want to know which one it is. */
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '../runtime/tensorflow.js';

type Given = Tensor | undefined;

/** @throws RangeError where a layer gets fewer tensors than it reads. */
export function tensor(value: Given): Tensor {
  if (value === undefined) throw new RangeError('a layer got fewer tensors than it reads');
  return value;
}

const isRow = (value: Tensor): value is Tensor1D => value.rank === 1;
const isMatrix = (value: Tensor): value is Tensor2D => value.rank === 2;
const isSequence = (value: Tensor): value is Tensor3D => value.rank === 3;
const isMap = (value: Tensor): value is Tensor4D => value.rank === 4;

function ofRank<T extends Tensor>(value: Given, is: (value: Tensor) => value is T): T {
  const given = tensor(value);
  if (is(given)) return given;
  throw new RangeError(`a layer got a tensor of rank ${given.rank}`);
}

/** A tensor of rank 1. @throws RangeError for another rank. */
export const row = (value: Given): Tensor1D => ofRank(value, isRow);
/** A tensor of rank 2. @throws RangeError for another rank. */
export const matrix = (value: Given): Tensor2D => ofRank(value, isMatrix);
/** A tensor of rank 3: batch, time, channels. @throws RangeError for another rank. */
export const sequence = (value: Given): Tensor3D => ofRank(value, isSequence);
/** A tensor of rank 4: batch, height, width, channels. @throws RangeError for another rank. */
export const map = (value: Given): Tensor4D => ofRank(value, isMap);
