/**
 * Chance variations of the examples as examples of their own, so that their features are computed once and cached like
 * any others. The same seed gives the same copies, whatever their order, name or number.
 */
import { sha256 } from '../../core/digest.js';
import { ZooError } from '../../core/errors.js';
import type { Dataset, Example } from '../../data/dataset.js';
import { Random } from '../../data/random.js';
import { type Variation, vary } from './vary.js';

export interface CopyOptions extends Variation {
  /** Copies of each example besides the example itself, 0 to 100. */
  readonly copies: number;
  /** A whole number, 0 or more. */
  readonly seed: number;
}

const MAX_COPIES = 100;
/** Changes when the same seed would give other copies. */
const VERSION = 1;

/**
 * Each example followed by its copies, which have its labels and `#1`, `#2` … behind its name. Only for data to train
 * with: copies of one picture on both sides of a split would give the answers away.
 * @throws ZooError `USAGE` for a number of copies or a seed out of range; `DATA` for texts, which have no such copies.
 */
export function withCopies(dataset: Dataset, options: CopyOptions): Dataset {
  const { copies, seed } = options;
  if (!Number.isInteger(copies) || copies < 0 || copies > MAX_COPIES) {
    throw new ZooError('USAGE', 'Not a number of copies', { expected: `0 to ${MAX_COPIES}`, found: copies });
  }
  if (copies === 0) return dataset;
  if (dataset.modality === 'text') {
    throw new ZooError('DATA', 'Texts have no augmented copies', { expected: 'pictures or recordings' });
  }
  const rule = JSON.stringify({ version: VERSION, image: options.image, audio: options.audio });
  const copyOf = (example: Example, copy: number): Example => ({
    ...example,
    name: `${example.name}#${copy}`,
    // By content and not by place: a data set that grows keeps the copies that it had.
    load: async (signal) =>
      vary(
        await example.load(signal),
        Random.seeded(seed, `copy ${copy} of ${await example.digest()}`),
        options,
      ),
    digest: async () => sha256(`copy ${copy} of ${await example.digest()} seed ${seed} ${rule}`),
  });
  const examples = dataset.examples.flatMap((example) => [
    example,
    ...Array.from({ length: copies }, (_, index) => copyOf(example, index + 1)),
  ]);
  return { ...dataset, examples };
}

/**
 * Which rows of a table belong together: an example, its copies, and examples with the same bytes.
 * @param varied what `withCopies` gave for this number of copies.
 * @param digests of the examples without copies, in their order.
 * @param names of the rows that could be read, in order.
 * @returns one value a row; undefined where every row stands for itself.
 */
export function rowGroups(
  varied: Dataset,
  copies: number,
  digests: readonly string[],
  names: readonly string[],
): string[] | undefined {
  if (copies === 0 && new Set(digests).size === digests.length) return undefined;
  const groups = new Map(
    varied.examples.map(({ name }, row) => [name, digests[Math.floor(row / (copies + 1))]]),
  );
  return names.map((name) => groups.get(name) ?? name);
}
