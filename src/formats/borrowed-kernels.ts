/**
 * Operations that tfjs-node has no native kernel for: on strings, sparse and ragged tensors, and a few on pictures.
 * TensorFlow.js brings its own implementation of each for its JavaScript backend; they are run here on the numbers of
 * native tensors. None of them has much to compute: they split texts, hash words and look up rows.
 */
import { type Tensor, tf } from '../runtime/tensorflow.js';

type TensorInfo = Pick<Tensor, 'dataId' | 'shape' | 'dtype'>;
type Values = Float32Array | Int32Array | Uint8Array | Uint8Array[];

let borrowed: readonly string[] | undefined;

/**
 * Registers what is missing, once a process.
 * @returns names of the borrowed kernels. Those that have a native kernel, or get one by others, stay as they are.
 */
export function borrowMissingKernels(): readonly string[] {
  if (borrowed !== undefined) return borrowed;
  const native = new Set((tf.getKernelsForBackend('tensorflow') ?? []).map((kernel) => kernel.kernelName));
  const missing = (tf.getKernelsForBackend('cpu') ?? []).filter(({ kernelName }) => !native.has(kernelName));
  for (const { kernelName, kernelFunc } of missing) {
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs }) =>
        kernelFunc({ inputs, backend: NATIVE_MEMORY, ...(attrs === undefined ? {} : { attrs }) }),
    });
  }
  borrowed = missing.map(({ kernelName }) => kernelName);
  return borrowed;
}

/** The part of the JavaScript backend that its kernels use, on top of native memory. */
const NATIVE_MEMORY = {
  data: { get: (dataId: object) => ({ values: read(dataId) }) },
  readSync: read,
  bufferSync: ({ shape, dtype, dataId }: TensorInfo) => {
    const values = read(dataId);
    // Rows of words are looked up by their bytes as well as by their letters.
    if (Array.isArray(values))
      return tf.buffer(
        shape,
        'string',
        values.map((text) => tf.util.decodeString(text)),
      );
    return tf.buffer(shape, dtype === 'string' ? 'float32' : dtype, values);
  },
  /** The engine counts the tensor and disposes it with the scope that asked for it. */
  makeTensorInfo(shape: number[], dtype: Tensor['dtype'], values: Values | string[]): TensorInfo {
    if (!Array.isArray(values)) return tf.engine().makeTensor(values, shape, dtype);
    const bytes = values.map((text) => (typeof text === 'string' ? tf.util.encodeString(text) : text));
    return tf.tensor(bytes, shape, 'string');
  },
  disposeIntermediateTensorInfo: (tensor: TensorInfo) => {
    if (tensor instanceof tf.Tensor) tensor.dispose();
  },
};

function read(dataId: object): Values {
  const values: unknown = tf.engine().readSync(dataId);
  if (values instanceof BigInt64Array) return Int32Array.from(values, Number);
  if (values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array)
    return values;
  if (Array.isArray(values)) return values;
  throw new TypeError('A tensor has values of an unknown kind');
}
