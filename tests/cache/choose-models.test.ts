import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Candidate, chooseModels, digestsOf } from '../../src/cache/choose-models.js';
import { type Digest, sha256 } from '../../src/core/digest.js';

/** Eight blobs to share; their sizes grow. */
const BLOBS = Array.from({ length: 8 }, (_, index) => sha256(`blob ${index}`));
const SIZES = new Map(BLOBS.map((digest, index) => [digest, 10 ** 3 * (index + 1)]));

const model = fc
  .record({
    id: fc.nat(),
    blobs: fc.subarray(BLOBS, { minLength: 1 }),
    day: fc.integer({ min: 1, max: 28 }),
  })
  .map(
    ({ id, blobs, day }): Candidate => ({
      digest: sha256(`manifest ${id}`),
      card: sha256(`card ${id}`),
      files: blobs.map((digest) => ({ path: `${digest}.bin`, size: SIZES.get(digest) ?? 0, sha256: digest })),
      lastUse: new Date(Date.UTC(2026, 0, day)).toISOString(),
    }),
  );
const models = fc.uniqueArray(model, { selector: ({ digest }) => digest, maxLength: 12 });

function bytesOf(some: readonly Candidate[], pinned: ReadonlySet<Digest>): number {
  const digests = new Set([...pinned, ...some.flatMap((one) => [...digestsOf(one)])]);
  return [...digests].reduce((sum, digest) => sum + (SIZES.get(digest) ?? 0), 0);
}

it('drops the least recently used until the rest fits, and not one more', () => {
  fc.assert(
    fc.property(
      models,
      fc.nat(40_000),
      fc.subarray(BLOBS),
      fc.func(fc.boolean()),
      (all, maxSize, pins, draw) => {
        const isProtected = ({ digest }: Candidate) => draw(digest);
        const pinned = new Set(pins);
        const dropped = chooseModels(all, { maxSize, sizes: SIZES, pinned, isProtected });
        const stay = all.filter((one) => !dropped.includes(one));
        expect(dropped.some(isProtected)).toBe(false);
        const free = stay.filter((one) => !isProtected(one));
        // What stays fits, unless everything that could go has gone.
        if (bytesOf(stay, pinned) > maxSize) expect(free).toEqual([]);
        // Without the last one dropped it would not have fitted.
        const last = dropped.at(-1);
        if (last !== undefined) expect(bytesOf([...stay, last], pinned)).toBeGreaterThan(maxSize);
        for (const gone of dropped) for (const kept of free) expect(gone.lastUse <= kept.lastUse).toBe(true);
      },
    ),
  );
});

it('drops what was not used since a time, and nothing that was', () => {
  fc.assert(
    fc.property(models, fc.integer({ min: 1, max: 29 }), (all, day) => {
      const unusedSince = new Date(Date.UTC(2026, 0, day));
      const dropped = chooseModels(all, {
        unusedSince,
        sizes: SIZES,
        pinned: new Set(),
        isProtected: () => false,
      });
      expect(new Set(dropped)).toEqual(new Set(all.filter((one) => new Date(one.lastUse) < unusedSince)));
    }),
  );
});

it('drops nothing without a limit', () => {
  fc.assert(
    fc.property(models, (all) => {
      expect(chooseModels(all, { sizes: SIZES, pinned: new Set(), isProtected: () => false })).toEqual([]);
    }),
  );
});
