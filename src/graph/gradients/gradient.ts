/** How a gradient is written down in this folder, and what it shares with the gradients of TensorFlow.js. */
import { type Tensor, type TensorFlow, tf } from '../../runtime/tensorflow.js';

/** By input of the kernel, how to compute the gradient to it. Only those that are needed are called. */
export type InputGradients = Readonly<Record<string, () => Tensor>>;

export type Config = Parameters<TensorFlow['registerGradient']>[0];

export interface Gradient {
  /** As TensorFlow.js names it: `Relu6`, `StridedSlice`. */
  readonly kernel: string;
  /** Inputs that the gradient needs, by name, in the order in which it gets them. */
  readonly inputs?: readonly string[];
  /** True where the gradient needs the kernel's first output: it comes behind the inputs. */
  readonly output?: boolean;
  /** True for a kernel with a list of inputs, which come all. */
  readonly allInputs?: boolean;
  /**
   * @param dys gradients to the kernel's outputs, of their shapes; zeros where an output is not used.
   * @param saved what was asked for above. @param attributes as TensorFlow.js gave them to the kernel, unread.
   */
  readonly toInputs: (
    dys: readonly Tensor[],
    saved: readonly Tensor[],
    attributes: unknown,
  ) => InputGradients;
}

/** As TensorFlow.js registers it. */
export function configOf({ kernel, inputs, output, allInputs, toInputs }: Gradient): Config {
  return {
    kernelName: kernel,
    ...(inputs === undefined ? {} : { inputsToSave: [...inputs] }),
    ...(output === true ? { outputsToSave: [true] } : {}),
    ...(allInputs === true ? { saveAllInputs: true } : {}),
    gradFunc: (dy, saved, attributes) => ({ ...toInputs(Array.isArray(dy) ? dy : [dy], saved, attributes) }),
  };
}

/** `tensors[index]`, which the gradient has asked for. */
export function nth(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined)
    throw new RangeError(`a gradient got ${tensors.length} tensors, not ${index + 1}`);
  return tensor;
}

/** Sums a gradient over the axes along which an operand of `shape` was broadcast. */
export function unbroadcast(dy: Tensor, shape: readonly number[]): Tensor {
  const added = dy.rank - shape.length;
  const axes = dy.shape.flatMap((size, axis) =>
    axis < added || (shape[axis - added] === 1 && size !== 1) ? [axis] : [],
  );
  return tf.reshape(axes.length === 0 ? dy : tf.sum(dy, axes), [...shape]);
}
