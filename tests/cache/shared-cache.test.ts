import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openCache } from '../../src/cache/cache.js';
import { sha256 } from '../../src/core/digest.js';
import { installModel, publishBytes, testModel } from '../support/cache-models.js';
import { runScript } from '../support/child-script.js';
import { smallVolume } from '../support/small-volume.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NET = { 'model.json': '{}', 'weights.bin': 'shared weights' };

async function openBoth() {
  const home = await temporaryFolder('shared');
  const lower = await openCache(join(home, 'lower'));
  const upper = await openCache(join(home, 'upper'), { shared: [lower.root, join(home, 'not-there')] });
  return { lower, upper };
}

it('finds models of a shared cache in place, and its own first', async () => {
  const { lower, upper } = await openBoth();
  const model = await testModel(NET);
  await installModel(lower, model);
  const [found] = await upper.find({ name: 'tiny-net' });
  expect(found).toMatchObject({ shared: true, folder: join(lower.root, 'models/image/tiny-net/1.0.0') });
  if (found === undefined) throw new Error('not found');
  expect(await upper.path(found)).toBe(found.folder);
  expect((await upper.card(found)).card).toEqual(model.card);
  expect((await upper.list()).map(({ shared }) => shared)).toEqual([true]);
  expect(await readdir(join(upper.root, 'blobs', 'sha256'))).toEqual([]);

  await upper.install(model.card);
  expect((await upper.list()).map(({ shared }) => shared)).toEqual([false]);
});

it('takes blobs of a shared cache by hard link, without a download', async () => {
  const { lower, upper } = await openBoth();
  const model = await testModel(NET);
  await publishBytes(lower, NET['model.json']);
  await publishBytes(lower, NET['weights.bin']);
  expect(await upper.has(sha256(NET['weights.bin']), 14)).toBe(true);
  await upper.install(model.card);
  const blob = await stat(upper.blobPath(sha256(NET['weights.bin'])));
  expect(blob.ino).toBe((await stat(lower.blobPath(sha256(NET['weights.bin'])))).ino);
  await rm(lower.root, { recursive: true });
  expect((await upper.verify(undefined)).ok).toBe(true);
});

it('reads blobs of a shared cache on another volume in place', async (test) => {
  const volume = await smallVolume('size=4m');
  if (volume === undefined) return test.skip('only root can make a second volume');
  try {
    const lower = await openCache(join(volume.path, 'lower'));
    const model = await testModel(NET);
    await installModel(lower, model);
    volume.remount('ro');
    const upper = await openCache(await temporaryFolder('shared'), { shared: [lower.root] });
    const installed = await upper.install(model.card);
    expect(installed.shared).toBe(false);
    expect(await readFile(join(installed.folder, 'weights.bin'), 'utf8')).toBe(NET['weights.bin']);
    expect((await readdir(join(upper.root, 'blobs', 'sha256'))).length).toBe(2); // card and manifest
    expect((await upper.verify(undefined)).ok).toBe(true);
  } finally {
    volume.unmount();
  }
});

it('says what to do when a blob of another user may not be read, and skips a shared one', async (test) => {
  if (process.getuid?.() !== 0) return test.skip('only root can run as another user');
  const { lower, upper } = await openBoth();
  const home = dirname(lower.root);
  await chmod(home, 0o755);
  const part = join(lower.partialFolder, 'private.part');
  await writeFile(part, 'private', { mode: 0o600 });
  await lower.publish(part, sha256('private'), 7);
  const theirs = join(home, 'theirs');
  await mkdir(theirs);
  await chmod(theirs, 0o777);
  const run = async (...roots: string[]) => {
    const { stdout, stderr } = await runScript(
      'cache/processes/look-for-blob.ts',
      [sha256('private'), '7', ...roots],
      { uid: 65_534, env: { HOME: theirs, TMPDIR: theirs } },
    ).ended;
    return stdout === '' ? stderr : stdout;
  };
  const own = JSON.parse(await run(lower.root));
  expect(own).toMatchObject({ code: 'FILE_SYSTEM', hint: expect.stringContaining('chmod a+r') });
  expect(JSON.parse(await run(join(theirs, 'cache'), lower.root))).toEqual({ has: false, readOnly: false });
  expect(upper.readOnly).toBe(false);
});
