/**
 * Chance inside a training step. JavaScript's random numbers would be frozen into a traced graph; these are made by
 * native operations from a seed that is an input, so that the same seed gives the same numbers with and without a
 * graph.
 */
import { ZooError } from '../../core/errors.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { executeNative } from '../execute.js';
import { attribute, DT } from '../graph.js';

/** One for each run of a step. What is drawn depends on the seed and on what was drawn before in the same run. */
export class Randomness {
  readonly #seed: Tensor;
  #drawn = 0;

  /** @param seed int32 [2]; stays the caller's. */
  constructor(seed: Tensor) {
    this.#seed = seed;
  }

  /** Numbers from 0 up to 1, float32. */
  uniform(shape: readonly number[]): Tensor {
    const seed = tf.add(this.#seed, tf.tensor1d([0, this.#drawn++], 'int32'));
    return executeNative('StatelessRandomUniform', [tf.tensor1d([...shape], 'int32'), seed], {
      dtype: attribute.type(DT.float32),
      T: attribute.type(DT.int32),
      Tseed: attribute.type(DT.int32),
    });
  }

  /**
   * Sets a part of the numbers to 0 and scales the others by 1 / (1 - rate).
   * @param rate from 0 up to 1. @throws ZooError `USAGE` for another.
   */
  dropout(x: Tensor, rate: number): Tensor {
    if (!(rate >= 0 && rate < 1)) {
      throw new ZooError('USAGE', 'Not a rate of dropout', { expected: '0 ≤ rate < 1', found: `${rate}` });
    }
    if (rate === 0) return x.clone();
    const kept = tf.cast(tf.greaterEqual(this.uniform(x.shape), rate), 'float32');
    return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
  }
}
