import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseExamples } from '../../src/data/choose-examples.js';
import { thrownBy } from '../support/thrown-by.js';
import { classes, countOf, textDataset } from './text-examples.js';

const namesOf = (dataset: { examples: readonly { name: string }[] } | undefined) =>
  dataset?.examples.map(({ name }) => name) ?? [];

describe('what a run learns from', () => {
  const dataset = classes({ a: 30, b: 50 });

  it('is everything, where nothing else is said', () => {
    for (const validation of [undefined, 0]) {
      const chosen = chooseExamples(dataset, { validation, seed: 1 });
      expect(chosen.train).toBe(dataset);
      expect(chosen.validation).toBeUndefined();
    }
  });

  it('leaves out what it is measured on, which does not depend on how little is learnt from', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(1000), (perClass, seed) => {
        const few = chooseExamples(dataset, { validation: 0.2, perClass, seed });
        const all = chooseExamples(dataset, { validation: 0.2, seed });
        expect(namesOf(few.validation)).toEqual(namesOf(all.validation));
        expect(namesOf(few.validation)).toHaveLength(16);
        for (const label of ['a', 'b']) expect(countOf(few.train, label)).toBe(perClass);
        const left = new Set(namesOf(all.train));
        for (const name of namesOf(few.train)) expect(left.has(name)).toBe(true);
        for (const name of namesOf(few.validation)) expect(left.has(name)).toBe(false);
        expect(few.train.labels).toEqual(['a', 'b']);
      }),
      { numRuns: 50 },
    );
  });

  it('has no copy of what it is measured on where digests are given', () => {
    const rows = Array.from({ length: 60 }, (_, index) => ({ labels: [index % 2 === 0 ? 'a' : 'b'] }));
    const digests = rows.map((_, index) => `digest ${Math.floor(index / 6)} ${index % 2}`);
    for (let seed = 0; seed < 10; seed++) {
      const { train, validation } = chooseExamples(textDataset(rows), { validation: 0.3, seed, digests });
      const measured = new Set(namesOf(validation).map((name) => digests[Number(name)]));
      expect(measured.size).toBeGreaterThan(0);
      expect(namesOf(train).some((name) => measured.has(digests[Number(name)]))).toBe(false);
    }
  });

  it('says which classes have too few, and refuses numbers that are none', async () => {
    const small = chooseExamples(classes({ a: 2, b: 9 }), { perClass: 5, seed: 1 });
    expect(small.train.notes).toEqual(['Classes with fewer than 5 examples: a (2)']);
    for (const options of [{ validation: 1 }, { perClass: 0 }, { validation: 0.2, seed: -1 }]) {
      expect((await thrownBy(() => chooseExamples(dataset, { seed: 1, ...options }))).code).toBe('USAGE');
    }
  });
});
