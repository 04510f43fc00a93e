import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import {
  isTemporaryName,
  renameWithRetry,
  retryWhileHeld,
  syncFolder,
  temporaryName,
  writeFileAtomic,
} from '../../src/core/atomic-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

it('shows readers the old content or the new, never a part', async () => {
  const path = join(await temporaryFolder('atomic'), 'file');
  const contents = ['a', 'b', 'c'].map((letter) => letter.repeat(200_000));
  await writeFileAtomic(path, contents[0] ?? '');
  let writing = true;
  const reader = (async () => {
    const seen = new Set<string>();
    while (writing) seen.add(await readFile(path, 'utf8'));
    return seen;
  })();
  for (let round = 0; round < 30; round++) {
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
  }
  writing = false;
  for (const seen of await reader) expect(contents).toContain(seen);
  expect(await readdir(dirname(path))).toEqual(['file']);
});

it('gives the mode asked for', async () => {
  const path = join(await temporaryFolder('atomic'), 'secret');
  await writeFileAtomic(path, 'token', { mode: 0o600 });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('removes its temporary file and keeps the target when it fails', async () => {
  const folder = await temporaryFolder('atomic');
  await mkdir(join(folder, 'taken'));
  await writeFile(join(folder, 'taken', 'x'), 'x');
  await expect(writeFileAtomic(join(folder, 'taken'), 'data')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['taken']);
  await expect(writeFileAtomic(join(folder, 'none', 'file'), 'data')).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

it('knows its own temporary names, however long the name is', () => {
  for (const name of ['ref.json', 'a'.repeat(255), '.hidden', 'x']) {
    const temporary = temporaryName(join('/somewhere', name));
    expect(dirname(temporary)).toBe('/somewhere');
    expect(isTemporaryName(basename(temporary))).toBe(true);
    expect(basename(temporary).length).toBeLessThan(130);
    expect(temporaryName(join('/somewhere', name))).not.toBe(temporary);
  }
  for (const name of ['1.0.0', '.git', 'x.tmp', '.x.tmp']) expect(isTemporaryName(name)).toBe(false);
});

it('waits on Windows until another program lets go of the file', async () => {
  let tries = 0;
  const held = async () => {
    tries += 1;
    if (tries < 4) throw Object.assign(new Error('held'), { code: ['EPERM', 'EBUSY', 'EACCES'][tries - 1] });
    return 'done';
  };
  expect(await retryWhileHeld(held, 'win32')).toBe('done');
  expect(tries).toBe(4);
});

it('does not repeat what no waiting helps', async () => {
  const failing = (code: string) => {
    const calls = { count: 0 };
    const run = async () => {
      calls.count += 1;
      throw Object.assign(new Error(code), { code });
    };
    return { calls, run };
  };
  const full = failing('ENOSPC');
  await expect(retryWhileHeld(full.run, 'win32')).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(full.calls.count).toBe(1);
  const elsewhere = failing('EPERM');
  await expect(retryWhileHeld(elsewhere.run, 'linux')).rejects.toMatchObject({ code: 'EPERM' });
  expect(elsewhere.calls.count).toBe(1);
});

it('renames and syncs real folders', async () => {
  const folder = await temporaryFolder('atomic');
  await writeFile(join(folder, 'from'), 'x');
  await renameWithRetry(join(folder, 'from'), join(folder, 'to'));
  await syncFolder(folder);
  expect(await readdir(folder)).toEqual(['to']);
  await expect(syncFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
