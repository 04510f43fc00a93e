/** Batch normalisation on the statistics of the batch itself, there and back by one native kernel each. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { type Attributes, attribute, DT } from '../graph.js';
import { nth } from './gradient.js';
import { FLOAT, nativeOutputs } from './native-operation.js';
import { withGradient } from './with-gradient.js';

export interface BatchNormalised {
  /** Of the input's shape. */
  readonly value: Tensor;
  /** Of each channel, kept: the caller disposes it. No gradient goes through it. */
  readonly mean: Tensor;
  /** The same, the sum of squares divided by one less than the count, as TensorFlow has it for maps. */
  readonly variance: Tensor;
}

/**
 * @param x [batch, height, width, channels]. @param scale [channels]. @param offset [channels].
 * @param epsilon added to the variance, which is the sum of squares divided by the count here.
 */
export function normaliseByBatch(x: Tensor, scale: Tensor, offset: Tensor, epsilon: number): BatchNormalised {
  const attributes: Attributes = {
    ...FLOAT,
    U: attribute.type(DT.float32),
    epsilon: attribute.float(epsilon),
    data_format: attribute.string('NHWC'),
    is_training: attribute.bool(true),
  };
  const statistics: Tensor[] = [];
  const value = withGradient(
    [x, scale, offset],
    () => {
      const none = tf.tensor1d([]);
      const forward = { ...attributes, exponential_avg_factor: attribute.float(1) };
      const inputs = [x, scale, offset, none, none];
      const [y, mean, variance, ...reserved] = nativeOutputs('FusedBatchNormV3', forward, inputs, 6);
      if (y === undefined || mean === undefined || variance === undefined) {
        throw new RangeError('FusedBatchNormV3 gave too little');
      }
      statistics.push(tf.keep(mean.clone()), tf.keep(variance.clone()));
      return { value: y, saved: [x, scale, ...reserved] };
    },
    (dy, saved) => nativeOutputs('FusedBatchNormGradV3', attributes, [dy, ...saved], 5).slice(0, 3),
  );
  return { value, mean: nth(statistics, 0), variance: nth(statistics, 1) };
}
