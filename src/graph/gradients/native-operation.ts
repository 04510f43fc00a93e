/** One operation of TensorFlow itself, run at once: the way to gradient kernels that TensorFlow.js does not call. */
import { ZooError } from '../../core/errors.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { nativeAttributes } from '../attributes.js';
import { nativeBackend } from '../binding.js';
import { type Attributes, attribute, DT } from '../graph.js';

/** The type attribute of operations on float32. */
export const FLOAT: Attributes = { T: attribute.type(DT.float32) };

/**
 * @param count outputs of the operation, all of which are returned; they belong to the tidy around.
 * @throws ZooError `USAGE` where a gradient of it would be needed: there is none of second order.
 */
export function nativeOutputs(
  op: string,
  attributes: Attributes,
  inputs: readonly Tensor[],
  count: number,
): Tensor[] {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  // A tape around would not see the operation, and silently leave out what depends on it.
  if (gradientDepth > 0 && kernelDepth === 0) {
    throw new ZooError('USAGE', `The gradient kernel ${op} has no gradient itself`, {
      expected: 'gradients of first order',
      hint: 'Compute the inner gradient outside of the outer one.',
    });
  }
  const backend = nativeBackend();
  const ids = backend.getInputTensorIds(inputs);
  return backend.binding
    .executeOp(op, nativeAttributes(attributes), ids, count)
    .map((tensor) => backend.createOutputTensor(tensor));
}

/** The same of an operation with one output, or of which only the first is wanted and the only one computed. */
export function nativeOutput(op: string, attributes: Attributes, inputs: readonly Tensor[]): Tensor {
  const [output] = nativeOutputs(op, attributes, inputs, 1);
  if (output === undefined) throw new RangeError(`${op} gave nothing`);
  return output;
}
