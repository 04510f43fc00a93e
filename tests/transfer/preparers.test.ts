import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorSpec } from '../../src/formats/network.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { disposeBatch, groupRows, joinRows, type Prepared } from '../../src/transfer/prepare/preparer.js';
import { inputLayout, tokenBatch } from '../../src/transfer/prepare/token-batch.js';
import { thrownBy } from '../support/thrown-by.js';

/** Rows of two numbers; no number is there twice. */
function numbered(counts: readonly number[]): Prepared[] {
  let next = 0;
  return counts.map((rows) => ({
    rows,
    shape: [2],
    values: Float32Array.from({ length: 2 * rows }, () => next++),
  }));
}

describe('rows in groups', () => {
  it('are all there, in order, in full groups', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 12 }),
        (counts, limit) => {
          const prepared = numbered(counts);
          const groups = groupRows(prepared, limit);
          expect([...joinRows(groups.flat())]).toEqual([...joinRows(prepared)]);
          const sizes = groups.map((group) => group.reduce((sum, { rows }) => sum + rows, 0));
          expect(sizes.slice(0, -1).every((size) => size === limit)).toBe(true);
          expect(sizes.at(-1) ?? 1).toBeLessThanOrEqual(limit);
          for (const { rows, values } of groups.flat()) expect(values).toHaveLength(2 * rows);
        },
      ),
    );
  });
});

const specs = (...names: string[]): { inputs: TensorSpec[] } => ({
  inputs: names.map((name) => ({ name, shape: [null, null], dtype: 'int32' })),
});
const texts = [Int32Array.of(5, 6, 7), Int32Array.of(8)];

function values({ inputs }: ReturnType<typeof tokenBatch>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]: [string, Tensor]) => [name, tensor.arraySync()]),
  );
}

describe('token ids', () => {
  it('are padded to the longest, with a mask and token types where a network takes them', () => {
    const tensors = tf.memory().numTensors;
    const layout = inputLayout(specs('input_ids', 'attention_mask', 'token_type_ids'));
    const batch = tokenBatch(texts, layout, 9);
    expect(values(batch)).toEqual({
      input_ids: [
        [5, 6, 7],
        [8, 9, 9],
      ],
      attention_mask: [
        [1, 1, 1],
        [1, 0, 0],
      ],
      token_type_ids: [
        [0, 0, 0],
        [0, 0, 0],
      ],
    });
    expect(batch.mask?.arraySync()).toEqual([
      [1, 1, 1],
      [1, 0, 0],
    ]);
    disposeBatch(batch);
    const bare = tokenBatch(texts, inputLayout(specs('tokens')), 0);
    expect(values(bare)).toEqual({
      tokens: [
        [5, 6, 7],
        [8, 0, 0],
      ],
    });
    expect(bare.mask).toBeUndefined();
    disposeBatch(bare);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('are one sparse matrix where a network takes places and values', () => {
    const batch = tokenBatch(texts, inputLayout(specs('module/values', 'module/indices')), 0);
    expect(values(batch)).toEqual({
      'module/indices': [
        [0, 0],
        [0, 1],
        [0, 2],
        [1, 0],
      ],
      'module/values': [5, 6, 7, 8],
    });
    disposeBatch(batch);
  });

  it('inputs that nobody knows are refused by name', async () => {
    const error = await thrownBy(() => inputLayout(specs('input_ids', 'pixels')));
    expect(error).toMatchObject({ code: 'DATA', found: 'input_ids, pixels' });
  });
});
