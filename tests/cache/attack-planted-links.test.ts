/** Links that somebody planted in the cache or in the folder of `--to` don't lead our writes elsewhere. */
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type Cache, openCache } from '../../src/cache/cache.js';
import { sha256 } from '../../src/core/digest.js';
import { installModel, publishAll, type TestModel, testModel } from '../support/cache-models.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NET = { 'model.json': '{"layers":[]}', 'weights/group1.bin': 'the weights' };

let cache: Cache;
let model: TestModel;
let victim: string;

beforeEach(async () => {
  const home = await temporaryFolder('attack');
  cache = await openCache(join(home, 'cache'));
  model = await testModel(NET);
  victim = join(home, 'victim');
  await mkdir(victim);
  await writeFile(join(victim, 'model.json'), 'precious');
});

async function expectVictimUntouched() {
  expect(await readdir(victim)).toEqual(['model.json']);
  expect(await readFile(join(victim, 'model.json'), 'utf8')).toBe('precious');
}

it.each(['models', 'models/image', 'models/image/tiny-net', 'refs/image', 'last-use/image'])(
  'refuses to install through a link at %s',
  async (path) => {
    await publishAll(cache, model);
    await mkdir(dirname(join(cache.root, path)), { recursive: true });
    await symlink(victim, join(cache.root, path));
    await expect(cache.install(model.card)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    await expectVictimUntouched();
  },
);

it('replaces a link at the place of the model folder itself', async () => {
  await publishAll(cache, model);
  const folder = join(cache.root, 'models', 'image', 'tiny-net', '1.0.0');
  await mkdir(dirname(folder), { recursive: true });
  await symlink(victim, folder);
  await cache.install(model.card);
  expect((await lstat(folder)).isDirectory()).toBe(true);
  expect(await readFile(join(folder, 'model.json'), 'utf8')).toBe(NET['model.json']);
  await expectVictimUntouched();
});

it('builds anew a folder in which a file or a folder has become a link', async () => {
  const installed = await installModel(cache, model);
  await rm(join(installed.folder, 'model.json'));
  await writeFile(join(victim, 'same-size'), NET['model.json']);
  await symlink(join(victim, 'same-size'), join(installed.folder, 'model.json'));
  await cache.path(installed);
  expect((await lstat(join(installed.folder, 'model.json'))).isFile()).toBe(true);

  await mkdir(join(victim, 'weights'));
  await writeFile(join(victim, 'weights', 'group1.bin'), 'THE WEIGHTS');
  await rm(join(installed.folder, 'weights'), { recursive: true });
  await symlink(join(victim, 'weights'), join(installed.folder, 'weights'));
  await cache.path(installed);
  expect(await readFile(join(installed.folder, 'weights', 'group1.bin'), 'utf8')).toBe('the weights');
});

it('takes no link for a blob', async () => {
  const secret = join(victim, 'secret');
  await writeFile(secret, 'the weights');
  await symlink(secret, cache.blobPath(sha256('the weights')));
  expect(await cache.has(sha256('the weights'), 11)).toBe(false);
});

it('removes the link and not what it leads to', async () => {
  const installed = await installModel(cache, model);
  await rm(installed.folder, { recursive: true });
  await symlink(victim, installed.folder);
  await cache.remove(installed);
  expect(existsSync(installed.folder)).toBe(false);
  await expectVictimUntouched();
});

it('refuses a link inside the folder of --to, before anything is written', async () => {
  await publishAll(cache, model);
  const folder = await temporaryFolder('to');
  await symlink(victim, join(folder, 'weights'));
  for (const overwrite of [false, true]) {
    await expect(cache.materialiseTo(folder, model.card, { overwrite })).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
    });
  }
  expect(await readdir(folder)).toEqual(['weights']);
  await expectVictimUntouched();
});

it('never writes through a link at the place of a file of --to', async () => {
  await publishAll(cache, model);
  const folder = await temporaryFolder('to');
  await symlink(join(victim, 'model.json'), join(folder, 'model.json'));
  await expect(cache.materialiseTo(folder, model.card)).rejects.toMatchObject({ code: 'FILE_SYSTEM' });
  await cache.materialiseTo(folder, model.card, { overwrite: true });
  expect((await lstat(join(folder, 'model.json'))).isFile()).toBe(true);
  expect(await readFile(join(folder, 'model.json'), 'utf8')).toBe(NET['model.json']);
  await expectVictimUntouched();
});
