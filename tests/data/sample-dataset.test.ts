import { describe, expect, it } from 'vitest';
import { sampleDataset } from '../../src/data/sample-dataset.js';
import { thrownBy } from '../support/thrown-by.js';
import { classes, countOf, textDataset } from './text-examples.js';

describe('a sample', () => {
  it('has so many of each class, and leaves the others', () => {
    const dataset = classes({ a: 30, b: 7, c: 12 });
    const { sample, rest } = sampleDataset(dataset, 5, 3);
    for (const label of ['a', 'b', 'c']) expect(countOf(sample, label)).toBe(5);
    expect(sample.notes).toEqual([]);
    expect(new Set([...sample.examples, ...rest.examples])).toEqual(new Set(dataset.examples));
    expect(rest.examples).toHaveLength(49 - 15);
  });

  it('grows with the number: a smaller one is part of a larger one of the same seed', () => {
    const dataset = classes({ a: 30, b: 30 });
    const names = (count: number, seed: number) =>
      sampleDataset(dataset, count, seed).sample.examples.map(({ name }) => name);
    expect(names(10, 1)).toEqual(expect.arrayContaining(names(4, 1)));
    expect(names(10, 1)).not.toEqual(names(10, 2));
  });

  it('takes small classes whole and says so', () => {
    const { sample } = sampleDataset(classes({ a: 2, b: 9 }), 5, 1);
    expect(countOf(sample, 'a')).toBe(2);
    expect(sample.notes).toEqual(['Classes with fewer than 5 examples: a (2)']);
  });

  it('counts an example with several labels for each of them', () => {
    const dataset = textDataset(Array.from({ length: 20 }, () => ({ labels: ['a', 'b'] })));
    expect(sampleDataset(dataset, 6, 1).sample.examples).toHaveLength(6);
  });

  it('refuses numbers that are none', async () => {
    for (const count of [0, -1, 1.5]) {
      expect((await thrownBy(() => sampleDataset(classes({ a: 3 }), count, 1))).code).toBe('USAGE');
    }
  });
});
