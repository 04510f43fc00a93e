import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDigest, sha256, sha256OfFile } from '../../src/core/digest.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('digests', () => {
  it('are read with and without the algorithm in front', () => {
    expect(parseDigest(`sha256:${EMPTY}`)).toBe(EMPTY);
    expect(parseDigest(EMPTY)).toBe(EMPTY);
  });

  it.each([
    '',
    'sha256:',
    EMPTY.toUpperCase(),
    EMPTY.slice(1),
    `${EMPTY}0`,
    `../${EMPTY.slice(3)}`,
    `${EMPTY}\n`,
    `sha512:${EMPTY}`,
    `sha256:sha256:${EMPTY}`,
    `${EMPTY.slice(0, 63)}\u0000`,
  ])('refuse %j', (text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'INTEGRITY' }));
  });

  it('of a file equal those of its bytes', async () => {
    const bytes = Buffer.alloc(3_000_000, 'zoo');
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, bytes);
    expect(await sha256OfFile(file)).toBe(sha256(bytes));
    expect(sha256('')).toBe(EMPTY);
  });

  it('stop when told to', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, Buffer.alloc(100));
    await expect(sha256OfFile(file, AbortSignal.abort())).rejects.toThrow('abort');
  });
});
