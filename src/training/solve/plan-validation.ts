/** Which examples are held out when C is chosen, and when there are too few to hold any out. */
import type { Random } from '../../data/random.js';
import { type FoldPlan, groupsByClass, leaveOneOut, stratifiedFolds } from './folds.js';

const DEFAULT_FOLDS = 5;
/** Leave-one-out solves a problem for each example. */
const MOST_LEFT_OUT = 200;
/** Fewer examples say nothing about C. */
const LEAST_VALUES = 10;

export type ValidationPlan =
  | ({ readonly method: 'k-fold' | 'leave-one-out' } & FoldPlan)
  | { readonly method: 'none'; readonly reason: string };

/**
 * - Classes with at least `folds` examples each: stratified k-fold. A single small validation set is never used.
 * - A smaller class, and at most 200 examples: leave-one-out, which takes as little as possible away from it.
 * - A smaller class among more examples: stratified k-fold, where some folds lack it.
 * - More than half of the classes with one example only (or fewer than 10 values of a regression): none, because a
 *   held-out class can't be recognised.
 * Examples that belong together count as one.
 * @param classes undefined for regression and multi-label.
 * @param folds asked for; 5 by default.
 */
export function planValidation(
  rows: number,
  classes: Int32Array | undefined,
  groups: readonly (number | string)[] | undefined,
  folds: number | undefined,
  random: Random,
): ValidationPlan {
  const count = folds ?? DEFAULT_FOLDS;
  const independent = new Set(groups ?? Array.from({ length: rows }, (_, row) => row)).size;
  if (classes === undefined) {
    if (independent < LEAST_VALUES && folds === undefined) {
      return { method: 'none', reason: `${independent} examples are too few to hold any out` };
    }
    return { method: 'k-fold', ...stratifiedFolds(rows, undefined, groups, count, random) };
  }
  const sizes = [...groupsByClass(rows, classes, groups).values()];
  const single = sizes.filter((size) => size === 1).length;
  if (single * 2 > sizes.length) {
    return { method: 'none', reason: `${single} of ${sizes.length} classes have a single example` };
  }
  if (Math.min(...sizes) < count && folds === undefined && independent <= MOST_LEFT_OUT) {
    return { method: 'leave-one-out', ...leaveOneOut(rows, groups) };
  }
  return { method: 'k-fold', ...stratifiedFolds(rows, classes, groups, count, random) };
}
