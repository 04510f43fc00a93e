/**
 * Folds for cross-validation: examples that belong together (augmented copies of one picture, windows of one
 * recording) are never on both sides, and each fold has its share of every class.
 */
import type { Random } from '../../data/random.js';

export interface FoldPlan {
  /** The fold that each row is held out in, from 0. */
  readonly folds: Int32Array;
  readonly count: number;
}

/** An example, or several that belong together. */
interface Group {
  readonly rows: number[];
  /** Of its first row; -1 without classes. */
  readonly class: number;
}

/**
 * Deals the groups of each class out over the folds, in random order; each class goes on with the fold after the one
 * where the class before it ended, so that folds are equally large within one group.
 * @param classes one a row; undefined where there are none, which makes plain folds.
 * @param groups equal values belong together; undefined where every row stands for itself.
 * @param count at least 2; fewer folds come out where there are fewer groups.
 */
export function stratifiedFolds(
  rows: number,
  classes: Int32Array | undefined,
  groups: readonly (number | string)[] | undefined,
  count: number,
  random: Random,
): FoldPlan {
  const byClass = new Map<number, Group[]>();
  const all = groupRows(rows, classes, groups);
  for (const group of all) {
    const list = byClass.get(group.class);
    if (list === undefined) byClass.set(group.class, [group]);
    else list.push(group);
  }
  const used = Math.min(count, all.length);
  const folds = new Int32Array(rows);
  let next = 0;
  for (const key of [...byClass.keys()].sort((a, b) => a - b)) {
    for (const group of random.shuffled(byClass.get(key) ?? [])) {
      for (const row of group.rows) folds[row] = next;
      next = (next + 1) % used;
    }
  }
  return { folds, count: used };
}

/** Each group is a fold of its own. */
export function leaveOneOut(rows: number, groups: readonly (number | string)[] | undefined): FoldPlan {
  const folds = new Int32Array(rows);
  const all = groupRows(rows, undefined, groups);
  all.forEach((group, fold) => {
    for (const row of group.rows) folds[row] = fold;
  });
  return { folds, count: all.length };
}

/** How many groups each class has. */
export function groupsByClass(
  rows: number,
  classes: Int32Array,
  groups: readonly (number | string)[] | undefined,
): Map<number, number> {
  const counts = new Map<number, number>();
  for (const group of groupRows(rows, classes, groups)) {
    counts.set(group.class, (counts.get(group.class) ?? 0) + 1);
  }
  return counts;
}

function groupRows(
  rows: number,
  classes: Int32Array | undefined,
  groups: readonly (number | string)[] | undefined,
): Group[] {
  const found = new Map<number | string, Group>();
  for (let row = 0; row < rows; row++) {
    const key = groups?.[row] ?? row;
    const group = found.get(key);
    if (group === undefined) found.set(key, { rows: [row], class: classes?.[row] ?? -1 });
    else group.rows.push(row);
  }
  return [...found.values()];
}
