/** The losses that heads are trained with. */
import { type Scalar, type Tensor, type Tensor2D, tf } from '../../runtime/tensorflow.js';

/**
 * - `softmax`: cross-entropy of one class among several; targets are 1 for the class and 0 elsewhere.
 * - `sigmoid`: binary cross-entropy, summed over the labels; targets are 1 where a label applies.
 * - `squared`: half the squared difference, summed over the outputs.
 */
export type Loss = 'softmax' | 'sigmoid' | 'squared';

/**
 * Mean over the examples, weighted when weights are given; differentiable.
 * @param outputs [examples, outputs], before any softmax or sigmoid.
 * @param targets the same shape.
 * @param weights [examples].
 */
export function meanLoss(loss: Loss, outputs: Tensor2D, targets: Tensor2D, weights?: Tensor): Scalar {
  return tf.tidy(() => {
    const losses = exampleLosses(loss, outputs, targets);
    if (weights === undefined) return losses.mean().asScalar();
    return losses.mul(weights).sum().div(weights.sum()).asScalar();
  });
}

function exampleLosses(loss: Loss, outputs: Tensor2D, targets: Tensor2D): Tensor {
  switch (loss) {
    case 'softmax':
      return tf.logSoftmax(outputs).mul(targets).sum(1).neg();
    case 'sigmoid':
      // log(1 + e^z) - t z
      return tf.softplus(outputs).sub(targets.mul(outputs)).sum(1);
    case 'squared':
      return outputs.sub(targets).square().sum(1).mul(0.5);
  }
}

/** Turns raw outputs into what a head reports, in place: probabilities, or the values themselves. */
export function activate(loss: Loss, outputs: Float32Array | Float64Array, width: number): void {
  if (loss === 'squared') return;
  if (loss === 'sigmoid') {
    for (let at = 0; at < outputs.length; at++) outputs[at] = sigmoid(outputs[at] ?? 0);
    return;
  }
  for (let start = 0; start < outputs.length; start += width) softmax(outputs, start, width);
}

/** Softmax of `width` numbers from `start`, in place. */
export function softmax(values: Float32Array | Float64Array, start: number, width: number): void {
  let top = Number.NEGATIVE_INFINITY;
  for (let at = start; at < start + width; at++) top = Math.max(top, values[at] ?? 0);
  let sum = 0;
  for (let at = start; at < start + width; at++) {
    const share = Math.exp((values[at] ?? 0) - top);
    values[at] = share;
    sum += share;
  }
  for (let at = start; at < start + width; at++) values[at] = (values[at] ?? 0) / sum;
}

/** 1 / (1 + e^-z), without overflow. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}
