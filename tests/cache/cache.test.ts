import { chmod, link, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCache } from '../../src/cache/cache.js';
import { sha256 } from '../../src/core/digest.js';
import { canonicalCard, cardDigest } from '../../src/registry/canonical-card.js';
import { installModel, publishAll, publishBytes, testModel } from '../support/cache-models.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NET = { 'model.json': '{"layers":[]}', 'weights/group1.bin': 'the weights' };

it('installs a model: blobs as in an OCI image layout, a folder of files, a ref', async () => {
  const root = join(await temporaryFolder('cache'), 'deep', 'root');
  const cache = await openCache(root);
  const model = await testModel(NET);
  await publishAll(cache, model);
  const installed = await cache.install(model.card, { source: { index: 'built-in' } });

  expect(JSON.parse(await readFile(join(root, 'oci-layout'), 'utf8'))).toEqual({
    imageLayoutVersion: '1.0.0',
  });
  const folder = join(root, 'models', 'image', 'tiny-net', '1.0.0');
  expect(installed.folder).toBe(folder);
  expect(await readFile(join(folder, 'weights', 'group1.bin'), 'utf8')).toBe('the weights');
  expect(installed).toMatchObject({
    category: 'image',
    name: 'tiny-net',
    version: '1.0.0',
    card: cardDigest(model.card),
    size: 13 + 11,
    source: { index: 'built-in' },
    shared: false,
  });

  const ref = JSON.parse(await readFile(join(root, 'refs', 'image', 'tiny-net', '1.0.0.json'), 'utf8'));
  expect(ref.digest).toBe(`sha256:${installed.digest}`);
  const manifest = await readFile(join(root, 'blobs', 'sha256', installed.digest));
  expect(sha256(manifest)).toBe(installed.digest);
  expect(ref.size).toBe(manifest.length);
  expect(JSON.parse(manifest.toString()).config.digest).toBe(`sha256:${cardDigest(model.card)}`);
  const stored = await cache.card(installed);
  expect(Buffer.from(stored.bytes).toString()).toBe(canonicalCard(model.card));
  expect(stored.card).toEqual(model.card);
});

it('makes blobs and the files of models read-only, under the umask of the part', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const part = join(cache.partialFolder, 'private.part');
  await writeFile(part, 'for me alone', { mode: 0o600 });
  const path = await cache.publish(part, sha256('for me alone'), 12);
  expect((await stat(path)).mode & 0o777).toBe(0o400);

  const installed = await installModel(cache, await testModel(NET));
  expect((await stat(join(installed.folder, 'model.json'))).mode & 0o222).toBe(0);
});

it('refuses a part of another size, and leaves it for a look', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const part = join(cache.partialFolder, 'short.part');
  await writeFile(part, 'short');
  await expect(cache.publish(part, sha256('short'), 6)).rejects.toMatchObject({
    code: 'INTEGRITY',
    expected: 6,
    found: 5,
  });
  expect(await cache.has(sha256('short'), 5)).toBe(false);
  expect(await readFile(part, 'utf8')).toBe('short');
});

it('keeps the blob that is there, and replaces one that lost bytes', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const path = await publishBytes(cache, 'same bytes');
  const { ino } = await stat(path);
  await publishBytes(cache, 'same bytes');
  expect((await stat(path)).ino).toBe(ino);
  expect(await readdir(cache.partialFolder)).toEqual([]);

  await chmod(path, 0o600);
  await writeFile(path, 'same');
  expect(await cache.has(sha256('same bytes'), 10)).toBe(false);
  await publishBytes(cache, 'same bytes');
  expect(await readFile(path, 'utf8')).toBe('same bytes');
});

it('lets twenty publishers of one blob finish, whoever is first', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const paths = await Promise.all(Array.from({ length: 20 }, () => publishBytes(cache, 'raced')));
  expect(new Set(paths).size).toBe(1);
  expect(await readdir(join(cache.root, 'blobs', 'sha256'))).toEqual([sha256('raced')]);
  expect(await readFile(paths[0] ?? '', 'utf8')).toBe('raced');
});

it('stores a blob that two models share once', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const first = await installModel(cache, await testModel(NET));
  const second = await installModel(
    cache,
    await testModel({ ...NET, 'extra.bin': 'x' }, { name: 'other-net' }),
  );
  const blobs = await readdir(join(cache.root, 'blobs', 'sha256'));
  expect(blobs.length).toBe(3 + 2 + 2); // files, cards, manifests
  expect(await readFile(join(second.folder, 'model.json'))).toEqual(
    await readFile(join(first.folder, 'model.json')),
  );
});

it('does not install while a blob is missing', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const model = await testModel(NET);
  await publishBytes(cache, NET['model.json']);
  await expect(cache.install(model.card)).rejects.toMatchObject({ code: 'NOT_CACHED' });
  expect(await cache.list()).toEqual([]);
});

