import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openCache } from '../../src/cache/cache.js';
import { checkSpace, explainDiskError, freeSpace } from '../../src/cache/disk-space.js';
import { ZooError } from '../../src/core/errors.js';
import { installModel, publishBytes, testModel } from '../support/cache-models.js';
import { type SmallVolume, smallVolume } from '../support/small-volume.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let volume: SmallVolume | undefined;

afterEach(() => {
  volume?.unmount();
  volume = undefined;
});

it('asks the volume of the nearest folder that exists', async () => {
  const folder = await temporaryFolder('space');
  const free = await freeSpace(join(folder, 'not', 'yet', 'there'));
  expect(free).toBeGreaterThan(0);
  await expect(checkSpace(join(folder, 'deep'), Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
    code: 'DISK_FULL',
    expected: expect.stringContaining(`${Number.MAX_SAFE_INTEGER} bytes`),
    found: expect.stringMatching(/free \(\d+ bytes\)/),
  });
  await checkSpace(folder, 0);
  expect(existsSync(join(folder, 'deep'))).toBe(false);
});

it.each([
  ['ENOSPC', 'DISK_FULL', /disk is full/],
  ['EDQUOT', 'DISK_FULL', /quota/],
  ['EROFS', 'FILE_SYSTEM', /read-only/],
  ['EACCES', 'FILE_SYSTEM', /Not permitted/],
])('explains %s', (code, zooCode, message) => {
  const cause = Object.assign(new Error(code), { code, path: '/somewhere' });
  const error = explainDiskError(cause, 'writing');
  expect(error).toBeInstanceOf(ZooError);
  expect(error).toMatchObject({ code: zooCode, message: expect.stringMatching(message), cause });
  expect(error).toHaveProperty('hint', expect.stringMatching(/\.$/));
});

it('leaves other errors as they are', () => {
  const other = Object.assign(new Error('no such file'), { code: 'ENOENT' });
  expect(explainDiskError(other, 'writing')).toBe(other);
  const ours = new ZooError('INTEGRITY', 'wrong');
  expect(explainDiskError(ours, 'writing')).toBe(ours);
});

it('says that the disk is full, leaves no trace of the attempt, and goes on when there is room', async (test) => {
  volume = await smallVolume('size=300k');
  if (volume === undefined) return test.skip('only root can make a small volume');
  const cache = await openCache(join(volume.path, 'cache'));
  const big = Buffer.alloc(100_000, 'x');
  const model = await testModel({ 'weights.bin': big, 'model.json': '{}' });
  await publishBytes(cache, big);
  await publishBytes(cache, '{}');
  await expect(cache.checkSpace(10_000_000)).rejects.toMatchObject({ code: 'DISK_FULL' });

  // Nothing is left for the card, the manifest and the ref.
  const filler = join(volume.path, 'filler');
  await expect(writeFile(filler, Buffer.alloc(1_000_000))).rejects.toMatchObject({ code: 'ENOSPC' });
  await expect(cache.install(model.card)).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/disk is full/),
  });
  await expect(cache.withLease('x', async () => 1)).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(cache.hold({})).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(await cache.list()).toEqual([]);
  const names = await readdir(cache.root, { recursive: true });
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(await readdir(join(cache.root, 'leases'))).toEqual([]);

  await rm(filler);
  const installed = await cache.install(model.card);
  expect(await readFile(join(installed.folder, 'weights.bin'))).toEqual(big);
  expect((await cache.verify(undefined)).ok).toBe(true);
});

it('reads a read-only cache, writes nothing, and says so when it must write', async (test) => {
  volume = await smallVolume('size=4m');
  if (volume === undefined) return test.skip('only root can make a volume read-only');
  const root = join(volume.path, 'cache');
  const model = await testModel({ 'weights.bin': 'w', 'model.json': '{}' });
  const written = await installModel(await openCache(root), model);
  volume.remount('ro');

  const cache = await openCache(root);
  expect(cache.readOnly).toBe(true);
  const [found] = await cache.find({ name: 'tiny-net' });
  expect(found?.digest).toBe(written.digest);
  expect(await readFile(join(await cache.path(found ?? written), 'weights.bin'), 'utf8')).toBe('w');
  expect((await cache.verify(undefined)).ok).toBe(true);
  expect(await cache.gc({ dryRun: true })).toMatchObject({ models: [], freed: 0 });
  await (await cache.hold({ models: [written] })).release();
  const elsewhere = await temporaryFolder('to');
  expect((await cache.materialiseTo(elsewhere, model.card)).written).toBe(2);
  const refusal = { code: 'FILE_SYSTEM', hint: expect.stringContaining('ZOO_HOME') };
  await expect(cache.install(model.card)).rejects.toMatchObject(refusal);
  await expect(cache.remove(written)).rejects.toMatchObject(refusal);
  await expect(cache.gc()).rejects.toMatchObject(refusal);
  await expect(cache.withLease('x', async () => 1)).rejects.toMatchObject(refusal);
});

it('moves a part from another volume: copied, synced, renamed', async (test) => {
  volume = await smallVolume('size=4m');
  if (volume === undefined) return test.skip('only root can make a second volume');
  const cache = await openCache(await temporaryFolder('cache'));
  const part = join(volume.path, 'x.part');
  await writeFile(part, 'from afar');
  const { sha256 } = await import('../../src/core/digest.js');
  const path = await cache.publish(part, sha256('from afar'), 9);
  expect(await readFile(path, 'utf8')).toBe('from afar');
  expect(existsSync(part)).toBe(false);
  expect(await readdir(join(cache.root, 'blobs', 'sha256'))).toEqual([sha256('from afar')]);
});
