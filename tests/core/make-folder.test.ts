import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/core/make-folder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe('makeFolder', () => {
  it('makes what is missing, and is content with what is there', async () => {
    const path = join(await temporaryFolder(), 'a', 'b', 'c');
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(path, 'd'))]);
    await makeFolder(path);
    expect((await stat(join(path, 'd'))).isDirectory()).toBe(true);
  });

  it('is content when somebody else makes the same folders at the same time', async () => {
    const root = await temporaryFolder();
    for (let round = 0; round < 100; round++) {
      const path = join(root, String(round), 'blobs', 'sha256');
      await Promise.all(Array.from({ length: 16 }, () => makeFolder(path)));
      expect((await stat(path)).isDirectory()).toBe(true);
    }
  });

  it('does not take a file for a folder', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(file, 'inner'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  // Node's recursive mkdir never ends here.
  it.runIf(existsSync('/proc/self'))('gives up where the file system has no such places', async () => {
    await expect(makeFolder('/proc/neuralzoo/blobs/sha256')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
