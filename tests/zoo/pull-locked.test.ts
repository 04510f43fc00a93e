/** `--save` and `--frozen`: exactly what was saved, or nothing. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDigest } from '../../src/core/digest.js';
import { cardDigest } from '../../src/registry/canonical-card.js';
import type { Card } from '../../src/registry/card.js';
import { LOCK_FILE, readLock, saveToLock } from '../../src/zoo/lockfile.js';
import { type FaultServer, startFaultServer } from '../support/fault-server.js';
import { thrownBy } from '../support/thrown-by.js';
import { type CardChanges, cardOf, useWorld } from '../support/zoo-world.js';

const world = useWorld();

async function serve(): Promise<FaultServer> {
  return world.current.closeLater(await startFaultServer());
}

function cardAt(server: FaultServer, name: string, changes: CardChanges = {}): Promise<Card> {
  const bytes = Buffer.from(`weights of ${name} ${changes.version ?? ''}`);
  return cardOf({
    name,
    ...changes,
    files: { w: { bytes, sources: [server.serve(`${name}-${changes.version ?? ''}`, bytes)] } },
  });
}

describe('zoo.lock', () => {
  it('is written by several pulls at once without losing an entry', async () => {
    const server = await serve();
    const names = ['zebra', 'ant', 'mole', 'bee', 'cow', 'dog'];
    await world.current.index(...(await Promise.all(names.map((name) => cardAt(server, name)))));
    const [one, two] = [await world.current.zoo(), await world.current.zoo()];
    await Promise.all(names.map((name, index) => (index % 2 ? one : two).pull(`${name}@^1`, { save: true })));
    const lock = await readLock(world.current.cwd);
    expect(Object.keys(lock?.models ?? {})).toEqual(names.toSorted().map((name) => `image/${name}`));
    expect(lock?.models['image/ant']).toEqual({
      reference: 'ant@^1',
      version: '1.0.0',
      digest: cardDigest(await cardAt(server, 'ant')),
      license: 'Apache-2.0',
    });
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('installs exactly what was saved, although there is a newer version', async () => {
    const server = await serve();
    const first = await cardAt(server, 'net');
    await world.current.index(first);
    await (await world.current.zoo()).pull('net', { save: true });
    const before = await readFile(join(world.current.cwd, LOCK_FILE), 'utf8');

    await world.current.index(first, await cardAt(server, 'net', { version: '1.1.0' }));
    const zoo = await world.current.zoo();
    await zoo.remove('net');
    expect(await zoo.pullFrozen()).toMatchObject([{ id: 'image/net@1.0.0', upToDate: false }]);
    expect(await zoo.pullFrozen()).toMatchObject([{ id: 'image/net@1.0.0', upToDate: true }]);
    expect(await readFile(join(world.current.cwd, LOCK_FILE), 'utf8')).toBe(before);
  });

  it('holds for a foreign card wherever the project lies', async () => {
    const server = await serve();
    const card = await cardAt(server, 'net');
    await world.current.save(card);
    await (await world.current.zoo()).pull('./card.json', { save: true });
    const lock = await readFile(join(world.current.cwd, LOCK_FILE), 'utf8');
    expect(lock).not.toContain(world.current.cwd);

    const elsewhere = join(world.current.cwd, '..');
    await writeFile(join(elsewhere, LOCK_FILE), lock);
    await writeFile(join(elsewhere, 'card.json'), JSON.stringify(card));
    const zoo = await world.current.zoo({ cwd: elsewhere });
    expect(await zoo.pullFrozen()).toMatchObject([{ id: 'image/net@1.0.0' }]);
  });

  it('installs the entries that are named, by any name they have', async () => {
    const server = await serve();
    await world.current.index(await cardAt(server, 'one'), await cardAt(server, 'two'));
    const zoo = await world.current.zoo();
    await zoo.pull('one@^1', { save: true });
    await zoo.pull('two', { save: true });
    for (const name of ['one@^1', 'one', 'image/one', 'one@1.0.0', 'image/one@1.0.0']) {
      expect(await zoo.pullFrozen([name]), name).toMatchObject([{ id: 'image/one@1.0.0' }]);
    }
    const error = await thrownBy(() => zoo.pullFrozen(['one@^2']));
    expect(error).toMatchObject({ code: 'LOCK_MISMATCH', found: 'one@^2' });
  });
});

describe('--frozen fails', () => {
  async function saved(): Promise<FaultServer> {
    const server = await serve();
    await world.current.index(await cardAt(server, 'net'));
    const zoo = await world.current.zoo();
    await zoo.pull('net', { save: true });
    await zoo.remove('net');
    return server;
  }

  async function frozenError() {
    const zoo = await world.current.zoo();
    const error = await thrownBy(() => zoo.pullFrozen());
    expect(await zoo.list()).toEqual([]);
    return error;
  }

  it('without a lock file', async () => {
    const error = await frozenError();
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
    expect(error.hint).toContain('--save');
  });

  it.each([
    ['digest', { digest: parseDigest('f'.repeat(64)) }],
    ['licence', { license: 'MIT' }],
  ])('on another %s, before anything is fetched', async (what, change) => {
    const server = await saved();
    const requests = server.requests.length;
    const entry = (await readLock(world.current.cwd))?.models['image/net'];
    if (entry === undefined) throw new Error('not saved');
    await saveToLock(world.current.cwd, { 'image/net': { ...entry, ...change } });
    const error = await frozenError();
    expect(error.code).toBe('LOCK_MISMATCH');
    expect(error.message).toContain(what);
    expect(server.requests.length).toBe(requests);
  });

  it('when the index has another card under the version', async () => {
    const server = await saved();
    await world.current.index(
      await cardAt(server, 'net', { summary: 'Somebody has changed a published card.' }),
    );
    expect(await frozenError()).toMatchObject({
      code: 'LOCK_MISMATCH',
      message: expect.stringContaining('digest of the card'),
    });
  });

  it('when the version is gone', async () => {
    const server = await saved();
    await world.current.index(await cardAt(server, 'net', { version: '2.0.0' }));
    expect(await frozenError()).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('when an entry names another model', async () => {
    const server = await saved();
    await world.current.index(await cardAt(server, 'net'), await cardAt(server, 'other'));
    const entry = (await readLock(world.current.cwd))?.models['image/net'];
    if (entry === undefined) throw new Error('not saved');
    await writeFile(
      join(world.current.cwd, LOCK_FILE),
      JSON.stringify({ lockfileVersion: 1, models: { 'image/other': entry } }),
    );
    expect(await frozenError()).toMatchObject({ code: 'LOCK_MISMATCH' });
  });

  it('as a whole when one of several entries differs', async () => {
    const server = await serve();
    await world.current.index(await cardAt(server, 'aaa'), await cardAt(server, 'bbb'));
    const zoo = await world.current.zoo();
    for (const name of ['aaa', 'bbb']) await zoo.pull(name, { save: true });
    for (const name of ['aaa', 'bbb']) await zoo.remove(name);
    const entry = (await readLock(world.current.cwd))?.models['image/bbb'];
    if (entry === undefined) throw new Error('not saved');
    await saveToLock(world.current.cwd, { 'image/bbb': { ...entry, digest: parseDigest('0'.repeat(64)) } });
    expect(await frozenError()).toMatchObject({ code: 'LOCK_MISMATCH' });
  });
});
