/** The numbers of one tensor, from its part of the file to a contiguous array. */
import { elementType, emptyData } from '../safetensors/element-types.js';
import type { Weight, WeightData } from '../weight.js';
import type { TensorReference } from './pickle-values.js';
import { fillExactly, type OpenFile } from './torch-file.js';

/** Read at once where values are converted on the way. */
const CHUNK = 4 * 2 ** 20;

/** Numbers in a tensor. */
function elementsOf({ shape }: TensorReference): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of the array that a tensor becomes. */
export function arrayBytes(tensor: TensorReference): number {
  return elementsOf(tensor) * (elementType(tensor.type.name, '').dtype === 'bool' ? 1 : 4);
}

/**
 * @param start where the tensor's storage begins in the file.
 * @throws ZooError `DATA` for numbers that float32 or int32 can't hold.
 */
export async function readTensor(
  file: OpenFile,
  name: string,
  tensor: TensorReference,
  start: number,
  signal: AbortSignal,
): Promise<Weight> {
  const { type, shape, strides, storage } = tensor;
  const offset = tensor.offset + storage.part.offset;
  const elements = elementsOf(tensor);
  const { dtype } = elementType(type.name, name);
  const at = start + offset * type.size;
  if (elements === 0) return { shape, dtype, data: emptyData(dtype, 0) };
  if (isContiguous(shape, strides)) {
    return { shape, dtype, data: await readRun(file, name, tensor, at, elements, signal) };
  }
  const length = 1 + shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), 0);
  const run = await readRun(file, name, tensor, at, length, signal);
  return { shape, dtype, data: gather(run, emptyData(dtype, elements), shape, strides) };
}

/** `length` numbers that lie one behind the other. */
async function readRun(
  file: OpenFile,
  name: string,
  { type }: TensorReference,
  at: number,
  length: number,
  signal: AbortSignal,
): Promise<WeightData> {
  const { dtype, size, decode } = elementType(type.name, name);
  const data = emptyData(dtype, length);
  const bytes = decode === undefined ? new Uint8Array(data.buffer) : undefined;
  const scratch = new Uint8Array(bytes === undefined ? Math.min(CHUNK, length * size) : 0);
  for (let done = 0; done < length * size; done += CHUNK) {
    signal.throwIfAborted();
    const step = Math.min(CHUNK, length * size - done);
    const chunk = bytes?.subarray(done, done + step) ?? scratch.subarray(0, step);
    await fillExactly(file, chunk, at + done);
    decode?.(chunk, data, done / size, name);
  }
  return data;
}

/** Dimensions of length 1 may have any stride. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

/** Brings a view's numbers into row-major order. */
function gather(
  from: WeightData,
  to: WeightData,
  shape: readonly number[],
  strides: readonly number[],
): WeightData {
  const index = shape.map(() => 0);
  let source = 0;
  for (let target = 0; target < to.length; target++) {
    to[target] = from[source] ?? 0;
    // Counts up like an odometer, the last dimension first.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1;
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      if (next < size) {
        index[axis] = next;
        source += stride;
        break;
      }
      source -= (size - 1) * stride;
      index[axis] = 0;
    }
  }
  return to;
}
