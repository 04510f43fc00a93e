/** A runtime installed for real: built, proved, mended, kept by gc, removed. The files come from the checkout's cache. */
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openCache } from '../../src/cache/cache.js';
import { findRuntime } from '../../src/runtime/find-runtime.js';
import type { InstallEvent } from '../../src/runtime/install-events.js';
import { type InstallRuntimeOptions, installRuntime } from '../../src/runtime/install-runtime.js';
import type { InstallRuntimeResult } from '../../src/runtime/installation.js';
import { readOffers } from '../../src/runtime/offers.js';
import { probeRuntime } from '../../src/runtime/probe-runtime.js';
import { removeRuntime } from '../../src/runtime/remove-runtime.js';
import { BINDING_PATH } from '../../src/runtime/runtime-layout.js';
import { readManifest } from '../../src/runtime/runtime-manifest.js';
import { runtimeStatus } from '../../src/runtime/runtime-status.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { cachingCompiler, runtimeFilesCache } from '../support/runtime-cache.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

const FRAMEWORK = 'tensorflow/libtensorflow_framework.so.2';
const LONG = 'node_modules/long/src/long.js';

let home: string;
let env: NodeJS.ProcessEnv;
let first: { readonly result: InstallRuntimeResult; readonly events: readonly InstallEvent[] };

/** Installs without a network: both registries are addresses where nobody listens. */
async function install(options: InstallRuntimeOptions = {}) {
  const events: InstallEvent[] = [];
  const result = await installRuntime({ home, env, ...options, onEvent: (event) => events.push(event) });
  return { result, events };
}

function steps(events: readonly InstallEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'step' ? [event.step] : []));
}

/** Changes one byte, in a copy: the file may be one with those of other caches. */
async function damage(path: string): Promise<void> {
  const copy = `${path}.copy`;
  await copyFile(path, copy);
  await rm(path);
  await rename(copy, path);
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, 100_000);
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, 100_000);
  await file.close();
}

/** What no installation may leave. */
async function leftovers(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ['partial', 'leases', 'holds', 'trash', 'runtime']) {
    const names = await readdir(join(home, folder)).catch(() => []);
    found.push(...names.filter((name) => folder !== 'runtime' || name.startsWith('.')));
  }
  return found;
}

beforeAll(async () => {
  home = await temporaryFolder('home');
  env = isolatedEnv(await temporaryFolder(), {
    ZOO_SHARED_CACHE: await runtimeFilesCache(),
    CXX: await cachingCompiler(),
    npm_config_registry: 'http://127.0.0.1:9/',
    PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
  });
  first = await install();
}, 300_000);

describe('an installed runtime', () => {
  it('was built, proved and made current, and is found', async () => {
    const { default: usual } = readOffers();
    expect(first.result).toMatchObject({ tensorflow: usual, device: 'cpu', received: 0, upToDate: false });
    expect(steps(first.events)).toEqual(['compile', 'prove']);
    expect(first.events[0]).toMatchObject({ type: 'runtime', fetch: 0, mending: undefined });
    expect(findRuntime({ env: {}, home })).toMatchObject({ kind: 'managed', folder: first.result.folder });
    expect(await leftovers()).toEqual([]);
  });

  it('computes in a fresh process', async () => {
    const report = await probeRuntime({ env: { ...env, ZOO_HOME: home } });
    expect(report).toMatchObject({ kind: 'managed', computes: true, tensorflow: first.result.tensorflow });
  });

  it('is listed with what it is, and is whole to the last byte', async () => {
    const { runtimes, used } = await runtimeStatus({ home, env, verify: true });
    expect(runtimes).toMatchObject([
      {
        runtime: first.result.runtime,
        current: true,
        ok: true,
        tested: true,
        node: process.version,
        faults: [],
      },
    ]);
    expect(runtimes[0]?.size).toBeGreaterThan(500_000_000);
    expect(used).toMatchObject({ kind: 'managed' });
  });

  it('is left alone by a second installation', async () => {
    const before = await readFile(join(first.result.folder, 'runtime.json'), 'utf8');
    const { result, events } = await install();
    expect(result).toMatchObject({ upToDate: true, received: 0, mended: [] });
    expect(events).toEqual([]);
    expect(await readFile(join(first.result.folder, 'runtime.json'), 'utf8')).toBe(before);
  });

  it('shares its bytes with the cache', async () => {
    const manifest = await readManifest(first.result.folder);
    expect(manifest?.files.map(({ path }) => path)).toContain(BINDING_PATH);
    const names = await readdir(first.result.folder, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile());
    expect(files.length).toBe((manifest?.files.length ?? 0) + 1);
    expect(files.filter((entry) => entry.isSymbolicLink())).toEqual([]);
  });
});

