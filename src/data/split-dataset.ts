/** Parts to train on, to choose by and to test with; the same seed always gives the same parts. */
import { ZooError } from '../core/errors.js';
import type { Dataset } from './dataset.js';
import { subset } from './make-dataset.js';
import { Random } from './random.js';
import { stratify } from './stratify.js';

export interface SplitOptions {
  /** Share of the examples, 0 … 1. Default 0.2. */
  readonly validation?: number | undefined;
  /** Share of the examples, 0 … 1. Default 0. */
  readonly test?: number | undefined;
  readonly seed: number;
}

export interface Split {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

/**
 * Every class is in each part by its share, within one example; at least one of it is trained on. See `stratify` for
 * regression and several labels. Examples keep their order. All parts know all labels.
 * @throws ZooError `USAGE` for shares that leave nothing to train on, and for bad seeds; `DATA` when a part that was
 *   asked for comes out empty.
 */
export function splitDataset(dataset: Dataset, { validation = 0.2, test = 0, seed }: SplitOptions): Split {
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new ZooError('USAGE', 'The shares of the parts make no sense', {
      expected: 'validation and test from 0, together less than 1',
      found: `${validation} and ${test}`,
    });
  }
  const shares = [1 - validation - test, validation, test];
  const parts = stratify(dataset.examples, shares, Random.seeded(seed, 'split'), true);
  const [train, validationPart, testPart] = shares.map((_, part) => pick(dataset, parts, part));
  if (train === undefined || validationPart === undefined || testPart === undefined)
    throw new Error('unreachable');
  for (const [name, share, part] of [
    ['training', 1, train],
    ['validation', validation, validationPart],
    ['test', test, testPart],
  ] as const) {
    if (share > 0 && part.examples.length === 0) {
      throw new ZooError('DATA', `${dataset.origin} is too small for a ${name} part`, {
        expected: `a share of ${share}`,
        found: `${dataset.examples.length} examples in ${dataset.labels.length} classes`,
        hint: 'Add examples, or judge by cross-validation.',
      });
    }
  }
  return { train, validation: validationPart, test: testPart };
}

/**
 * k pairs: each example is in the validation part of exactly one. Every class is spread within one example.
 * @param k 2 or more.
 * @throws ZooError `USAGE` for a bad k or seed; `DATA` when there are fewer examples than folds.
 */
export function folds(
  dataset: Dataset,
  k: number,
  seed: number,
): { readonly train: Dataset; readonly validation: Dataset }[] {
  if (!Number.isInteger(k) || k < 2) {
    throw new ZooError('USAGE', 'Not a number of folds', {
      expected: 'a whole number from 2',
      found: String(k),
    });
  }
  if (dataset.examples.length < k) {
    throw new ZooError('DATA', `${dataset.origin} has fewer examples than folds`, {
      expected: `${k} or more`,
      found: dataset.examples.length,
    });
  }
  const shares = new Array<number>(k).fill(1 / k);
  const parts = stratify(dataset.examples, shares, Random.seeded(seed, 'folds'), false);
  return shares.map((_, fold) => ({
    train: subset(
      dataset,
      dataset.examples.filter((_, index) => parts[index] !== fold),
    ),
    validation: pick(dataset, parts, fold),
  }));
}

function pick(dataset: Dataset, parts: readonly number[], part: number): Dataset {
  return subset(
    dataset,
    dataset.examples.filter((_, index) => parts[index] === part),
  );
}
