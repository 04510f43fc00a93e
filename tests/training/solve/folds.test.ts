import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/data/random.js';
import { groupsByClass, leaveOneOut, stratifiedFolds } from '../../../src/training/solve/folds.js';
import { planValidation } from '../../../src/training/solve/plan-validation.js';

const classesOf = fc.array(fc.nat({ max: 4 }), { minLength: 2, maxLength: 60 });
const foldCounts = fc.integer({ min: 2, max: 10 });

describe('stratified folds', () => {
  it('hold each row out once and differ by at most one, in all and in every class', () => {
    fc.assert(
      fc.property(classesOf, foldCounts, fc.nat(), (classes, count, seed) => {
        const random = Random.seeded(seed);
        const plan = stratifiedFolds(classes.length, Int32Array.from(classes), undefined, count, random);
        expect(plan.count).toBe(Math.min(count, classes.length));
        for (const label of [undefined, ...new Set(classes)]) {
          const sizes = Array.from({ length: plan.count }, () => 0);
          classes.forEach((value, row) => {
            if (label !== undefined && value !== label) return;
            const fold = plan.folds[row] ?? -1;
            expect(fold >= 0 && fold < plan.count).toBe(true);
            sizes[fold] = (sizes[fold] ?? 0) + 1;
          });
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('never separate what belongs together, and depend on the seed alone', () => {
    fc.assert(
      fc.property(classesOf, foldCounts, fc.nat(), fc.nat({ max: 5 }), (classes, count, seed, size) => {
        const groups = classes.map((_, row) => `recording ${row % (size + 2)}`);
        const deal = () =>
          stratifiedFolds(classes.length, Int32Array.from(classes), groups, count, Random.seeded(seed));
        const { folds } = deal();
        groups.forEach((group, row) => {
          expect(folds[row]).toBe(folds[groups.indexOf(group)]);
        });
        expect(deal().folds).toEqual(folds);
      }),
    );
  });

  it('leave-one-out has a fold for each group', () => {
    expect(leaveOneOut(4, undefined)).toEqual({ folds: Int32Array.of(0, 1, 2, 3), count: 4 });
    expect(leaveOneOut(4, ['a', 'b', 'a', 'c'])).toEqual({ folds: Int32Array.of(0, 1, 0, 2), count: 3 });
    expect(groupsByClass(4, Int32Array.of(0, 1, 0, 1), ['a', 'b', 'a', 'c'])).toEqual(
      new Map([
        [0, 1],
        [1, 2],
      ]),
    );
  });
});

describe('planValidation', () => {
  const repeated = (...sizes: number[]) =>
    Int32Array.from(sizes.flatMap((size, label) => Array.from({ length: size }, () => label)));
  const plan = (classes: Int32Array | undefined, rows: number, folds?: number) =>
    planValidation(rows, classes, undefined, folds, Random.seeded(0));

  it.each([
    ['five or more of each class', repeated(5, 9), 'k-fold', 5],
    ['fewer than five, few in all', repeated(4, 9), 'leave-one-out', 13],
    ['fewer than five of one class among many', repeated(4, 300), 'k-fold', 5],
    ['one class with a single example', repeated(1, 8, 8), 'leave-one-out', 17],
  ])('%s', (_, classes, method, count) => {
    expect(plan(classes, classes.length)).toMatchObject({ method, count });
  });

  it('holds nothing out where most classes have a single example, or for a handful of numbers', () => {
    expect(plan(repeated(1, 1, 3), 5)).toMatchObject({ method: 'none' });
    expect(plan(undefined, 9)).toMatchObject({ method: 'none' });
    expect(plan(undefined, 10)).toMatchObject({ method: 'k-fold', count: 5 });
  });

  it('takes the folds that are asked for', () => {
    expect(plan(repeated(4, 9), 13, 3)).toMatchObject({ method: 'k-fold', count: 3 });
    expect(plan(undefined, 9, 20)).toMatchObject({ method: 'k-fold', count: 9 });
  });
});
