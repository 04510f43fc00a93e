import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { LOCK_FILE, type LockEntry, readLock, saveToLock } from '../../src/zoo/lockfile.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

const entry = (version = '1.0.0', more: Partial<LockEntry> = {}): LockEntry => ({
  reference: 'a',
  version,
  digest: sha256(version),
  license: 'MIT',
  ...more,
});

async function written(text: string): Promise<string> {
  const folder = await temporaryFolder('lock');
  await writeFile(join(folder, LOCK_FILE), text);
  return folder;
}

describe('saveToLock', () => {
  it('keeps what is there, replaces what is named and sorts the names', async () => {
    const folder = await temporaryFolder('lock');
    await saveToLock(folder, { 'text/b': entry(), 'image/z': entry() });
    await saveToLock(folder, { 'audio/c': entry(), 'text/b': entry('2.0.0') });
    const lock = await readLock(folder);
    expect(Object.keys(lock?.models ?? {})).toEqual(['audio/c', 'image/z', 'text/b']);
    expect(lock?.models['text/b']?.version).toBe('2.0.0');
    const text = await readFile(join(folder, LOCK_FILE), 'utf8');
    // One value a line, so that two people's changes merge.
    expect(text).toMatch(/^\{\n {2}"lockfileVersion": 1,\n {2}"models": \{\n {4}"audio\/c": \{\n/);
    expect(text.endsWith('}\n')).toBe(true);
    expect(await readdir(folder)).toEqual([LOCK_FILE]);
  });

  it('reads back what it wrote, in whatever order it was saved', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^(image|audio|text|dataset)\/[a-z][a-z0-9-]{0,9}$/), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(names, fc.boolean(), async (chosen, allow) => {
        const folder = await temporaryFolder('lock');
        const models = Object.fromEntries(
          chosen.map((name, index) => [
            name,
            entry(`${index}.0.0`, allow ? { allowedLicenses: ['CC-BY-NC-4.0'], origin: 'file:x.json' } : {}),
          ]),
        );
        for (const [name, value] of Object.entries(models)) await saveToLock(folder, { [name]: value });
        expect(await readLock(folder)).toEqual({ lockfileVersion: 1, models });
        const text = await readFile(join(folder, LOCK_FILE), 'utf8');
        const reversed = await temporaryFolder('lock');
        for (const [name, value] of Object.entries(models).reverse()) {
          await saveToLock(reversed, { [name]: value });
        }
        expect(await readFile(join(reversed, LOCK_FILE), 'utf8')).toBe(text);
      }),
      { numRuns: 20 },
    );
  });

  it('does not replace a lock file that it can not read', async () => {
    const folder = await written('<<<<<<< ours\n');
    await thrownBy(() => saveToLock(folder, { 'image/a': entry() }));
    expect(await readFile(join(folder, LOCK_FILE), 'utf8')).toBe('<<<<<<< ours\n');
  });
});

describe('readLock', () => {
  it('is undefined where there is none', async () => {
    expect(await readLock(await temporaryFolder('lock'))).toBeUndefined();
  });

  const models = (change: object) =>
    JSON.stringify({ lockfileVersion: 1, models: { 'image/a': { ...entry(), ...change } } });

  it.each([
    ['garbage', 'not json'],
    ['nothing', ''],
    ['another version', JSON.stringify({ lockfileVersion: 2, models: {} })],
    ['no models', JSON.stringify({ lockfileVersion: 1 })],
    ['an entry without a digest', models({ digest: undefined })],
    ['an empty digest', models({ digest: '' })],
    ['a shortened digest', models({ digest: sha256('x').slice(0, 40) })],
    ['a digest of another kind', models({ digest: `sha512:${sha256('x')}` })],
    ['a field that it does not know', models({ integrity: 'sha512-x' })],
    ['no licence', models({ license: undefined })],
  ])('fails on %s', async (_, text) => {
    const folder = await written(text);
    expect(await thrownBy(() => readLock(folder))).toMatchObject({ code: 'LOCK_MISMATCH', exitCode: 4 });
  });

  it('says so when it may not be read', async () => {
    const folder = await temporaryFolder('lock');
    await mkdir(join(folder, LOCK_FILE));
    expect(await thrownBy(() => readLock(folder))).toMatchObject({ code: 'FILE_SYSTEM' });
  });
});
