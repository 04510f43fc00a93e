/** Parts to train on, to choose by and to test with; the same seed always gives the same parts. */
import { ZooError } from '../core/errors.js';
import { checkCount } from './check-number.js';
import type { Dataset, Example } from './dataset.js';
import { subset } from './make-dataset.js';
import { Random } from './random.js';
import { stratify } from './stratify.js';

export interface SplitOptions {
  /** Share of the examples, 0 … 1. Default 0.2. */
  readonly validation?: number | undefined;
  /** Share of the examples, 0 … 1. Default 0. */
  readonly test?: number | undefined;
  readonly seed: number;
  /**
   * sha256 of the examples, in their order: equal examples then never lie in two parts, since they would make results
   * look better than they are.
   */
  readonly digests?: readonly string[] | undefined;
}

export interface Split {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

/**
 * Every class is in each part by its share, within one example; at least one of it is trained on. Equal examples count as
 * one where digests are given. See `stratify` for regression and several labels. Examples keep their order. All parts know all labels.
 * @throws ZooError `USAGE` for shares that leave nothing to train on, and for bad seeds; `DATA` when a part that was
 *   asked for comes out empty.
 */
export function splitDataset(dataset: Dataset, options: SplitOptions): Split {
  const { validation = 0.2, test = 0, seed, digests } = options;
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new ZooError('USAGE', 'The shares of the parts make no sense', {
      expected: 'validation and test from 0, together less than 1',
      found: `${validation} and ${test}`,
    });
  }
  const shares = [1 - validation - test, validation, test];
  const parts = dealTogether(dataset.examples, digests, (examples) =>
    stratify(examples, shares, Random.seeded(seed, 'split'), true),
  );
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
  checkCount('folds', k, 2);
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

/** Deals one of each kind of equal examples, and gives the others the same part. */
function dealTogether(
  examples: readonly Example[],
  digests: readonly string[] | undefined,
  deal: (examples: readonly Example[]) => number[],
): number[] {
  if (digests === undefined) return deal(examples);
  if (digests.length !== examples.length) {
    throw new RangeError(`${digests.length} digests for ${examples.length} examples`);
  }
  const places = new Map<string, number>();
  const different = examples.filter((_, index) => {
    const digest = digests[index] ?? '';
    if (places.has(digest)) return false;
    places.set(digest, places.size);
    return true;
  });
  const parts = deal(different);
  return digests.map((digest) => parts[places.get(digest) ?? -1] ?? 0);
}

function pick(dataset: Dataset, parts: readonly number[], part: number): Dataset {
  return subset(
    dataset,
    dataset.examples.filter((_, index) => parts[index] === part),
  );
}
