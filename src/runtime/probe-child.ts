/** The child of `probeRuntime`: loads TensorFlow, computes something whose answer is known, and prints what it saw. */
import { ZooError } from '../core/errors.js';
import type { ProbeReport } from './probe-runtime.js';
import { type OpenTensorFlow, openTensorFlow, type Tensor } from './tensorflow.js';

/** What the doctor reads off the backend; tfjs-node's types don't name it. */
interface NativeBackend {
  readonly binding: { readonly TF_Version?: string };
  readonly isUsingGpuDevice?: boolean;
}

const begun = performance.now();
const { tf, runtime } = open();
const loadMs = performance.now() - begun;
const backend = tf.backend() as unknown as NativeBackend;

// d/dx of the sum of (x * w)^2 is 2 x w^2; the product goes through a matrix multiplication and a convolution.
const gradient = tf.tidy(() => {
  const w = tf.tensor4d([3], [1, 1, 1, 1]);
  const loss = (x: Tensor) =>
    tf
      .conv2d(x.as4D(1, 2, 2, 1), w, 1, 'valid')
      .as2D(1, 4)
      .matMul(tf.eye(4))
      .square()
      .sum();
  return tf
    .grad(loss)(tf.tensor1d([1, 2, 3, 4]))
    .dataSync();
});
const report: ProbeReport = {
  kind: runtime.kind,
  folder: runtime.folder,
  backend: tf.getBackend(),
  tensorflow: backend.binding.TF_Version ?? 'unknown',
  tfjs: tf.version['tfjs-core'],
  gpu: backend.isUsingGpuDevice === true,
  computes: [18, 36, 54, 72].every((value, index) => gradient[index] === value),
  loadMs: Math.round(loadMs),
};
process.stdout.write(`\n${JSON.stringify(report)}\n`);

/** The parent reads the error's own line, and the loader's words, which name the library, say more than ours. */
function open(): OpenTensorFlow {
  try {
    return openTensorFlow();
  } catch (error) {
    throw error instanceof ZooError && error.cause instanceof Error ? error.cause : error;
  }
}
