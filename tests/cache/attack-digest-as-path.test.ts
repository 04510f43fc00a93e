/** A digest that is no digest never reaches the file system (CVE-2024-37032, CVE-2026-7020 of another tool). */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openCache } from '../../src/cache/cache.js';
import type { Digest } from '../../src/core/digest.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const GOOD = 'a'.repeat(64);
const BAD = [
  '',
  'a'.repeat(63),
  'a'.repeat(65),
  GOOD.toUpperCase(),
  `sha256:${GOOD}`,
  `../${GOOD}`,
  `../../${'b'.repeat(58)}`,
  `..\\${'b'.repeat(61)}`,
  `/etc/${'c'.repeat(59)}`,
  `${'d'.repeat(63)}\0`,
  `${GOOD}\n`,
  `${'e'.repeat(32)}/${'e'.repeat(31)}`,
  `${'１'.repeat(64)}`,
];

async function openWithBait() {
  const home = await temporaryFolder('attack');
  await writeFile(join(home, GOOD), 'outside the cache');
  return openCache(join(home, 'cache'));
}

/** What plain JavaScript or a cast could pass. */
function disguised(text: string): Digest {
  return text as Digest;
}

it.each(BAD)('refuses %j everywhere', async (text) => {
  const cache = await openWithBait();
  const digest = disguised(text);
  const part = join(cache.partialFolder, 'x.part');
  await writeFile(part, 'bytes');
  const refusal = { code: 'INTEGRITY', message: 'Not a sha256 digest' };
  await expect(cache.has(digest, 17)).rejects.toMatchObject(refusal);
  await expect(cache.findBlob(digest, 17)).rejects.toMatchObject(refusal);
  await expect(cache.publish(part, digest, 5)).rejects.toMatchObject(refusal);
  await expect(cache.quarantine(digest)).rejects.toMatchObject(refusal);
  expect(() => cache.blobPath(digest)).toThrow(/Not a sha256 digest/);
  expect(await readdir(cache.partialFolder)).toEqual(['x.part']);
});

it('lets a path through for 64 lower-case hex digits only', async () => {
  const cache = await openWithBait();
  const nearly = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF./\\:\0 g'), maxLength: 70 });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
      fc.pre(!/^[0-9a-f]{64}$/.test(text));
      expect(() => cache.blobPath(disguised(text))).toThrow(/Not a sha256 digest/);
    }),
  );
});
