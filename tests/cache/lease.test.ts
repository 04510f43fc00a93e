import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { openCache } from '../../src/cache/cache.js';
import { isLeased, type LeaseHolder, removeDeadLeases, withLease } from '../../src/cache/lease.js';
import { ownIdentity, type ProcessIdentity } from '../../src/cache/process-identity.js';
import { type ChildScript, runScript } from '../support/child-script.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const children: ChildScript[] = [];

function start(...args: Parameters<typeof runScript>): ChildScript {
  const child = runScript(...args);
  children.push(child);
  return child;
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill('SIGKILL');
    await child.ended;
  }
});

async function writeLease(folder: string, key: string, owner: Partial<ProcessIdentity>, beat = 0) {
  await mkdir(folder, { recursive: true });
  const record = { token: 'theirs', owner: { ...(await ownIdentity()), ...owner }, beat };
  await writeFile(join(folder, `${key}.json`), JSON.stringify(record));
}

it('makes one download of twenty processes that pull the same model', async () => {
  const home = await temporaryFolder('lease');
  const root = join(home, 'cache');
  const log = join(home, 'downloads');
  const pulls = Array.from({ length: 20 }, () => start('cache/processes/pull-once.ts', [root, log]));
  for (const { ended } of pulls) {
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^done 100000 /) });
  }
  expect((await readFile(log, 'utf8')).trim().split('\n')).toHaveLength(1);
  const cache = await openCache(root);
  expect((await cache.verify(undefined)).ok).toBe(true);
  expect(await readdir(join(root, 'leases'))).toEqual([]);
  expect(await readdir(join(root, 'holds'))).toEqual([]);
  expect(await readdir(join(root, 'partial'))).toEqual([]);
}, 240_000); // twenty starts of Node on a busy machine

it('passes the lease on when its holder is killed', async () => {
  const root = await temporaryFolder('lease');
  const cache = await openCache(root);
  const holder = start('cache/processes/keep-lease.ts', [root, 'net']);
  await holder.line('holding');
  const waitedFor: LeaseHolder[] = [];
  const next = cache.withLease('net', async () => 'mine', { onWait: (who) => waitedFor.push(who) });
  while (waitedFor.length === 0) await sleep(10);
  expect(waitedFor[0]?.pid).toBe(holder.process.pid);
  expect(await isLeased(join(root, 'leases'), 'net')).toBe(true);
  holder.process.kill('SIGKILL');
  await holder.ended;
  expect(await next).toBe('mine');
});

it('runs one at a time within a process, and passes on what the work throws', async () => {
  const folder = await temporaryFolder('lease');
  let running = 0;
  let most = 0;
  const jobs = Array.from({ length: 8 }, (_, index) =>
    withLease(folder, 'job', async () => {
      most = Math.max(most, ++running);
      await sleep(20);
      running -= 1;
      if (index === 3) throw new Error('the fourth fails');
      return index;
    }),
  );
  const results = await Promise.allSettled(jobs);
  expect(most).toBe(1);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(await readdir(folder)).toEqual([]);
});

it('steals at once from a pid that is used again, and from one that is gone', async () => {
  const folder = await temporaryFolder('lease');
  // This very pid, said to have started at another time: the lease of an earlier process.
  await writeLease(folder, 'reused', { started: '1' });
  expect(
    await withLease(folder, 'reused', async () => 'stolen', { times: { hungMs: 1e9, staleMs: 1e9 } }),
  ).toBe('stolen');
  const ended = start('cache/processes/keep-lease.ts', [await temporaryFolder('lease'), 'x']);
  await ended.line('holding');
  const pid = ended.process.pid ?? 0;
  ended.process.kill('SIGKILL');
  await ended.ended;
  await writeLease(folder, 'gone', { pid });
  expect(await isLeased(folder, 'gone')).toBe(false);
  expect(
    await withLease(folder, 'gone', async () => 'stolen', { times: { hungMs: 1e9, staleMs: 1e9 } }),
  ).toBe('stolen');
});

