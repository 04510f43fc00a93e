/** The loss of a classifier, with its gradient from the same native kernel. */
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { nth } from './gradient.js';
import { FLOAT, nativeOutputs } from './native-operation.js';
import { withGradient } from './with-gradient.js';

/**
 * Cross-entropy of softmax(logits) with the labels, in nats, of each example by itself. Labels get no gradient.
 * @param logits [examples, classes], float32. @param labels [examples, classes], each row probabilities that sum to 1.
 * @returns [examples], each at least 0.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return withGradient(
    [logits],
    () => {
      const outputs = nativeOutputs('SoftmaxCrossEntropyWithLogits', FLOAT, [logits, labels], 2);
      return { value: nth(outputs, 0), saved: [nth(outputs, 1)] };
    },
    (dy, saved) => [tf.mul(tf.expandDims(dy, 1), nth(saved, 0))],
  );
}
