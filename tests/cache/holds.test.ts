import { existsSync } from 'node:fs';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { hold, readHolds } from '../../src/cache/holds.js';
import { ownIdentity } from '../../src/cache/process-identity.js';
import { sha256 } from '../../src/core/digest.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MODEL = { category: 'audio', name: 'yamnet', version: '1.0.0' } as const;

it('is seen while it lasts, by all who read', async () => {
  const folder = await temporaryFolder('holds');
  const one = await hold(folder, { digests: [sha256('1')] });
  const two = await hold(folder, { models: [MODEL] });
  await two.add({ digests: [sha256('2')] });
  expect(await readHolds(folder, Date.now())).toEqual({
    digests: new Set([sha256('1'), sha256('2')]),
    models: new Set(['audio/yamnet@1.0.0']),
    stale: [],
  });
  await one.release();
  await two.release();
  await two.release(); // harmless
  expect(await readdir(folder)).toEqual([]);
});

it('keeps its file fresh, and writes it again when somebody removed it', async () => {
  const folder = await temporaryFolder('holds');
  const held = await hold(folder, { models: [MODEL] }, 20);
  const path = join(folder, (await readdir(folder))[0] ?? '');
  const old = new Date(Date.now() - 3_600_000);
  await utimes(path, old, old);
  while ((await stat(path)).mtimeMs < Date.now() - 1_800_000) await sleep(10);
  await rm(path);
  while (!existsSync(path)) await sleep(10);
  await held.release();
  await sleep(60); // several beats
  expect(await readdir(folder)).toEqual([]);
});

it('counts a hold of another machine until it has not been touched for ten minutes', async () => {
  const folder = await temporaryFolder('holds');
  const path = join(folder, 'far.json');
  const owner = { ...(await ownIdentity()), host: 'elsewhere' };
  await writeFile(path, JSON.stringify({ owner, digests: [sha256('x')], models: [] }));
  const touched = (await stat(path)).mtimeMs;
  expect((await readHolds(folder, touched + 9 * 60_000)).digests).toEqual(new Set([sha256('x')]));
  expect(await readHolds(folder, touched + 11 * 60_000)).toEqual({
    digests: new Set(),
    models: new Set(),
    stale: [path],
  });
});

it('believes nothing that is no hold', async () => {
  const folder = await temporaryFolder('holds');
  const owner = await ownIdentity();
  for (const [index, text] of [
    '',
    '{',
    'null',
    JSON.stringify({ owner, digests: ['../../etc'], models: [] }),
    JSON.stringify({ digests: [sha256('x')], models: [] }),
  ].entries()) {
    await writeFile(join(folder, `${index}.json`), text);
  }
  expect(await readHolds(folder, Date.now())).toEqual({ digests: new Set(), models: new Set(), stale: [] });
});
