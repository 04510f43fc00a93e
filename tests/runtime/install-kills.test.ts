/** The installation killed at random moments, done by two processes at once, and the only missing file fetched. */
import { once } from 'node:events';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { parseLocator } from '../../src/registry/locator.js';
import { chooseOffer } from '../../src/runtime/choose-offer.js';
import { bytesToFetch, type Offer, readOffers, runtimeFiles } from '../../src/runtime/offers.js';
import { probeRuntime } from '../../src/runtime/probe-runtime.js';
import { runtimeStatus } from '../../src/runtime/runtime-status.js';
import { openSources } from '../../src/sources/open-sources.js';
import { seededRandom } from '../support/fault-server.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { cachingCompiler, runtimeFilesCache, startZoo } from '../support/runtime-cache.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const FRAMEWORK = 'tensorflow/libtensorflow_framework.so.2';

let files: string;
let compiler: string;

beforeAll(async () => {
  files = await runtimeFilesCache();
  compiler = await cachingCompiler();
});

/** A runtime that looks whole is whole, at any moment. */
async function checkVisible(home: string): Promise<boolean> {
  const { runtimes } = await runtimeStatus({ home, env: {}, cwd: home });
  const visible = runtimes.filter(({ tensorflow }) => tensorflow !== undefined);
  for (const { ok, faults } of visible) expect({ ok, faults }).toEqual({ ok: true, faults: [] });
  return visible.some(({ current }) => current);
}

/** Starts an installation, kills it `ms` after its first sign of life, and says whether that was before its end. */
async function killAfter(ms: number, env: NodeJS.ProcessEnv): Promise<boolean> {
  const running = startZoo(['runtime', 'install', '--json'], env);
  await Promise.race([once(running.process.stdout, 'data'), running.ended]);
  await Promise.race([delay(ms), running.ended]);
  running.process.kill('SIGKILL');
  return (await running.ended).signal === 'SIGKILL';
}

/**
 * What nothing should leave. The holds of processes that were killed are for the collector, and in time the folder that
 * one of them was unpacking into.
 */
async function leftovers(home: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  await startZoo(['gc'], env).ended;
  const found: string[] = [];
  for (const folder of ['partial', 'leases', 'holds', 'trash', 'runtime']) {
    const names = await readdir(join(home, folder)).catch(() => []);
    const passing = folder === 'runtime' ? /^(?!\.)/ : /^unpacked-/;
    found.push(...names.filter((name) => !passing.test(name)));
  }
  return found;
}

async function finish(home: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { code, stderr } = await startZoo(['runtime', 'install'], env).ended;
  expect({ code, stderr: stderr.includes('error') }).toEqual({ code: 0, stderr: false });
  const { runtimes } = await runtimeStatus({ home, env: {}, cwd: home, verify: true });
  expect(runtimes).toMatchObject([{ ok: true, current: true }]);
  const own = isolatedEnv(await temporaryFolder(), { ZOO_HOME: home });
  expect(await probeRuntime({ env: own })).toMatchObject({ kind: 'managed', computes: true });
}

describe('killed at random moments', () => {
  it('12 times while it lays out, builds, proves and puts in place: the next one completes', async () => {
    const home = await temporaryFolder('home');
    const env = { ZOO_HOME: home, ZOO_SHARED_CACHE: files };
    const random = seededRandom(4);
    let span = 5000;
    for (let killed = 0; killed < 12; ) {
      // Twice while the binding is really built.
      const own = killed < 2 ? {} : { CXX: compiler };
      if (await killAfter(random() * span, { ...env, ...own })) killed++;
      // It was faster than the kill: all over again, and sooner.
      else span *= 0.7;
      if (await checkVisible(home)) await startZoo(['runtime', 'remove', '--all'], env).ended;
    }
    await finish(home, { ...env, CXX: compiler });
    expect(await leftovers(home, env)).toEqual([]);
  }, 300_000);

  it('8 times while it fetches a library: what has arrived is kept', async (context) => {
    const offer = chooseOffer();
    const missing = runtimeFiles(offer).filter(({ path }) => path === FRAMEWORK);
    const partial = await runtimeFilesCache(({ path }) => path !== FRAMEWORK);
    const home = await temporaryFolder('home');
    const env = { ZOO_HOME: home, ZOO_SHARED_CACHE: partial, CXX: compiler };
    await skipUnreachable(context, offer);
    const random = seededRandom(7);
    let killed = 0;
    for (let attempt = 0; killed < 8 && attempt < 40; attempt++) {
      if (await killAfter(random() * 1500, env)) killed++;
      if (await checkVisible(home)) await startZoo(['runtime', 'remove', '--all'], env).ended;
    }
    expect(killed).toBe(8);
    await finish(home, env);
    expect(await leftovers(home, env)).toEqual([]);

    // The library is damaged where it lies, and so is the cache's, as both are one file.
    const folder = (await runtimeStatus({ home, env: {}, cwd: home })).runtimes[0]?.folder ?? '';
    const library = await open(join(folder, FRAMEWORK), 'r+');
    await library.write(Buffer.from('not what was here'), 0, 17, 1_000_000);
    await library.close();
    const noticed = await startZoo(['runtime', 'status', '--verify'], env).ended;
    expect(noticed).toMatchObject({ code: 4, stdout: expect.stringContaining(`wrong bytes  ${FRAMEWORK}`) });
    const mended = await startZoo(['runtime', 'install', '--json'], env).ended;
    const result = JSON.parse(mended.stdout.trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({ type: 'ready', upToDate: false, mended: [FRAMEWORK] });
    // Only that library, packed, and the directory of the wheel that it is found by.
    expect(result.received).toBeGreaterThan(0.95 * bytesToFetch(offer, missing));
    expect(result.received).toBeLessThan(1.3 * bytesToFetch(offer, missing));
    expect((await startZoo(['runtime', 'status', '--verify'], env).ended).code).toBe(0);
  }, 300_000);
});

/** Under CI an index that can't be reached is a failure. */
async function skipUnreachable(context: TestContext, { archives }: Offer): Promise<void> {
  const archive = readOffers().archives[archives[0] ?? ''];
  const sources = openSources();
  try {
    await sources.describe(parseLocator(archive?.locator ?? ''), context.signal);
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    context.skip(`the Python index can't be reached from here: ${error}`);
  } finally {
    await sources.close();
  }
}

it('two at once: one installs, the other waits and finds it done', async () => {
  const home = await temporaryFolder('home');
  const env = { ZOO_HOME: home, ZOO_SHARED_CACHE: files, CXX: compiler };
  const both = [1, 2].map(() => startZoo(['runtime', 'install', '--json'], env).ended);
  const results = (await Promise.all(both)).map(({ code, stdout }) => ({
    code,
    events: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  }));
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  const ends = results.map(({ events }) => events.at(-1).upToDate);
  expect(ends.toSorted()).toEqual([false, true]);
  expect(results.flatMap(({ events }) => events).filter(({ type }) => type === 'waiting')).toHaveLength(1);
  expect(await checkVisible(home)).toBe(true);
  expect(await leftovers(home, env)).toEqual([]);
}, 120_000);
