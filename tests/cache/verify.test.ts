import { chmod, open, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type Cache, openCache } from '../../src/cache/cache.js';
import type { InstalledModel } from '../../src/cache/installed-models.js';
import { FilePlacer } from '../../src/cache/place-file.js';
import { sha256 } from '../../src/core/digest.js';
import { PIECE_SIZE } from '../../src/core/pieces.js';
import { installModel, publishBytes, type TestModel, testModel } from '../support/cache-models.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Three pieces, the last one short, no two alike. */
const BIG = Buffer.alloc(2 * PIECE_SIZE + 1000);
for (let i = 0; i < BIG.length; i += 97) BIG[i] = (i / 97) % 251;
const BIG_DIGEST = sha256(BIG);
const SMALL = '{"layers":[]}';

let cache: Cache;
let model: TestModel;
let installed: InstalledModel;

beforeEach(async () => {
  cache = await openCache(await temporaryFolder('verify'));
  model = await testModel({ 'model.json': SMALL, 'weights.bin': BIG });
  installed = await installModel(cache, model);
});

/** Flips one bit, as a dying disk would. */
async function flip(path: string, offset: number) {
  await chmod(path, 0o600);
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, offset);
  await file.close();
}

it('finds nothing wrong with a whole cache, and reports progress to the last byte', async () => {
  const progress: [number, number][] = [];
  const report = await cache.verify(undefined, { onProgress: (...now) => progress.push(now) });
  expect(report).toEqual({
    ok: true,
    models: 1,
    blobs: 2,
    bytes: BIG.length + SMALL.length,
    damaged: [],
    missing: [],
    folders: [],
    unreadable: [],
  });
  expect(progress.at(-1)).toEqual([report.bytes, report.bytes]);
});

it('names the pieces of a blob that are bad', async () => {
  await flip(cache.blobPath(BIG_DIGEST), PIECE_SIZE + 5);
  await flip(cache.blobPath(BIG_DIGEST), BIG.length - 1);
  const report = await cache.verify(undefined, { concurrency: 2 });
  expect(report.ok).toBe(false);
  expect(report.damaged).toEqual([
    {
      digest: BIG_DIGEST,
      path: cache.blobPath(BIG_DIGEST),
      size: BIG.length,
      foundSize: BIG.length,
      bad: [
        { piece: 1, start: PIECE_SIZE, end: 2 * PIECE_SIZE },
        { piece: 2, start: 2 * PIECE_SIZE, end: BIG.length },
      ],
      models: [{ category: 'image', name: 'tiny-net', version: '1.0.0' }],
    },
  ]);
});

it('names the pieces that a cut-off blob has lost', async () => {
  const path = cache.blobPath(BIG_DIGEST);
  await chmod(path, 0o600);
  await truncate(path, PIECE_SIZE + 17);
  const [damaged] = (await cache.verify(undefined)).damaged;
  expect(damaged?.foundSize).toBe(PIECE_SIZE + 17);
  expect(damaged?.bad.map(({ piece }) => piece)).toEqual([1, 2]);
});

it('names a blob without pieces as a whole', async () => {
  await flip(cache.blobPath(sha256(SMALL)), 3);
  expect((await cache.verify(undefined)).damaged).toMatchObject([
    { digest: sha256(SMALL), bad: [{ piece: 0, start: 0, end: SMALL.length }] },
  ]);
});

it('notices bytes that were added at the end', async () => {
  const path = cache.blobPath(BIG_DIGEST);
  await chmod(path, 0o600);
  const file = await open(path, 'a');
  await file.write('tail');
  await file.close();
  expect((await cache.verify(undefined)).damaged).toMatchObject([
    { digest: BIG_DIGEST, foundSize: BIG.length + 4, bad: [] },
  ]);
});

it('believes the whole digest where a card lists wrong pieces for a good blob', async () => {
  const wrong = model.card.files.map((file) =>
    file.pieces === undefined ? file : { ...file, pieces: [...file.pieces].reverse() },
  );
  await cache.remove(installed);
  await publishBytes(cache, BIG);
  await publishBytes(cache, SMALL);
  await cache.install({ ...model.card, files: wrong });
  expect((await cache.verify(undefined)).ok).toBe(true);
});

