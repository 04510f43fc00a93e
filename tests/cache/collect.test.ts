import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { type Cache, openCache } from '../../src/cache/cache.js';
import type { InstalledModel } from '../../src/cache/installed-models.js';
import { Layout } from '../../src/cache/layout.js';
import { sha256 } from '../../src/core/digest.js';
import {
  installModel,
  publishAll,
  publishBytes,
  type TestModel,
  testModel,
} from '../support/cache-models.js';
import { runScript } from '../support/child-script.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const DAY_MS = 86_400_000;

let cache: Cache;
let layout: Layout;

beforeEach(async () => {
  cache = await openCache(await temporaryFolder('gc'));
  layout = new Layout(cache.root);
});

async function age(path: string, days: number) {
  const then = new Date(Date.now() - days * DAY_MS);
  await utimes(path, then, then);
}

/** Installs a model of about `size` bytes whose installation and last use lie some days back. */
async function installOld(name: string, days: number, size = 10_000): Promise<InstalledModel> {
  const installed = await installModel(
    cache,
    await testModel({ 'weights.bin': name.padEnd(size, '.'), 'model.json': '{"same":"in all"}' }, { name }),
  );
  const ref = layout.ref(installed);
  const then = new Date(Date.now() - days * DAY_MS).toISOString();
  const text = await readFile(ref, 'utf8');
  await writeFile(ref, text.replace(/"installedAt": "[^"]*"/, `"installedAt": "${then}"`));
  await age(layout.lastUse(installed), days);
  return installed;
}

async function names() {
  return (await cache.list()).map(({ name }) => name);
}

it('removes only what nothing needs when no limit is given', async () => {
  await installOld('old-net', 1000);
  const orphan = await publishBytes(cache, 'nobody needs me');
  await age(orphan, 1);
  const fresh = await publishBytes(cache, 'about to be installed');
  const report = await cache.gc();
  expect(report).toMatchObject({
    dryRun: false,
    models: [],
    blobs: 1,
    blobBytes: 15,
    freed: 15,
    unreadable: [],
  });
  expect(existsSync(orphan)).toBe(false);
  expect(existsSync(fresh)).toBe(true);
  expect((await cache.verify(undefined)).ok).toBe(true);
});

it('removes the least recently used models until the rest fits', async () => {
  await installOld('oldest', 30);
  await installOld('older', 20);
  await installOld('newest', 10);
  const dry = await cache.gc({ maxSize: 12_000, dryRun: true });
  expect(dry.models.map(({ name }) => name)).toEqual(['oldest', 'older']);
  expect(await names()).toEqual(['newest', 'older', 'oldest']);

  const report = await cache.gc({ maxSize: 12_000 });
  expect(report).toEqual({ ...dry, dryRun: false });
  expect(report.kept).toBeLessThanOrEqual(12_000);
  expect(await names()).toEqual(['newest']);
  expect(await readdir(join(cache.root, 'models', 'image', 'oldest'))).toEqual([]);
  expect(existsSync(join(cache.root, 'last-use', 'image', 'oldest', '1.0.0'))).toBe(false);
  expect((await cache.verify(undefined)).ok).toBe(true); // the file that all share is still there
});

it('removes models unused for longer than an age', async () => {
  await installOld('unused', 40);
  const used = await installOld('used', 40);
  await cache.path(used);
  const report = await cache.gc({ maxAge: 30 * DAY_MS });
  expect(report.models).toMatchObject([{ name: 'unused', category: 'image', version: '1.0.0' }]);
  expect(await names()).toEqual(['used']);
});

it('never removes what a lock file names', async () => {
  const byCard = await installOld('by-card', 40);
  const byManifest = await installOld('by-manifest', 40);
  await installOld('free', 40);
  const blob = await publishBytes(cache, 'named by a lock file');
  await age(blob, 3);
  await cache.gc({
    maxSize: 1,
    maxAge: DAY_MS,
    keep: [byCard.card, byManifest.digest, sha256('named by a lock file')],
  });
  expect(await names()).toEqual(['by-card', 'by-manifest']);
  expect(existsSync(blob)).toBe(true);
});

it('never removes what a running process holds, until it ends', async () => {
  const orphan = await publishBytes(cache, 'held by another process');
  await age(orphan, 3);
  const installed = await installOld('held', 40);
  const held = await cache.hold({ models: [installed] });
  const child = runScript('cache/processes/keep-lease.ts', [
    cache.root,
    'x',
    sha256('held by another process'),
  ]);
  try {
    await child.line('holding');
    expect(await cache.gc({ maxSize: 1, maxAge: DAY_MS })).toMatchObject({ models: [], blobs: 0 });
    expect(existsSync(orphan)).toBe(true);
  } finally {
    child.process.kill('SIGKILL');
    await child.ended;
  }
  await held.release();
  const report = await cache.gc({ maxSize: 1, maxAge: DAY_MS });
  expect(report.models).toMatchObject([{ name: 'held' }]);
  expect(existsSync(orphan)).toBe(false);
  expect(await readdir(layout.holds)).toEqual([]);
  expect(await readdir(layout.leases)).toEqual([]);
});

it('adds to a hold while it lasts', async () => {
  const orphan = await publishBytes(cache, 'added later');
  await age(orphan, 3);
  const held = await cache.hold({});
  await held.add({ digests: [sha256('added later')] });
  expect(await cache.gc()).toMatchObject({ blobs: 0 });
  await held.release();
  expect(await cache.gc()).toMatchObject({ blobs: 1 });
});

it('removes partial files after a week, but none that is leased, held or changing', async () => {
  const write = async (key: string, days: number, ...endings: string[]) => {
    for (const ending of endings) {
      await writeFile(join(cache.partialFolder, key + ending), 'some bytes');
      await age(join(cache.partialFolder, key + ending), days);
    }
  };
  const held = sha256('held');
  await write('leased', 8, '.part', '.journal');
  await write('stale', 8, '.part', '.journal');
  await write('going-on', 8, '.part');
  await write('going-on', 0, '.journal');
  await write(held, 8, '.part');
  const hold = await cache.hold({ digests: [held] });
  await cache.withLease('leased', async () => {
    expect(await cache.gc({ partialAgeMs: 9 * DAY_MS })).toMatchObject({ partials: 0, freed: 0 });
    expect(await cache.gc()).toMatchObject({ partials: 2, blobs: 0 });
  });
  expect((await readdir(cache.partialFolder)).sort()).toEqual(
    [`${held}.part`, 'going-on.journal', 'going-on.part', 'leased.journal', 'leased.part'].sort(),
  );
  await hold.release();
});

it('cleans up after processes that were killed', async () => {
  const installed = await installOld('whole', 1);
  await mkdir(join(cache.root, 'models/image/whole/.2.0.0.0123456789ab.tmp'));
  await mkdir(join(cache.root, 'models/image/half/1.0.0'), { recursive: true });
  await writeFile(join(cache.root, 'models/image/half/1.0.0/weights.bin'), 'no ref was written');
  await writeFile(join(cache.root, 'refs/image/whole/.1.0.0.json.0123456789ab.tmp'), '{');
  await writeFile(join(layout.blobs, `.${sha256('x')}.0123456789ab.tmp`), 'x');
  await mkdir(layout.trash, { recursive: true });
  await writeFile(join(layout.trash, '.junk.0123456789ab.tmp'), 'x');
  await mkdir(layout.holds, { recursive: true });
  await writeFile(join(layout.holds, 'torn.json'), '{"ow');
  await age(join(layout.holds, 'torn.json'), 1);
  await sleep(20);
  expect(await cache.gc()).toMatchObject({ leftovers: 1 }); // the others are fresh: work may be going on
  expect(await cache.gc({ leftoverAgeMs: 0 })).toMatchObject({ leftovers: 5 });
  expect(await readdir(join(cache.root, 'models/image/half'))).toEqual([]);
  expect(await readdir(join(cache.root, 'models/image/whole'))).toEqual(['1.0.0']);
  expect(await readdir(layout.trash)).toEqual([]);
  expect((await cache.find({ name: 'whole' }))[0]?.digest).toBe(installed.digest);
});

it('puts back what an interrupted collection had moved aside', async () => {
  const installed = await installOld('needed', 1);
  const file = installed.files[0]?.sha256 ?? sha256('');
  await mkdir(layout.trash, { recursive: true });
  await rename(layout.blob(file), join(layout.trash, `.blob-${file}.0123456789ab.tmp`));
  await cache.gc();
  expect((await cache.verify(undefined)).ok).toBe(true);
});

it('removes no blob while a ref can not be read: it could be one of its', async () => {
  await installOld('broken', 1);
  const orphan = await publishBytes(cache, 'orphan');
  await age(orphan, 3);
  await writeFile(join(cache.root, 'refs/image/broken/1.0.0.json'), '{"torn');
  expect(await cache.gc()).toMatchObject({ blobs: 0, unreadable: ['image/broken@1.0.0'] });
  expect(existsSync(orphan)).toBe(true);
  await cache.remove({ category: 'image', name: 'broken', version: '1.0.0' });
  const report = await cache.gc({ graceMs: 0 });
  expect(report.unreadable).toEqual([]);
  expect(await readdir(layout.blobs)).toEqual([]);
});

it('is safe while models are being installed and removed', async () => {
  const models = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      testModel(
        { 'weights.bin': `weights ${index % 3}`.padEnd(2000, '.'), 'model.json': '{"shared":true}' },
        { name: `net-${index}` },
      ),
    ),
  );
  let done = false;
  const collector = (async () => {
    // No grace and nothing may stay: the collector takes whatever it is allowed to.
    while (!done) await cache.gc({ maxSize: 1, graceMs: 0 });
  })();
  const installAndUse = async (model: TestModel, index: number) => {
    for (let round = 0; round < 5; round++) {
      const hold = await cache.hold({
        models: [{ category: 'image', name: model.card.name, version: '1.0.0' }],
        digests: model.card.files.map((file) => file.sha256),
      });
      await publishAll(cache, model);
      const installed = await cache.install(model.card);
      const report = await cache.verify([installed]);
      expect(report).toMatchObject({ damaged: [], missing: [], folders: [], unreadable: [] });
      const weights = await readFile(join(await cache.path(installed), 'weights.bin'), 'utf8');
      expect(weights).toBe(model.contents['weights.bin']);
      if (index % 2 === 0) await cache.remove(installed);
      await hold.release();
    }
  };
  const users = await Promise.allSettled(models.map(installAndUse));
  done = true;
  await collector;
  for (const user of users) if (user.status === 'rejected') throw user.reason;
  await cache.gc({ maxSize: 1, graceMs: 0 });
  expect(await cache.list()).toEqual([]);
  expect(await readdir(layout.blobs)).toEqual([]);
});