describe('damage', () => {
  it('in a library is noticed when hashed, and mended without building anything', async () => {
    await damage(join(first.result.folder, FRAMEWORK));
    await rm(join(first.result.folder, LONG));
    const looked = await runtimeStatus({ home, env });
    expect(looked.runtimes[0]).toMatchObject({ ok: false, faults: [{ path: LONG, fault: 'missing' }] });
    expect(looked.runtimes[0]?.mend).toBe('zoo runtime install');
    const hashed = await runtimeStatus({ home, env, verify: true });
    expect(hashed.runtimes[0]?.faults).toContainEqual({ path: FRAMEWORK, fault: 'wrong bytes' });
    expect(hashed.runtimes[0]?.faults).toHaveLength(2);

    const { result, events } = await install();
    expect(result).toMatchObject({ upToDate: false, received: 0 });
    expect(result.mended.toSorted()).toEqual([LONG, FRAMEWORK]);
    expect(steps(events)).toEqual(['prove']);
    expect((await runtimeStatus({ home, env, verify: true })).runtimes[0]).toMatchObject({ ok: true });
  });

  it('in the binding is mended by building it again', async () => {
    await damage(join(first.result.folder, BINDING_PATH));
    const { result, events } = await install();
    expect(result.mended).toEqual([BINDING_PATH]);
    expect(steps(events)).toEqual(['compile', 'prove']);
  });

  it('of a half-removed runtime: it is none, and is built again', async () => {
    await rm(join(first.result.folder, 'runtime.json'));
    await rm(join(first.result.folder, 'node_modules/@tensorflow/tfjs'), { recursive: true });
    expect((await thrownBy(() => findRuntime({ env: {}, home, cwd: home }))).code).toBe('NO_RUNTIME');
    const { runtimes } = await runtimeStatus({ home, env, cwd: home });
    expect(runtimes).toMatchObject([{ ok: false, tensorflow: undefined, mend: 'zoo runtime install' }]);
    const { result } = await install();
    expect(result).toMatchObject({ upToDate: false, received: 0 });
    expect((await runtimeStatus({ home, env, verify: true })).runtimes[0]).toMatchObject({ ok: true });
  });

  it('in the cache itself is not built in', async () => {
    const own = await openCache(home);
    const manifest = await readManifest(first.result.folder);
    const file = manifest?.files.find(({ path }) => path === LONG);
    if (file === undefined) throw new Error('the manifest lacks a file');
    const blob = own.blobPath(file.sha256);
    await mkdir(dirname(blob), { recursive: true });
    await writeFile(blob, Buffer.alloc(file.size));
    await install({ force: true });
    expect((await runtimeStatus({ home, env, verify: true })).runtimes[0]).toMatchObject({ ok: true });
    expect(await leftovers()).toEqual([]);
  });
});

describe('interrupted', () => {
  it.each(['compile', 'prove'] as const)(
    'at the step "%s": says how to go on, and changes nothing',
    async (step) => {
      const before = await readFile(join(first.result.folder, 'runtime.json'), 'utf8');
      const aborter = new AbortController();
      const error = await thrownBy(() =>
        installRuntime({
          home,
          env,
          force: true,
          signal: aborter.signal,
          onEvent: (event) => {
            if (event.type === 'step' && event.step === step) aborter.abort();
          },
        }),
      );
      expect(error).toMatchObject({ code: 'ABORTED', exitCode: 130 });
      expect(error.hint).toContain('run the same command again');
      expect(await readFile(join(first.result.folder, 'runtime.json'), 'utf8')).toBe(before);
      expect((await runtimeStatus({ home, env, verify: true })).runtimes[0]).toMatchObject({ ok: true });
      expect(await leftovers()).toEqual([]);
    },
  );
});

describe('beside the cache', () => {
  it('gc takes the names of its files away, and the runtime stays whole', async () => {
    const cache = await openCache(home);
    await cache.gc({ graceMs: 0, leftoverAgeMs: 0, partialAgeMs: 0 });
    expect((await readdir(join(home, 'blobs', 'sha256'))).length).toBe(0);
    expect((await runtimeStatus({ home, env, verify: true })).runtimes[0]).toMatchObject({
      ok: true,
      current: true,
    });
    expect((await install()).result.upToDate).toBe(true);
  });

  it('a version that is not on offer touches nothing', async () => {
    const other = join(await temporaryFolder(), 'never');
    const error = await thrownBy(() => installRuntime({ home: other, env, version: '1.15.0' }));
    expect(error).toMatchObject({ code: 'USAGE', found: '1.15.0' });
    await expect(readdir(other)).rejects.toThrow('ENOENT');
  });
});

describe('several, and none', () => {
  it('removing the current one makes the newest other one current, and says so', async () => {
    // A second version, of the same files: what is removed and chosen is decided by the manifests.
    const other = join(home, 'runtime', '2.21.0-cpu-linux-x64');
    const manifest = await readManifest(first.result.folder);
    for (const { path } of manifest?.files ?? []) {
      await mkdir(dirname(join(other, path)), { recursive: true });
      await link(join(first.result.folder, path), join(other, path));
    }
    await writeFile(join(other, 'runtime.json'), JSON.stringify({ ...manifest, tensorflow: '2.21.0' }));

    const ambiguous = await thrownBy(() => removeRuntime({ home, env }));
    expect(ambiguous).toMatchObject({ code: 'USAGE' });
    expect(ambiguous.found).toContain('2.21.0-cpu-linux-x64');
    expect(await thrownBy(() => removeRuntime({ home, env, version: '2.1' }))).toMatchObject({
      code: 'NOT_FOUND',
    });

    const { removed, current } = await removeRuntime({ home, env, version: first.result.tensorflow });
    expect(removed).toMatchObject([{ runtime: first.result.runtime, wasCurrent: true }]);
    expect(current).toBe('2.21.0-cpu-linux-x64');
    expect(removed[0]?.freed).toBeLessThan(1_000_000); // the other one has the same bytes
    expect(findRuntime({ env: {}, home })).toMatchObject({ folder: other });
  });

  it('removing all leaves none, and frees what they took', async () => {
    const { removed, current } = await removeRuntime({ home, env, all: true });
    expect(removed).toHaveLength(1);
    expect(current).toBeUndefined();
    expect((await runtimeStatus({ home, env, cwd: home })).runtimes).toEqual([]);
    expect((await thrownBy(() => findRuntime({ env: {}, home, cwd: home }))).hint).toContain(
      'zoo runtime install',
    );
    expect(await thrownBy(() => removeRuntime({ home, env }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await leftovers()).toEqual([]);
  });
});
