/**
 * BatchNorm without a scale or an offset gets ones and zeros before the gradient tape sees it, as its kernel does later:
 * TensorFlow.js reads both on the way back, and fails where one is missing.
 */
import { type NamedTensorMap, tf } from '../../runtime/tensorflow.js';

type RunKernel = ReturnType<typeof tf.engine>['runKernel'];

/** Changes TensorFlow.js for good. Results stay the same. */
export function fillNormalisations(): void {
  const engine = tf.engine();
  const run: RunKernel = engine.runKernel;
  const filled = (name: string, inputs: NamedTensorMap, attributes?: Parameters<RunKernel>[2]): unknown =>
    run.call(engine, name, name === 'FusedBatchNorm' ? whole(inputs) : inputs, attributes);
  Object.defineProperty(engine, 'runKernel', { value: filled, configurable: true, writable: true });
}

function whole(inputs: Partial<NamedTensorMap>): NamedTensorMap {
  const { mean, scale, offset, ...others } = inputs;
  if (mean === undefined) throw new RangeError('a BatchNorm has no mean');
  return {
    ...others,
    mean,
    scale: scale ?? tf.ones(mean.shape),
    offset: offset ?? tf.zeros(mean.shape),
  };
}
