/** Names that are two files here and one on Windows or macOS. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCache } from '../../src/cache/cache.js';
import { materialiseTo } from '../../src/cache/materialise-to.js';
import { installModel, publishAll, publishBytes, testModel } from '../support/cache-models.js';
import { temporaryFolder } from '../support/temporary-folder.js';

it.each([
  ['model.json', 'MODEL.json'],
  ['a/weights.bin', 'A/weights.bin.txt/../x'],
  ['ﬁle.bin', 'file.bin'],
  ['weights', 'Weights/group1.bin'],
])('refuses a card with %s and %s even when nothing has checked it', async (first, second) => {
  const cache = await openCache(await temporaryFolder('twins'));
  const good = await testModel({ 'one.bin': '1', 'two.bin': '2' });
  await publishAll(cache, good);
  const paths = [first, second];
  const card = {
    ...good.card,
    files: good.card.files.map((file, index) => ({ ...file, path: paths[index] ?? '' })),
  };
  await expect(cache.install(card)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  const folder = await temporaryFolder('to');
  await expect(cache.materialiseTo(folder, card)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  expect(await readdir(folder)).toEqual([]);
  expect(await cache.list()).toEqual([]);
});

it.each(['../escape', '/absolute', 'C:evil', 'con', 'a/../../b'])('refuses the path %s', async (path) => {
  const cache = await openCache(await temporaryFolder('twins'));
  const blob = await publishBytes(cache, 'x');
  const file = { path, size: 1, sha256: (await testModel({ 'a.bin': 'x' })).card.files[0]?.sha256 };
  if (file.sha256 === undefined) throw new Error('no file');
  const files = [{ ...file, sha256: file.sha256 }];
  await expect(
    materialiseTo(await temporaryFolder('to'), 'card', files, async () => blob),
  ).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
});

it('refuses a version that differs from an installed one only in case', async () => {
  const cache = await openCache(await temporaryFolder('twins'));
  await installModel(cache, await testModel({ 'a.bin': '1' }, { version: '1.0.0-RC' }));
  const twin = await testModel({ 'a.bin': '2' }, { version: '1.0.0-rc' });
  await publishAll(cache, twin);
  await expect(cache.install(twin.card)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  expect((await cache.list()).map((model) => model.version)).toEqual(['1.0.0-RC']);
});

it('keeps a file of the user whose name differs only in case, where the disk can tell them apart', async () => {
  const cache = await openCache(await temporaryFolder('twins'));
  const model = await testModel({ 'model.json': '{}' });
  await publishAll(cache, model);
  const folder = await temporaryFolder('to');
  await writeFile(join(folder, 'MODEL.json'), 'mine');
  const outcome = await cache.materialiseTo(folder, model.card).then(
    () => 'written beside it',
    (error: unknown) => error,
  );
  const names = await readdir(folder);
  if (outcome === 'written beside it') expect(names.sort()).toEqual(['MODEL.json', 'model.json']);
  else {
    expect(outcome).toMatchObject({ code: 'FILE_SYSTEM' });
    expect(names).toEqual(['MODEL.json']);
  }
});
