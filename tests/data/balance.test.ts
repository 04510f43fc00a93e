import { describe, expect, it } from 'vitest';
import { balanceOf, describeBalance, requireClasses } from '../../src/data/balance.js';
import { duplicatesAcross, findDuplicates, withoutDuplicatesOf } from '../../src/data/duplicates.js';
import { sortLabels } from '../../src/data/labels.js';
import { joinDatasets, relabel } from '../../src/data/make-dataset.js';
import { thrownBy } from '../support/thrown-by.js';
import { classes, textDataset } from './text-examples.js';

describe('the balance', () => {
  it('counts every class, also one without examples', () => {
    const dataset = { ...classes({ b: 4, a: 12 }), emptyClasses: ['aa'] };
    const balance = balanceOf(dataset);
    expect(balance.classes).toEqual([
      { label: 'a', count: 12 },
      { label: 'aa', count: 0 },
      { label: 'b', count: 4 },
    ]);
    expect(describeBalance(balance)).toEqual([
      '3 classes with 0 to 12 examples each.',
      'Without any example: aa.',
      'Fewer than 10 examples: b.',
    ]);
    expect(describeBalance(balanceOf(classes({ a: 10, b: 35 })))).toEqual([
      '2 classes with 10 to 35 examples each.',
      'The largest class has 3.5 times the examples of the smallest.',
    ]);
  });

  it('is good enough for a classifier, or says why not', async () => {
    requireClasses(classes({ a: 1, b: 1 }));
    const cases = [
      [textDataset([]), /no examples/],
      [textDataset([{}, {}]), /have no labels/],
      [textDataset([{ labels: ['a'] }, { labels: ['b'] }, {}]), /Some examples .* no label/],
      [classes({ a: 5 }), /single class/],
      [{ ...classes({ a: 5 }), emptyClasses: ['b'] }, /single class/],
      [{ ...classes({ a: 5, b: 5 }), emptyClasses: ['c'] }, /have no example/],
    ] as const;
    for (const [dataset, message] of cases) {
      const error = await thrownBy(() => requireClasses(dataset));
      expect(error.exitCode).toBe(7);
      expect(error.message).toMatch(message);
    }
    expect(
      (await thrownBy(() => requireClasses({ ...classes({ a: 5 }), emptyClasses: ['b'] }))).found,
    ).toContain('b');
  });
});

describe('labels', () => {
  it('are sorted by value where all are numbers, else by code unit', () => {
    expect(sortLabels(['10', '9', '2', '9'])).toEqual(['2', '9', '10']);
    expect(sortLabels(['10', '9', 'x'])).toEqual(['10', '9', 'x']);
    expect(sortLabels(['ä', 'z', 'A'])).toEqual(['A', 'z', 'ä']);
    expect(sortLabels(['1', '1.0', '-2'])).toEqual(['-2', '1', '1.0']);
  });

  it('can be replaced, and sets joined', () => {
    const pitches = classes({ C4: 2, D4: 1 });
    const joined = joinDatasets({
      cello: relabel(pitches, () => ['cello']),
      flute: relabel(pitches, () => ['flute']),
    });
    expect(joined.labels).toEqual(['cello', 'flute']);
    expect(joined.examples.map(({ name }) => name)).toEqual([
      'cello/0',
      'cello/1',
      'cello/2',
      'flute/0',
      'flute/1',
      'flute/2',
    ]);
  });
});

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
});
