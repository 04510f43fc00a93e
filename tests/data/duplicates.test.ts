import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { duplicatesAcross, findDuplicates, withoutDuplicatesOf } from '../../src/data/duplicates.js';
import { textDataset } from './text-examples.js';

describe('duplicates', () => {
  const train = textDataset([
    { labels: ['a'], text: 'one' },
    { labels: ['b'], text: 'two' },
    { labels: ['a'], text: 'one' },
    { labels: ['b'], text: 'three' },
  ]);
  const test = textDataset([
    { labels: ['a'], text: 'two' },
    { labels: ['b'], text: 'four' },
  ]);

  it('are found in a set and across parts, and contradictions with them', async () => {
    const within = await findDuplicates(train);
    expect(within.map(({ members }) => members.map(({ example }) => example.name))).toEqual([['0', '2']]);
    expect(within[0]?.contradictory).toBe(false);
    const across = await duplicatesAcross({ train, test });
    expect(across).toHaveLength(1);
    expect(across[0]?.members.map(({ part, example }) => `${part} ${example.name}`)).toEqual([
      'train 1',
      'test 0',
    ]);
    expect(across[0]?.contradictory).toBe(true);
  });

  it('are taken out of one part', async () => {
    const { dataset, removed } = await withoutDuplicatesOf(train, test);
    expect(dataset.examples.map(({ name }) => name)).toEqual(['0', '2', '3']);
    expect(removed.map(({ name }) => name)).toEqual(['1']);
    expect(await duplicatesAcross({ dataset, test })).toEqual([]);
  });

  it('are never what can not be read', async () => {
    const gone = () => Promise.reject(new Error('gone'));
    const examples = train.examples.map((example, index) =>
      index % 2 === 0 ? { ...example, digest: gone } : example,
    );
    expect(await findDuplicates({ ...train, examples })).toEqual([]);
  });

  it('are read a few at a time, until the caller stops', async () => {
    let reading = 0;
    let most = 0;
    const stop = new AbortController();
    const examples = Array.from({ length: 40 }, (_, index) => ({
      ...(train.examples[0] ?? expect.unreachable()),
      name: String(index),
      digest: async () => {
        most = Math.max(most, ++reading);
        await new Promise((resolve) => setImmediate(resolve));
        reading -= 1;
        if (index === 20) stop.abort(new Error('enough'));
        return sha256(String(index));
      },
    }));
    await expect(findDuplicates({ ...train, examples }, stop.signal)).rejects.toThrow('enough');
    expect(most).toBe(4);
    expect(reading).toBe(0);
  });
});
