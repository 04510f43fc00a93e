/** What a data set is made of, by content: the sha256 of each example, and one of all in their order. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Digest, sha256 } from '../../core/digest.js';
import { forEachBounded } from '../../core/for-each-bounded.js';
import type { Example } from '../../data/dataset.js';

/** A file that can't be read now may be another one tomorrow: its name stands for it. */
const UNREADABLE = 'can not be read: ';

/** In the order of the examples. */
export async function exampleDigests(examples: readonly Example[], signal?: AbortSignal): Promise<Digest[]> {
  const digests: Digest[] = [];
  const digestAt = async ([index, example]: [number, Example]) => {
    digests[index] = await example.digest().catch(() => sha256(UNREADABLE + example.name));
  };
  await forEachBounded(examples.entries(), 2 * availableParallelism(), digestAt, signal);
  return digests;
}

/** One digest of all, in this order. */
export function dataDigest(digests: readonly Digest[]): Digest {
  const hash = createHash('sha256');
  for (const digest of digests) hash.update(digest);
  return hash.digest('hex') as Digest; // a hex sha256 by construction
}
