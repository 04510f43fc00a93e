import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PlaceFolderOptions, placeFolder } from '../../src/core/place-folder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Anything may be replaced, when it is said. */
const options: PlaceFolderOptions = {
  mayReplace: async (folder, _, overwrite) => {
    if (!overwrite) throw new Error(`${folder} is there`);
  },
};
const write = (text: string) => async (folder: string) => {
  await writeFile(join(folder, 'text'), text);
  return text.length;
};

describe('placeFolder', () => {
  it('makes a folder with its parents, and takes an empty one', async () => {
    const root = await temporaryFolder('place');
    const folder = join(root, 'a', 'b');
    expect(await placeFolder(folder, write('one'), options)).toBe(3);
    expect(await readFile(join(folder, 'text'), 'utf8')).toBe('one');
    await mkdir(join(root, 'empty'));
    await placeFolder(join(root, 'empty'), write('two'), options);
    expect(await readdir(join(root, 'empty'))).toEqual(['text']);
  });

  it('replaces only what may be replaced, and then nothing of it stays', async () => {
    const folder = join(await temporaryFolder('place'), 'there');
    await mkdir(folder);
    await writeFile(join(folder, 'old'), '');
    await expect(placeFolder(folder, write('new'), options)).rejects.toThrow('is there');
    expect(await readdir(folder)).toEqual(['old']);
    await placeFolder(folder, write('new'), { ...options, overwrite: true });
    expect(await readdir(folder)).toEqual(['text']);
  });

  it('leaves what was there when writing fails, and nothing beside it', async () => {
    const root = await temporaryFolder('place');
    const folder = join(root, 'there');
    await placeFolder(folder, write('old'), options);
    const failing = async () => {
      throw new Error('no more space');
    };
    await expect(placeFolder(folder, failing, { ...options, overwrite: true })).rejects.toThrow('no more');
    expect(await readFile(join(folder, 'text'), 'utf8')).toBe('old');
    expect(await readdir(root)).toEqual(['there']);
  });

  it('does not replace what another has put there meanwhile', async () => {
    const folder = join(await temporaryFolder('place'), 'there');
    const slow = async (temporary: string) => {
      await placeFolder(folder, write('theirs'), options);
      return write('ours')(temporary);
    };
    await expect(placeFolder(folder, slow, options)).rejects.toThrow('is there');
    expect(await readFile(join(folder, 'text'), 'utf8')).toBe('theirs');
  });

  it('keeps a link to a folder, and refuses a file', async () => {
    const root = await temporaryFolder('place');
    await mkdir(join(root, 'real'));
    await symlink('real', join(root, 'link'));
    await placeFolder(join(root, 'link'), write('through'), options);
    expect(await readlink(join(root, 'link'))).toBe('real');
    expect(await readdir(join(root, 'real'))).toEqual(['text']);
    await writeFile(join(root, 'file'), '');
    await expect(placeFolder(join(root, 'file'), write('x'), options)).rejects.toMatchObject({
      code: 'FILE_SYSTEM',
    });
  });
});
