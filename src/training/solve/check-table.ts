/** Refusals before a head is fitted. */
import { ZooError } from '../../core/errors.js';
import { checkCount } from '../../data/check-number.js';
import { fewOf } from '../../data/few-of.js';
import type { Head } from '../../transfer/heads/head.js';
import type { FitOptions, LabelledFeatures } from './fit-options.js';

/** @throws ZooError `DATA` for features that are no table or no finite numbers. */
export function checkFeatures({ names, features, width }: LabelledFeatures): void {
  if (names.length === 0) {
    throw new ZooError('DATA', 'There are no examples to learn from', { expected: 'at least one example' });
  }
  if (width < 1 || features.length !== names.length * width) {
    throw new ZooError('DATA', 'Features and examples do not belong together', {
      expected: `${names.length} x ${width} numbers`,
      found: features.length,
    });
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new ZooError('DATA', `A feature of ${names[Math.floor(bad / width)]} is not a finite number`, {
    found: `${features[bad]} in place ${bad % width}`,
    hint: 'Look at this example: silence, an empty picture or a damaged file can give such features.',
  });
}

/** @throws ZooError `DATA` for labels without an example. @param targets [examples, outputs]. */
export function checkClasses(head: Head, targets: Float64Array): void {
  if (head.task === 'regression') return;
  const counts = new Float64Array(head.outputs);
  targets.forEach((target, at) => {
    counts[at % head.outputs] = (counts[at % head.outputs] ?? 0) + target;
  });
  const empty = head.labels.filter((_, index) => counts[index] === 0);
  if (empty.length > 0) {
    throw new ZooError('DATA', 'Labels without a single example can not be learnt', {
      expected: 'at least one example of each label',
      found: `none of ${fewOf(empty, 10)}`,
      hint: 'Add examples, or leave these labels out.',
    });
  }
}

/** @throws ZooError `USAGE` for options that make no sense, together or alone. */
export function checkOptions(head: Head, options: FitOptions, examples: number): void {
  const { c, grid, folds, groups, solver } = options;
  const strengths = [...(typeof c === 'number' ? [c] : []), ...(grid ?? [])];
  if (strengths.some((value) => !(value > 0 && Number.isFinite(value))) || grid?.length === 0) {
    throw new ZooError('USAGE', 'Not a value for C', {
      expected: 'numbers above 0',
      found: strengths.join(', ') || 'none',
    });
  }
  if (folds !== undefined) checkCount('folds', folds, 2);
  if (groups !== undefined && groups.length !== examples) {
    throw new ZooError('USAGE', 'Groups and examples do not belong together', {
      expected: examples,
      found: groups.length,
    });
  }
  if (solver === 'lbfgs' && head.fitting.by !== 'linear') {
    throw new ZooError('USAGE', `L-BFGS fits linear heads, and this is a ${head.kind} head`, {
      hint: head.fitting.by === 'gradients' ? 'Use Adam or SGD.' : 'It needs no solver.',
    });
  }
}