it('reports a blob that is missing, for each model that needs it', async () => {
  await installModel(cache, await testModel({ 'weights.bin': BIG }, { name: 'other-net' }));
  await rm(cache.blobPath(BIG_DIGEST));
  const report = await cache.verify(undefined);
  expect(report.missing).toMatchObject([
    { digest: BIG_DIGEST, size: BIG.length, models: [{ name: 'other-net' }, { name: 'tiny-net' }] },
  ]);
  expect(report.folders).toEqual([]); // the folders still have the bytes
});

it('finds what is wrong with the folder of a model', async () => {
  const { folder } = installed;
  await rm(join(folder, 'model.json'));
  await writeFile(join(folder, 'notes.txt'), 'mine');
  const key = { category: 'image', name: 'tiny-net', version: '1.0.0' };
  expect((await cache.verify(undefined)).folders).toEqual([
    { model: key, path: 'model.json', problem: 'missing' },
    { model: key, path: 'notes.txt', problem: 'extra' },
  ]);
  await writeFile(join(folder, 'model.json'), SMALL.replace('[]', '{}')); // same size, other bytes
  await rm(join(folder, 'notes.txt'));
  expect((await cache.verify(undefined)).folders).toEqual([
    { model: key, path: 'model.json', problem: 'wrong bytes' },
  ]);
  await writeFile(join(folder, 'model.json'), 'longer than it was');
  expect((await cache.verify(undefined)).folders).toEqual([
    { model: key, path: 'model.json', problem: 'wrong size' },
  ]);
  await rm(join(folder, 'model.json'));
  await symlink(cache.blobPath(sha256(SMALL)), join(folder, 'model.json'));
  expect((await cache.verify(undefined)).folders).toEqual([
    { model: key, path: 'model.json', problem: 'not a file' },
  ]);
  await rename(folder, `${folder}-moved`);
  expect((await cache.verify(undefined)).folders).toEqual([{ model: key, path: '', problem: 'missing' }]);
});

it('accepts folders that hold copies', async () => {
  const copies = new FilePlacer(['copy']);
  await rm(join(installed.folder, 'weights.bin'));
  await copies.place(cache.blobPath(BIG_DIGEST), join(installed.folder, 'weights.bin'));
  expect((await cache.verify(undefined)).ok).toBe(true);
});

it('reports models whose card is damaged', async () => {
  await flip(cache.blobPath(installed.card), 20);
  const report = await cache.verify(undefined);
  expect(report.unreadable).toMatchObject([{ key: { name: 'tiny-net' }, error: { code: 'INTEGRITY' } }]);
  expect(report.damaged).toEqual([]);
});

it('verifies only the models asked for', async () => {
  const other = await installModel(cache, await testModel({ 'other.bin': 'other' }, { name: 'other-net' }));
  await flip(cache.blobPath(BIG_DIGEST), 0);
  expect((await cache.verify([other])).ok).toBe(true);
});

it('is repaired by way of the quarantine, which keeps the good pieces as a seed', async () => {
  await flip(cache.blobPath(BIG_DIGEST), 5);
  const seed = await cache.quarantine(BIG_DIGEST);
  if (seed === undefined) throw new Error('no seed');
  expect(await cache.has(BIG_DIGEST, BIG.length)).toBe(false);
  // An interrupted repair finds the seed again.
  expect(await cache.quarantine(BIG_DIGEST)).toBe(seed);
  const file = await open(seed, 'r');
  const second = Buffer.alloc(PIECE_SIZE);
  await file.read(second, 0, PIECE_SIZE, PIECE_SIZE);
  await file.close();
  expect(sha256(second)).toBe(model.card.files[1]?.pieces?.[1]);

  await publishBytes(cache, BIG);
  expect(await cache.quarantine(sha256('never there'))).toBeUndefined();
  // The folder still has the damaged file under its other name, of the right size.
  expect((await cache.verify(undefined)).folders).toMatchObject([
    { path: 'weights.bin', problem: 'wrong bytes' },
  ]);
  await cache.install(model.card, { rebuild: true });
  expect((await cache.verify(undefined)).ok).toBe(true);
});

it('stops when it is aborted', async () => {
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await expect(cache.verify(undefined, { signal: controller.signal })).rejects.toThrow('enough');
});