it('finds versions newest first, in the category and version asked for', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  for (const version of ['1.9.0', '1.10.0', '2.0.0-beta.1']) {
    await installModel(cache, await testModel(NET, { version }));
  }
  await installModel(cache, await testModel(NET, { name: 'tiny-net-2' }));
  const versions = (models: { version: string }[]) => models.map((model) => model.version);
  expect(versions(await cache.find({ name: 'tiny-net' }))).toEqual(['2.0.0-beta.1', '1.10.0', '1.9.0']);
  expect(versions(await cache.find({ name: 'tiny-net', category: 'image', version: '1.9.0' }))).toEqual([
    '1.9.0',
  ]);
  expect(await cache.find({ name: 'tiny-net', category: 'audio' })).toEqual([]);
  expect(await cache.find({ name: '../refs' })).toEqual([]);
  expect((await cache.list()).length).toBe(4);
});

it('builds a folder again that somebody deleted, wholly or in part', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const model = await testModel(NET);
  const installed = await installModel(cache, model);
  await rm(installed.folder, { recursive: true });
  expect(await readFile(join(await cache.path(installed), 'model.json'), 'utf8')).toBe(NET['model.json']);

  await rm(join(installed.folder, 'weights'), { recursive: true });
  await cache.install(model.card);
  expect(await readFile(join(installed.folder, 'weights/group1.bin'), 'utf8')).toBe('the weights');
  expect(await readdir(join(cache.root, 'models', 'image', 'tiny-net'))).toEqual(['1.0.0']);
});

it('installs the same model from many callers at once', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const model = await testModel(NET);
  await publishAll(cache, model);
  const results = await Promise.all(Array.from({ length: 12 }, () => cache.install(model.card)));
  expect(new Set(results.map((result) => result.digest)).size).toBe(1);
  expect(await readdir(join(cache.root, 'models', 'image', 'tiny-net'))).toEqual(['1.0.0']);
  expect((await cache.verify(undefined)).ok).toBe(true);
});

it('notes the last use when a path is asked for', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const installed = await installModel(cache, await testModel(NET));
  const file = join(cache.root, 'last-use', 'image', 'tiny-net', '1.0.0');
  const future = new Date(Date.now() + 3_600_000);
  await utimes(file, future, future);
  expect((await cache.find({ name: 'tiny-net' }))[0]?.lastUse).toBe(future.toISOString());
  await cache.path(installed);
  expect((await stat(file)).mtimeMs).toBeLessThan(future.getTime());
});

it('removes a model and the blobs that no other model needs', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const one = await installModel(cache, await testModel(NET));
  await installModel(cache, await testModel({ ...NET, 'extra.bin': 'x' }, { name: 'other-net' }));
  const report = await cache.remove(one);
  expect(report).toMatchObject({ removed: true, blobs: 2 }); // its card and its manifest
  expect(await readdir(join(cache.root, 'models', 'image', 'tiny-net'))).toEqual([]);
  expect((await cache.verify(undefined)).ok).toBe(true);
  const last = await cache.remove({ category: 'image', name: 'other-net', version: '1.0.0' });
  expect(last).toMatchObject({ removed: true, blobs: 5 });
  expect(await readdir(join(cache.root, 'blobs', 'sha256'))).toEqual([]);
  expect(await cache.remove(one)).toEqual({ removed: false, blobs: 0, freed: 0 });
});

it('treats a model whose record is damaged as not installed, and a pull mends it', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const model = await testModel(NET);
  const installed = await installModel(cache, model);
  const manifest = cache.blobPath(installed.digest);
  await chmod(manifest, 0o600);
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('schemaVersion', 'schemaVersiom'));
  expect(await cache.find({ name: 'tiny-net' })).toEqual([]);
  expect((await cache.unreadable()).map(({ error }) => error.code)).toEqual(['INTEGRITY']);
  await cache.install(model.card);
  expect(await cache.unreadable()).toEqual([]);
  expect((await cache.list()).map((one) => one.digest)).toEqual([installed.digest]);
});

it('does not take a symlink or a folder for a blob', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const digest = sha256('abc');
  await mkdir(cache.blobPath(digest));
  expect(await cache.has(digest, (await stat(cache.blobPath(digest))).size)).toBe(false);
});

it('counts a hard-linked part as published and leaves no second name', async () => {
  const cache = await openCache(await temporaryFolder('cache'));
  const part = join(cache.partialFolder, 'linked.part');
  await writeFile(part, 'linked');
  // What is left when a process is killed between the link and the removal of the part.
  await link(part, cache.blobPath(sha256('linked')));
  await cache.publish(part, sha256('linked'), 6);
  expect(await readdir(cache.partialFolder)).toEqual([]);
});
