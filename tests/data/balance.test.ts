import { describe, expect, it } from 'vitest';
import { balanceOf, describeBalance, requireClasses } from '../../src/data/balance.js';
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
