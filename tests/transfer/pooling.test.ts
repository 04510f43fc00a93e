import { describe, expect, it } from 'vitest';
import { tf } from '../../src/runtime/tensorflow.js';
import { type Pooling, pooledWidth, poolPositions, poolRows } from '../../src/transfer/pooling.js';
import { thrownBy } from '../support/thrown-by.js';

/** [2 rows, 2 positions, 3 positions, 2 channels] with values 0 … 23. */
const map = () => tf.tidy(() => tf.range(0, 24).reshape([2, 2, 3, 2]));
const sequence = () =>
  tf.tensor3d([
    [
      [1, 10],
      [2, 20],
      [9, 90],
    ],
    [
      [4, 40],
      [7, 70],
      [8, 80],
    ],
  ]);
const values = (pooling: Pooling, from = map) => tf.tidy(() => poolPositions(from(), pooling).arraySync());

describe('over the positions of a row', () => {
  it('average and max are over all of them, a channel at a time', () => {
    expect(values('average')).toEqual([
      [5, 6],
      [17, 18],
    ]);
    expect(values('max')).toEqual([
      [10, 11],
      [22, 23],
    ]);
  });

  it('frames is over the first of them alone, so that the others keep their places', () => {
    expect(values('frames')).toEqual([
      [3, 4, 5, 6, 7, 8],
      [15, 16, 17, 18, 19, 20],
    ]);
    expect(values('frames', sequence)).toEqual(values('average', sequence));
  });

  it('none lays them one after another', () => {
    expect(values('none')).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23],
    ]);
  });

  it('padding does not count where a mask says so, and a row of nothing else is a number', () => {
    const masked = (pooling: Pooling, mask: number[][]) =>
      tf.tidy(() => poolPositions(sequence(), pooling, tf.tensor2d(mask, [2, 3], 'int32')).arraySync());
    expect(
      masked('average', [
        [1, 1, 0],
        [1, 0, 0],
      ]),
    ).toEqual([
      [1.5, 15],
      [4, 40],
    ]);
    expect(
      masked('max', [
        [1, 1, 0],
        [1, 0, 0],
      ]),
    ).toEqual([
      [2, 20],
      [4, 40],
    ]);
    expect(
      masked('average', [
        [0, 0, 0],
        [1, 1, 1],
      ])[0],
    ).toEqual([0, 0]);
    expect(
      masked('max', [
        [0, 0, 0],
        [1, 1, 1],
      ])
        .flat()
        .every(Number.isFinite),
    ).toBe(true);
  });

  it('vectors stay as they are, in a tensor of their own', () => {
    const vectors = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const pooled = poolPositions(vectors, 'max');
    vectors.dispose();
    expect(pooled.arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    pooled.dispose();
  });

  it('refuses what has no channels', async () => {
    const error = await thrownBy(() => tf.tidy(() => poolPositions(tf.tensor1d([1, 2]), 'average')));
    expect(error).toMatchObject({ code: 'DATA', found: '[2]' });
  });

  it('has the width that it announces', () => {
    for (const pooling of ['average', 'max', 'frames', 'none'] as const) {
      for (const from of [map, sequence]) {
        const [row] = values(pooling, from);
        const tensor = from();
        const shape = [null, ...tensor.shape.slice(1)];
        tensor.dispose();
        expect(pooledWidth(shape, pooling), `${pooling} of ${shape}`).toBe(row?.length);
      }
    }
    expect(pooledWidth([null, null, 384], 'average')).toBe(384);
    expect(pooledWidth([null, null, 384], 'none')).toBeUndefined();
    expect(pooledWidth([null], 'average')).toBeUndefined();
  });
});

describe('over the rows of an example', () => {
  const rows = () =>
    tf.tensor2d([
      [3, 0],
      [0, 4],
      [6, 8],
      [1, 1],
    ]);
  const pool = (counts: number[], pooling: Pooling, unit = false) =>
    tf.tidy(() => poolRows(rows(), counts, pooling, unit).arraySync());

  it('is the mean, or the maximum', () => {
    expect(pool([2, 1, 1], 'average')).toEqual([
      [1.5, 2],
      [6, 8],
      [1, 1],
    ]);
    expect(pool([2, 1, 1], 'none')).toEqual([
      [1.5, 2],
      [6, 8],
      [1, 1],
    ]);
    expect(pool([2, 1, 1], 'max')).toEqual([
      [3, 4],
      [6, 8],
      [1, 1],
    ]);
    expect(pool([1, 1, 1, 1], 'max')).toEqual(tf.tidy(() => rows().arraySync()));
  });

  it('brings vectors of length 1 back to it', () => {
    const [first] = pool([2, 2], 'average', true);
    expect(Math.hypot(...(first ?? []))).toBeCloseTo(1, 6);
    expect((first?.[1] ?? 0) / (first?.[0] ?? 1)).toBeCloseTo(2 / 1.5, 5);
  });
});

it('leaves no tensor behind', () => {
  const before = tf.memory().numTensors;
  for (const pooling of ['average', 'max', 'frames', 'none'] as const) {
    const input = map();
    const pooled = poolPositions(input, pooling);
    const joined = poolRows(pooled, [2], pooling, true);
    tf.dispose([input, pooled, joined]);
  }
  expect(tf.memory().numTensors).toBe(before);
});
