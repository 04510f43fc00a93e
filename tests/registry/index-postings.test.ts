import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK, SCHEMA } from '../../src/registry/index-format.js';
import { Group, PostingsReader, PostingsWriter } from '../../src/registry/index-postings.js';
import { Database } from '../../src/registry/sqlite.js';

/** Ranks of each term, written and opened again. */
function written(lists: readonly (readonly number[])[], models: number): PostingsReader {
  const database = new Database(':memory:');
  database.exec(SCHEMA);
  const writer = new PostingsWriter(database);
  const pairs = lists.flatMap((ranks, term) => ranks.map((rank) => [rank, term] as const));
  for (const [rank, term] of pairs.sort(([a], [b]) => a - b)) writer.add(rank, term);
  writer.flush();
  return new PostingsReader(database, models);
}

const MODELS = 3 * BLOCK;
const sparse = fc.uniqueArray(fc.integer({ min: 1, max: MODELS }), { maxLength: 40 });
/** Every n-th model: as a bitmap where n is small. */
const dense = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(50))
  .map(([step, start]) =>
    Array.from({ length: Math.floor((MODELS - start) / step) }, (_, n) => start + 1 + n * step),
  );

describe('posting lists', () => {
  it('intersect unions as sets do', () => {
    const lists = fc.array(fc.oneof(sparse, dense), { minLength: 3, maxLength: 5 });
    const groups = fc.array(fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(lists, groups, (lists, groups) => {
        const unions = groups.map((terms) => new Set(terms.flatMap((term) => lists[term] ?? [])));
        const expected = [...(unions[0] ?? [])]
          .filter((rank) => unions.every((set) => set.has(rank)))
          .sort((a, b) => a - b);
        const reader = written(lists, MODELS);
        const asked = groups.map((terms) => new Group(terms));
        expect([...reader.intersect(asked)]).toEqual(expected);
        for (const rank of [1, BLOCK, BLOCK + 1, MODELS, ...expected.slice(0, 20)]) {
          expect(reader.has(asked, rank)).toBe(unions.every((set) => set.has(rank)));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keep a model at most once, at both ends of a block', () => {
    const reader = written([[BLOCK - 1, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK]], 2 * BLOCK);
    expect([...reader.intersect([new Group([0])])]).toEqual([BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK]);
  });

  it('give nothing for a term that nobody has', () => {
    const reader = written([[5]], 10);
    expect([...reader.intersect([new Group([0]), new Group([7])])]).toEqual([]);
  });
});
