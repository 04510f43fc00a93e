import { describe, expect, it } from 'vitest';
import { validationOf } from '../../../src/training/solve/held-out.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { multiLabel } from '../../../src/transfer/heads/multi-label.js';
import { regressor } from '../../../src/transfer/heads/regressor.js';

const labels = ['a', 'b'];
/** Rows 0 and 1 in one fold, 2 and 3 in another. */
const plan = { method: 'k-fold', folds: Int32Array.of(0, 0, 1, 1), count: 2 } as const;
const losses = Float64Array.of(1, 2, 3, 6);

describe('what was held out', () => {
  it('is scored fold by fold for classes', () => {
    const outputs = Float64Array.of(2, 1, 0, 1, 5, 4, 5, 4);
    const targets = Float64Array.of(1, 0, 0, 1, 1, 0, 0, 1);
    expect(validationOf(classifier({ labels }), plan, outputs, targets, losses, 0)).toEqual({
      method: 'k-fold',
      folds: 2,
      score: 'accuracy',
      scores: [1, 0.5],
      mean: 0.75,
      deviation: 0.25,
      loss: 3,
    });
  });

  it('is pooled where each example was left out by itself', () => {
    const each = { method: 'leave-one-out', folds: Int32Array.of(0, 1, 2, 3), count: 4 } as const;
    const outputs = Float64Array.of(2, 1, 0, 1, 5, 4, 5, 4);
    const targets = Float64Array.of(1, 0, 0, 1, 1, 0, 0, 1);
    expect(validationOf(classifier({ labels }), each, outputs, targets, losses, 0)).toMatchObject({
      folds: 4,
      scores: [0.75],
      mean: 0.75,
      deviation: null,
    });
  });

  it('is scored by micro F1 for labels, and is right where there is nothing to find', () => {
    const head = multiLabel({ labels });
    const outputs = Float64Array.of(0.9, 0.8, 0.2, 0.7, 0.1, 0.1, 0.3, 0.4);
    const targets = Float64Array.of(1, 0, 1, 1, 0, 0, 0, 0);
    // Two hits, one false alarm, one miss; then nothing said and nothing true.
    const found = validationOf(head, plan, outputs, targets, losses, 0.5);
    expect(found.score).toBe('microF1');
    expect(found.scores).toEqual([4 / 6, 1]);
  });

  it('is scored by R² for numbers, where equal targets are met or not', () => {
    const head = regressor();
    const targets = Float64Array.of(1, 3, 5, 5);
    const score = (...outputs: number[]) =>
      validationOf(head, plan, Float64Array.from(outputs), targets, losses, 0).scores;
    expect(score(1, 3, 5, 5)).toEqual([1, 1]);
    expect(score(2, 2, 5, 6)).toEqual([0, 0]);
    expect(score(3, 1, 5, 5)).toEqual([-3, 1]);
  });
});
