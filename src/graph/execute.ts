/** One native operation by its name, eagerly: what tfjs has no function for. It is traced like any other. */
import type { Tensor } from '../runtime/tensorflow.js';
import { nativeAttributes } from './attributes.js';
import { nativeBackend } from './binding.js';
import type { Attributes } from './graph.js';

/**
 * Not on the gradient tape: wrap it in `tf.customGrad` where gradients go through it.
 * @returns its first output, tracked by the tidy around it.
 */
export function executeNative(op: string, inputs: readonly Tensor[], attributes: Attributes): Tensor {
  const backend = nativeBackend();
  const ids = backend.getInputTensorIds(inputs);
  const [result] = backend.binding.executeOp(op, nativeAttributes(attributes), ids, 1);
  if (result === undefined) throw new RangeError(`${op} gave nothing`);
  return backend.createOutputTensor(result);
}
