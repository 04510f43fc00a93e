/**
 * One of several machines' part of a data set. A part is whole blocks in a row, so that every batch of the network is
 * made of the same examples as on one machine and gives the same bytes.
 */
import { ZooError } from '../../core/errors.js';

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** More machines than this are a typing error. */
const MAX_SHARDS = 100_000;

/**
 * Reads `I/N`.
 * @throws ZooError `USAGE` unless 1 <= I <= N.
 */
export function parseShard(text: string): Shard {
  const [, index, count] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count || count > MAX_SHARDS) {
    throw new ZooError('USAGE', 'Not a shard', {
      expected: 'I/N with I from 1 to N, such as 2/8',
      found: text,
      hint: 'Schedulers that count from 0 (a Kubernetes indexed job) need I + 1.',
    });
  }
  return { index, count };
}

export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** The shard's blocks of `blocks`: from the first, up to and without the second. Sizes differ by one at most. */
export function shardBlocks({ index, count }: Shard, blocks: number): readonly [number, number] {
  return [Math.floor(((index - 1) * blocks) / count), Math.floor((index * blocks) / count)];
}
