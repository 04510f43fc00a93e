import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { folds, splitDataset } from '../../src/data/split-dataset.js';
import { thrownBy } from '../support/thrown-by.js';
import { classes, countOf, textDataset } from './text-examples.js';

const names = (dataset: Dataset) => dataset.examples.map(({ name }) => name);
const seeds = fc.nat(1_000_000);
/** Class sizes from 1 to 60. */
const classCounts = fc
  .array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 8 })
  .map((counts) => Object.fromEntries(counts.map((count, index) => [`class ${index}`, count])));

/** Every example in exactly one part, in its old order, and all parts know all labels. */
function expectPartition(dataset: Dataset, parts: readonly Dataset[]): void {
  const all = parts.flatMap(names);
  expect(all.length).toBe(dataset.examples.length);
  expect(new Set(all)).toEqual(new Set(names(dataset)));
  for (const part of parts) {
    expect(part.labels).toEqual(dataset.labels);
    const order = part.examples.map((example) => dataset.examples.indexOf(example));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
}

describe('a split', () => {
  it('gives each part its share of each class within one example, and trains on every class', () => {
    fc.assert(
      fc.property(
        classCounts,
        fc.double({ min: 0.05, max: 0.5, noNaN: true }),
        fc.constantFrom(0, 0.1, 0.3),
        seeds,
        (counts, validation, test, seed) => {
          const dataset = classes(counts);
          fc.pre(dataset.examples.length * Math.min(validation, test || 1) >= 8);
          const split = splitDataset(dataset, { validation, test, seed });
          expectPartition(dataset, [split.train, split.validation, split.test]);
          for (const [label, count] of Object.entries(counts)) {
            expect(Math.abs(countOf(split.validation, label) - count * validation)).toBeLessThan(1 + 1e-6);
            expect(Math.abs(countOf(split.test, label) - count * test)).toBeLessThan(1 + 1e-6);
            expect(countOf(split.train, label)).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('evens out over many small classes what it rounds in each', () => {
    const dataset = classes(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`c${index}`, 3])));
    const { validation } = splitDataset(dataset, { validation: 0.2, seed: 1 });
    expect(Math.abs(validation.examples.length - 60)).toBeLessThanOrEqual(1);
  });

  it('is the same for a seed, and another for another', () => {
    const dataset = classes({ a: 50, b: 50 });
    const of = (seed: number) => names(splitDataset(dataset, { seed }).validation);
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    expect(of(1)).toHaveLength(20);
  });

  it('never has equal examples in two parts where their digests are known', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(25)), { minLength: 30, maxLength: 90 }),
        seeds,
        (rows, seed) => {
          const dataset = textDataset(rows.map(([label]) => ({ labels: [label] })));
          const digests = rows.map(([, content]) => `digest ${content}`);
          fc.pre(new Set(digests).size >= 12);
          const { train, validation, test } = splitDataset(dataset, {
            validation: 0.25,
            test: 0.25,
            seed,
            digests,
          });
          expectPartition(dataset, [train, validation, test]);
          const partOf = new Map<string, Dataset>();
          for (const part of [train, validation, test]) {
            for (const { name } of part.examples) {
              const digest = digests[Number(name)] ?? '';
              expect(partOf.get(digest) ?? part).toBe(part);
              partOf.set(digest, part);
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is the same with digests that all differ, and refuses too few of them', () => {
    const dataset = classes({ a: 20, b: 12 });
    const digests = dataset.examples.map(({ name }) => `digest ${name}`);
    const parts = (known?: string[]) => names(splitDataset(dataset, { seed: 4, digests: known }).validation);
    expect(parts(digests)).toEqual(parts());
    expect(() => parts(digests.slice(1))).toThrow(RangeError);
  });

  it('spreads the targets of a regression also where some lack one', () => {
    const targets = Array.from({ length: 40 }, (_, index) => (index % 10 === 9 ? {} : { target: index }));
    const dataset = textDataset(targets);
    for (let seed = 0; seed < 20; seed++) {
      const { train, validation } = splitDataset(dataset, { validation: 0.25, seed });
      expectPartition(dataset, [train, validation]);
      const chosen = validation.examples.flatMap(({ target }) => (target === undefined ? [] : [target]));
      // A quarter of the 36 with a target, and of the four without.
      expect([chosen.length, validation.examples.length]).toEqual([9, 10]);
      expect(chosen.filter((target) => target < 20).length).toBeGreaterThanOrEqual(4);
      expect(chosen.filter((target) => target >= 20).length).toBeGreaterThanOrEqual(4);
    }
  });

  it('spreads the targets of a regression over both parts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 20, maxLength: 120 }),
        seeds,
        (targets, seed) => {
          const dataset = textDataset(targets.map((target) => ({ target })));
          const { train, validation } = splitDataset(dataset, { validation: 0.2, seed });
          expectPartition(dataset, [train, validation]);
          expect(Math.abs(validation.examples.length - targets.length * 0.2)).toBeLessThanOrEqual(1.001);
          // One of every five neighbours: ranks of the validation part rise by 1 to 9.
          const sorted = targets.toSorted((a, b) => a - b);
          const chosen = validation.examples.map(({ target }) => target ?? Number.NaN).sort((a, b) => a - b);
          for (let quarter = 1; quarter <= 3; quarter++) {
            const value = sorted[Math.floor((targets.length * quarter) / 4)] ?? Number.NaN;
            fc.pre(sorted.filter((target) => target === value).length === 1);
            const below = chosen.filter((target) => target < value).length;
            expect(Math.abs(below - (chosen.length * quarter) / 4)).toBeLessThanOrEqual(2);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives each part nearly its share of each of several labels', () => {
    const label = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const sets = fc.array(fc.uniqueArray(label, { maxLength: 4 }), { minLength: 60, maxLength: 200 });
    // The method promises no bound, so the same sets are dealt each time.
    const worst = fc.sample(sets, { numRuns: 150, seed: 1 }).map((labelSets, seed) => {
      const dataset = textDataset(labelSets.map((labels) => ({ labels })));
      const { train, validation } = splitDataset(dataset, { validation: 0.25, seed });
      expectPartition(dataset, [train, validation]);
      expect(Math.abs(validation.examples.length - labelSets.length / 4)).toBeLessThanOrEqual(2);
      const off = dataset.labels.map((each) =>
        Math.abs(countOf(validation, each) - countOf(dataset, each) / 4),
      );
      return Math.max(...off);
    });
    // By lot it would be about four examples for each label, and more for the worst of five.
    expect(worst.filter((off) => off < 1).length).toBeGreaterThan(0.7 * worst.length);
    expect(worst.filter((off) => off < 3).length).toBeGreaterThan(0.95 * worst.length);
  });

  it('refuses shares that leave nothing, and sets that are too small', async () => {
    const dataset = classes({ a: 1, b: 1 });
    for (const options of [
      { validation: 1 },
      { validation: 0.5, test: 0.5 },
      { validation: -0.1 },
      { validation: Number.NaN },
    ]) {
      expect((await thrownBy(() => splitDataset(dataset, { ...options, seed: 1 }))).code).toBe('USAGE');
    }
    expect((await thrownBy(() => splitDataset(dataset, { seed: 1 }))).code).toBe('DATA');
    expect(splitDataset(dataset, { validation: 0, seed: 1 }).train.examples).toHaveLength(2);
  });
});

describe('folds', () => {
  it('have each example in one validation part, and each class spread within one example', () => {
    fc.assert(
      fc.property(classCounts, fc.integer({ min: 2, max: 7 }), seeds, (counts, k, seed) => {
        const dataset = classes(counts);
        fc.pre(dataset.examples.length >= k);
        const pairs = folds(dataset, k, seed);
        expectPartition(
          dataset,
          pairs.map(({ validation }) => validation),
        );
        for (const { train, validation } of pairs) {
          expectPartition(dataset, [train, validation]);
          for (const [label, count] of Object.entries(counts)) {
            expect(Math.abs(countOf(validation, label) - count / k)).toBeLessThan(1 + 1e-6);
          }
        }
        const sizes = pairs.map(({ validation }) => validation.examples.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  });

  it('refuse to be more than the examples, or less than two', async () => {
    const dataset = classes({ a: 2, b: 1 });
    expect((await thrownBy(() => folds(dataset, 4, 1))).code).toBe('DATA');
    expect((await thrownBy(() => folds(dataset, 1, 1))).code).toBe('USAGE');
    expect((await thrownBy(() => folds(dataset, 2.5, 1))).code).toBe('USAGE');
  });
});
