import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type Cache, openCache } from '../../src/cache/cache.js';
import { publishAll, type TestModel, testModel } from '../support/cache-models.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NET = { 'model.json': '{}', 'weights/group1.bin': 'the weights', 'weights/group2.bin': 'more weights' };

let cache: Cache;
let model: TestModel;
let folder: string;

beforeEach(async () => {
  cache = await openCache(await temporaryFolder('cache'));
  model = await testModel(NET);
  await publishAll(cache, model);
  folder = join(await temporaryFolder('to'), 'new', 'folder');
});

it('puts the files into a folder, beside what is there, and does nothing the second time', async () => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'notes.txt'), 'mine');
  expect(await cache.materialiseTo(folder, model.card)).toMatchObject({ written: 3, unchanged: 0 });
  for (const [path, content] of Object.entries(NET)) {
    expect(await readFile(join(folder, path), 'utf8')).toBe(content);
  }
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  const { ino } = await stat(join(folder, 'model.json'));
  expect(await cache.materialiseTo(folder, model.card)).toMatchObject({ written: 0, unchanged: 3 });
  expect((await stat(join(folder, 'model.json'))).ino).toBe(ino);
  expect((await readdir(folder)).sort()).toEqual(['model.json', 'notes.txt', 'weights']);
});

it('does not replace another file unless told, and then writes nothing at all', async () => {
  await mkdir(join(folder, 'weights'), { recursive: true });
  await writeFile(join(folder, 'weights', 'group2.bin'), 'MORE WEIGHTS'); // of the same size
  await expect(cache.materialiseTo(folder, model.card)).rejects.toMatchObject({
    code: 'FILE_SYSTEM',
    found: join(folder, 'weights', 'group2.bin'),
    hint: expect.stringContaining('--force'),
  });
  expect(await readdir(folder)).toEqual(['weights']);
  expect(await cache.materialiseTo(folder, model.card, { overwrite: true })).toMatchObject({ written: 3 });
  expect(await readFile(join(folder, 'weights', 'group2.bin'), 'utf8')).toBe('more weights');
});

it('never replaces a folder', async () => {
  await mkdir(join(folder, 'model.json'), { recursive: true });
  for (const overwrite of [false, true]) {
    await expect(cache.materialiseTo(folder, model.card, { overwrite })).rejects.toMatchObject({
      code: 'FILE_SYSTEM',
    });
  }
});

it('completes a folder that an interrupted run left', async () => {
  await cache.materialiseTo(folder, model.card);
  await rm(join(folder, 'weights'), { recursive: true });
  expect(await cache.materialiseTo(folder, model.card)).toMatchObject({ written: 2, unchanged: 1 });
});

it('says which file is not in the cache, and leaves no half of one', async () => {
  const other = await testModel({ 'model.json': '{}', 'absent.bin': 'absent' });
  await expect(cache.materialiseTo(folder, other.card)).rejects.toMatchObject({
    code: 'NOT_CACHED',
    message: expect.stringContaining('absent.bin'),
  });
  expect((await readdir(folder)).filter((name) => name !== 'model.json')).toEqual([]);
});

it('stops when it is aborted', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(cache.materialiseTo(folder, model.card, { signal })).rejects.toThrow('enough');
  expect(await readdir(folder)).toEqual([]);
});