it.each([
  ['another machine', { host: 'elsewhere' }],
  ['a container beside this one, whose pids mean something else', { pidSpace: 'pid:[1]', pid: 999_999 }],
])('judges %s by its heartbeat', async (_, owner) => {
  const folder = await temporaryFolder('lease');
  await writeLease(folder, 'far', owner);
  expect(await isLeased(folder, 'far')).toBe(true);
  let beat = 0;
  const beats = setInterval(() => void writeLease(folder, 'far', owner, ++beat), 50);
  let got = false;
  const waiting = withLease(
    folder,
    'far',
    async () => {
      got = true;
    },
    { times: { staleMs: 2_000, pollMs: 50 } },
  );
  await sleep(3_500);
  expect(got).toBe(false); // it beats
  clearInterval(beats);
  await waiting; // it stopped
  expect(got).toBe(true);
});

it('takes over from a holder that runs but has stopped beating', async () => {
  const folder = await temporaryFolder('lease');
  await writeLease(folder, 'hung', { pid: process.ppid, started: '' });
  expect(await withLease(folder, 'hung', async () => 1, { times: { staleMs: 200, hungMs: 200 } })).toBe(1);
});

it('takes over a lease that a power cut left empty or torn', async () => {
  const folder = await temporaryFolder('lease');
  for (const text of ['', '{"token":', 'null', '[]']) {
    await writeFile(join(folder, 'torn.json'), text);
    expect(await withLease(folder, 'torn', async () => text, { times: { staleMs: 100 } })).toBe(text);
  }
});

it('lets every thief finish when many find the same stale lease', async () => {
  const folder = await temporaryFolder('lease');
  for (let round = 0; round < 10; round++) {
    await writeLease(folder, 'stale', { started: '1' });
    const done = await Promise.all(
      Array.from({ length: 10 }, (_, index) => withLease(folder, 'stale', async () => index)),
    );
    expect(done).toHaveLength(10);
  }
  expect(await readdir(folder)).toEqual([]);
});

it('tells its holder that it was lost, and never writes into the new lease', async () => {
  const folder = await temporaryFolder('lease');
  await withLease(
    folder,
    'lost',
    async (lease) => {
      expect(lease.lost).toBe(false);
      await rm(join(folder, 'lost.json'));
      await writeLease(folder, 'lost', { host: 'elsewhere' });
      const before = await readFile(join(folder, 'lost.json'), 'utf8');
      while (!lease.lost) await sleep(10);
      expect(await readFile(join(folder, 'lost.json'), 'utf8')).toBe(before);
    },
    { times: { beatMs: 20 } },
  );
  expect(await readdir(folder)).toEqual(['lost.json']); // not ours any more, so not ours to remove
});

it('stops waiting when it is aborted', async () => {
  const folder = await temporaryFolder('lease');
  await writeLease(folder, 'far', { host: 'elsewhere' });
  const controller = new AbortController();
  const waiting = withLease(folder, 'far', async () => 1, {
    signal: controller.signal,
    onWait: () => controller.abort(new Error('enough')),
  });
  await expect(waiting).rejects.toThrow('enough');
});

it.each(['', '..', '../x', 'a/b', '.hidden', 'a'.repeat(201), 'x\0'])('refuses the key %j', async (key) => {
  await expect(withLease('/nowhere', key, async () => 1)).rejects.toMatchObject({ code: 'USAGE' });
});

it('cleans up leases of processes that ended, and no others', async () => {
  const folder = await temporaryFolder('lease');
  await writeLease(folder, 'dead', { started: '1' });
  await writeLease(folder, 'far', { host: 'elsewhere' });
  await writeLease(folder, 'live', {});
  expect(await removeDeadLeases(folder, await readdir(folder))).toBe(1);
  expect((await readdir(folder)).sort()).toEqual(['far.json', 'live.json']);
});
