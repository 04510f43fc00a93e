/**
 * From maps and sequences to one vector: over the positions of one row (pixels, frames, tokens), then over the rows
 * of one example (the windows of a recording).
 */
import { ZooError } from '../core/errors.js';
import type { Shape } from '../formats/network.js';
import { type Tensor, type Tensor2D, tf } from '../runtime/tensorflow.js';

/**
 * `average` and `max` over all positions of a map or sequence; `frames` is the mean over its first axis alone (frames
 * of sound, tokens of text), which keeps the others (bands, keys); `none` keeps every position: the values of a row
 * one after another. Windows of a recording are averaged, or their maximum is taken for `max`.
 */
export const POOLINGS = ['average', 'max', 'frames', 'none'] as const;
export type Pooling = (typeof POOLINGS)[number];

/** Below every activation, and finite: a row whose tokens are all masked stays a number. */
const LOWEST = -3.4e38;

/** Length of a pooled row; undefined where only running the network tells. @param shape with the rows first. */
export function pooledWidth(shape: Shape, pooling: Pooling): number | undefined {
  const [, ...rest] = shape;
  if (rest.length === 0) return undefined;
  const kept =
    pooling === 'none' ? rest : pooling === 'frames' && rest.length > 1 ? rest.slice(1) : rest.slice(-1);
  return kept.reduce<number | undefined>(
    (product, size) => (product === undefined || size === null ? undefined : product * size),
    1,
  );
}

/**
 * [rows, …positions, channels] to [rows, width].
 * @param mask [rows, positions], 1 where a position counts: text is padded. Only for sequences of as many positions;
 *   elsewhere it says nothing.
 * @returns a new tensor, the caller's.
 * @throws ZooError `DATA` for a tensor without channels.
 */
export function poolPositions(features: Tensor, pooling: Pooling, mask?: Tensor): Tensor2D {
  const { rank, shape } = features;
  if (rank < 2) {
    throw new ZooError('DATA', 'What comes out at this cut is not one vector a row', {
      expected: '[rows, …, width]',
      found: JSON.stringify(shape),
      hint: 'Choose another layer: zoo inspect lists the cuts.',
    });
  }
  const rows = shape[0] ?? 0;
  const channels = shape.at(-1) ?? 0;
  return tf.tidy(() => {
    if (rank === 2) return features.clone().as2D(rows, channels);
    if (pooling === 'none')
      return features.reshape([rows, features.size / rows]).as2D(rows, features.size / rows);
    if (pooling === 'frames' && rank > 3) {
      const mean = features.mean(1);
      return mean.as2D(rows, mean.size / rows);
    }
    const sequence = features.reshape([rows, features.size / (rows * channels), channels]);
    if (mask === undefined || rank !== 3 || mask.shape[1] !== shape[1]) {
      const pooled = pooling === 'max' ? sequence.max(1) : sequence.mean(1);
      return pooled.as2D(rows, channels);
    }
    const counted = mask.cast('float32').expandDims(2);
    if (pooling === 'max')
      return sequence.mul(counted).add(tf.sub(1, counted).mul(LOWEST)).max(1).as2D(rows, channels);
    const tokens = counted.sum(1).maximum(1);
    return sequence.mul(counted).sum(1).div(tokens).as2D(rows, channels);
  });
}

/**
 * The rows of each example become one: [rows, width] to [examples, width].
 * @param counts rows of each example, in order, each at least 1.
 * @param unit scales the results to length 1, for networks whose rows have it.
 * @returns a new tensor, the caller's.
 */
export function poolRows(
  features: Tensor2D,
  counts: readonly number[],
  pooling: Pooling,
  unit = false,
): Tensor2D {
  if (counts.every((count) => count === 1)) return features.clone();
  const width = features.shape[1];
  return tf.tidy(() => {
    let from = 0;
    const vectors = counts.map((count) => {
      const rows = features.slice([from, 0], [count, width]);
      from += count;
      return pooling === 'max' ? rows.max(0) : rows.mean(0);
    });
    const pooled = tf.stack(vectors).as2D(counts.length, width);
    return unit
      ? pooled.div(pooled.norm('euclidean', 1, true).maximum(1e-12)).as2D(counts.length, width)
      : pooled;
  });
}
