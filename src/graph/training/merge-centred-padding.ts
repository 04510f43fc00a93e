/**
 * Zeros put around a map before a convolution by channel in steps of 2, merged into it: the padded copy of the map is
 * neither made nor kept for the way back. An odd kernel that begins with its middle on the first pixel is padded as
 * TensorFlow's SAME pads a kernel with one more row and column, whatever the size of the map: so it gets those, of
 * zeros (as `merge-padding.ts` does for inference).
 */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { type KernelCall, type KernelRewrite, runKernel } from './kernel-rewrites.js';

interface Padded {
  readonly x: Tensor;
  /** Rows and columns of zeros on each side. */
  readonly around: number;
}

/** One for each traced pass. */
export class MergeCentredPadding implements KernelRewrite {
  readonly #padded = new Map<number, Padded>();

  remember(call: KernelCall, result: Tensor): void {
    const padded = paddedMap(call);
    if (padded !== undefined) this.#padded.set(result.id, padded);
  }

  replace(call: KernelCall): Tensor | undefined {
    const { x, filter } = call.inputs;
    if (call.name !== 'DepthwiseConv2dNative' || x === undefined || filter === undefined) return undefined;
    const padded = this.#padded.get(x.id);
    if (padded === undefined || padded.x.isDisposed || !isCentred(call, filter, padded.around))
      return undefined;
    const even = tf.pad(filter, [
      [0, 1],
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
    return runKernel({
      ...call,
      inputs: { x: padded.x, filter: even },
      attributes: { ...call.attributes, pad: 'same' },
    });
  }
}

function paddedMap({ name, inputs: { x }, attributes }: KernelCall): Padded | undefined {
  if (name !== 'PadV2' || x?.rank !== 4 || attributes?.constantValue !== 0) return undefined;
  const amounts: readonly unknown[] = [attributes.paddings].flat(2);
  const around = amounts[2];
  if (typeof around !== 'number') return undefined;
  const evenly = [0, 0, around, around, around, around, 0, 0];
  return amounts.join() === evenly.join() ? { x, around } : undefined;
}

function isCentred({ attributes }: KernelCall, filter: Tensor, around: number): boolean {
  const [height, width] = filter.shape;
  const { strides, pad, dilations, dataFormat } = attributes ?? {};
  return (
    pad === 'valid' &&
    (dataFormat === undefined || dataFormat === 'NHWC') &&
    [strides].flat().every((stride) => stride === 2) &&
    [dilations ?? 1].flat().every((dilation) => dilation === 1) &&
    height === 2 * around + 1 &&
    width === height
  );
}
