import { existsSync } from 'node:fs';
import { chmod, lstat, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FilePlacer } from '../../src/cache/place-file.js';
import { smallVolume } from '../support/small-volume.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function blobIn(folder: string, content = 'blob'): Promise<string> {
  const path = join(folder, 'blob');
  await writeFile(path, content);
  await chmod(path, 0o444);
  return path;
}

it('shares storage where it can, never by a symlink', async () => {
  const folder = await temporaryFolder('place');
  const blob = await blobIn(folder);
  const method = await new FilePlacer().place(blob, join(folder, 'placed'));
  const placed = await lstat(join(folder, 'placed'));
  expect(placed.isFile()).toBe(true);
  expect(placed.mode & 0o222).toBe(0);
  expect(['reflink', 'link']).toContain(method);
  if (method === 'link') expect(placed.ino).toBe((await stat(blob)).ino);
});

it('copies to another volume, and tries what was refused only once', async (test) => {
  const volume = await smallVolume('size=1m');
  if (volume === undefined) return test.skip('only root can make a second volume');
  try {
    const blob = await blobIn(await temporaryFolder('place'));
    const placer = new FilePlacer();
    for (const name of ['one', 'two']) {
      expect(await placer.place(blob, join(volume.path, name))).toBe('copy');
      expect(await readFile(join(volume.path, name), 'utf8')).toBe('blob');
      expect((await stat(join(volume.path, name))).mode & 0o222).toBe(0);
    }
  } finally {
    volume.unmount();
  }
});

it('leaves nothing behind when the disk fills', async (test) => {
  const volume = await smallVolume('size=64k');
  if (volume === undefined) return test.skip('only root can make a small volume');
  try {
    const blob = await blobIn(await temporaryFolder('place'), 'x'.repeat(200_000));
    const target = join(volume.path, 'placed');
    await expect(new FilePlacer().place(blob, target)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(existsSync(target)).toBe(false);
  } finally {
    volume.unmount();
  }
});

it('does not touch a file that is already there', async () => {
  const folder = await temporaryFolder('place');
  const blob = await blobIn(folder);
  await writeFile(join(folder, 'mine'), 'mine');
  for (const method of ['reflink', 'link', 'copy'] as const) {
    await expect(new FilePlacer([method]).place(blob, join(folder, 'mine'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(EEXIST|ENOTSUP|EOPNOTSUPP|EINVAL|ENOSYS)$/),
    });
    expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('mine');
  }
});
