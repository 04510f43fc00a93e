/** The doctor on machines that are well and on machines that are not. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExamineOptions, examine } from '../../../src/runtime/doctor/examine.js';
import type { Finding } from '../../../src/runtime/doctor/finding.js';
import type { Machine } from '../../../src/runtime/machine.js';
import { nativeRuntime } from '../../support/checkout-runtime.js';
import { isolatedEnv } from '../../support/isolated-env.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

let home: string;
let registry: {
  address: string;
  asked: { url: string; authorization: string | undefined }[];
  status: number;
};
let closing: (() => void)[] = [];

beforeEach(async () => {
  home = await temporaryFolder();
  const asked: (typeof registry)['asked'] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', authorization: request.headers.authorization });
    response.writeHead(registry.status, { 'content-type': 'text/html' }).end('<html></html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  registry = { address: `http://127.0.0.1:${port}`, asked, status: 200 };
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
});

afterEach(() => {
  for (const close of closing) close();
  closing = [];
});

/** Examines this machine with an empty cache, and with no runtime unless `more` names one: that takes longest. */
async function look(more: Record<string, string> = {}, options: Partial<ExamineOptions> = {}) {
  const env = isolatedEnv(home, {
    npm_config_registry: `${registry.address}/npm/`,
    PIP_INDEX_URL: `${registry.address}/simple`,
    ZOO_HOME: join(home, 'zoo'),
    ...more,
  });
  const report = await examine({ env, cwd: home, ...options });
  const findings = new Map(
    report.sections.flatMap((section) => section.findings).map((one) => [one.key, one]),
  );
  return {
    ok: report.ok,
    text: JSON.stringify(report),
    keys: report.sections.flatMap((section) => section.findings.map(({ key }) => key)),
    at: (key: string): Finding | undefined => findings.get(key),
  };
}

const runtime = () => ({ ZOO_RUNTIME: nativeRuntime() });

describe('a machine that is well', () => {
  it('is described in one page, and nothing is changed on it', async () => {
    const { at, ok, keys } = await look(runtime());
    expect(ok).toBe(true);
    // Scripts read these: docs/runtime.md lists them.
    const ofLinux = process.platform === 'linux' ? ['libc', 'cpuFeatures'] : [];
    for (const key of [
      ...['node', 'os', 'cpu', 'memory', 'compiler', 'cache', 'freeSpace', 'index', ...ofLinux],
      ...['npmRegistry', 'pythonIndex', 'mirror', 'runtime', 'tensorflow', 'installed', 'threads'],
    ]) {
      expect(keys).toContain(key);
    }
    expect(await readdir(home)).toEqual([]);
    expect(at('node')?.value).toBe(process.version);
    expect(at('memory')?.value).toMatch(/^[\d.]+ GB, [\d.]+ [GM]B free/);
    expect(at('compiler')?.value).toMatch(/^\S+: .*\d+\.\d+/);
    expect(at('cache')?.value).toBe(join(home, 'zoo'));
    expect(at('index')?.value).toMatch(/^\d+ models in \d+ versions, .*catalogue\.sqlite$/);
    expect(at('freeSpace')?.value).toMatch(/[GM]B$/);
    expect(at('runtime')?.value).toContain('named by ZOO_RUNTIME');
    expect(at('installed')?.value).toMatch(/: all \d+ files are right, \d+ MB$/);
    expect(at('mirror')?.value).toContain('none');
    expect(at('tensorflow')?.value).toMatch(/^2\.\d+\.\d+, tfjs 4\.22\.0, loads in \d+ ms/);
    expect(at('npmRegistry')?.value).toMatch(/^127\.0\.0\.1:\d+, answers in \d+ ms$/);
    expect(at('threads')?.value).toContain('all cores');
  });

  it('asks the registries for what an installation needs', async () => {
    await look();
    expect(registry.asked.map(({ url }) => url).toSorted()).toEqual([
      '/npm/@tensorflow%2ftfjs-node',
      '/simple/tensorflow-cpu/',
    ]);
  });

  it('asks nobody offline', async () => {
    const { at } = await look({}, { offline: true });
    expect(registry.asked).toEqual([]);
    expect(at('npmRegistry')?.value).toBe(new URL(registry.address).host);
    expect(at('offline')).toMatchObject({ state: 'note', remedy: 'zoo doctor' });
    const set = await look({ ZOO_OFFLINE: '1' }, { offline: true });
    expect(set.at('offline')?.remedy).toBe('unset ZOO_OFFLINE');
  });
});

describe('what is wrong, and the command that mends it', () => {
  it('no runtime', async () => {
    const { at, ok, keys } = await look();
    expect(ok).toBe(false);
    expect(at('runtime')).toMatchObject({ state: 'problem', value: 'none', remedy: 'zoo runtime install' });
    expect(keys).not.toContain('installed');
  });

  it.each<[string, Machine, RegExp]>([
    ['Windows', { platform: 'win32', arch: 'x64', glibc: undefined }, /npm install @tensorflow\/tfjs-node@/],
    ['musl', { platform: 'linux', arch: 'x64', glibc: undefined }, /node:22-slim/],
    ['an old glibc', { platform: 'linux', arch: 'x64', glibc: '2.12' }, /newer system/],
    ['another processor', { platform: 'linux', arch: 'riscv64', glibc: '2.36' }, /ZOO_RUNTIME/],
  ])('no runtime, and none that could be installed: %s', async (_, machine, remedy) => {
    const { at } = await look({}, { machine });
    expect(at('runtime')).toMatchObject({ state: 'problem', remedy: expect.stringMatching(remedy) });
    expect(at('runtime')?.remedy).not.toContain('zoo runtime install');
  });

  it('a setting that names no runtime: installing one would not help', async () => {
    const { at } = await look({ ZOO_RUNTIME: join(home, 'nothing') });
    expect(at('runtime')).toMatchObject({ state: 'problem', remedy: 'unset ZOO_RUNTIME' });
  });

  it('a runtime that can not be read', async () => {
    await mkdir(join(home, 'zoo', 'runtime', 'x'), { recursive: true });
    await mkdir(join(home, 'zoo', 'runtime', 'x', 'runtime.json'));
    const { at } = await look();
    expect(at('installed')).toMatchObject({ state: 'problem', value: expect.stringContaining('EISDIR') });
  });

  it('no compiler, or one that does not run', async () => {
    const { at } = await look({ PATH: join(home, 'nothing') });
    expect(at('compiler')).toMatchObject({ state: 'problem', value: 'none' });
    const chosen = await look({ CXX: 'no-such-compiler', ...runtime() });
    // What is installed works without one.
    expect(chosen.at('compiler')).toMatchObject({
      state: 'note',
      value: expect.stringContaining('from CXX'),
    });
    expect(chosen.ok).toBe(true);
  });

  it('a registry that refuses or is not there', async () => {
    registry.status = 403;
    const refused = await look();
    expect(refused.ok).toBe(false);
    expect(refused.at('npmRegistry')).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('403'),
    });
    const dead = await look({ PIP_INDEX_URL: 'http://127.0.0.1:9/simple' });
    expect(dead.at('pythonIndex')).toMatchObject({ state: 'problem', value: '127.0.0.1:9' });
  });

  it('a setting that can not be used, and a mirror that does not answer', async () => {
    const { at } = await look({ PIP_INDEX_URL: 'not an address', ZOO_MIRROR: 'http://127.0.0.1:9' });
    expect(at('pythonIndex')).toMatchObject({ state: 'problem', value: 'not usable' });
    expect(at('mirror')).toMatchObject({ state: 'problem', value: '127.0.0.1:9' });
  });

  it('a cache folder that can not be made', async () => {
    await writeFile(join(home, 'file'), '');
    const { at } = await look({ ZOO_HOME: join(home, 'file', 'zoo') });
    expect(at('cache')).toMatchObject({ state: 'problem', remedy: expect.stringContaining('ZOO_HOME') });
  });

  it('an index that is none', async () => {
    await writeFile(join(home, 'index.sqlite'), 'not an index');
    const { at } = await look({ ZOO_INDEX: join(home, 'index.sqlite') });
    expect(at('index')).toMatchObject({ state: 'problem', remedy: 'unset ZOO_INDEX' });
  });

  it('more threads than cores, or none at all', async () => {
    expect((await look({ ZOO_THREADS: '512' })).at('threads')?.state).toBe('note');
    for (const count of ['many', '0', '5000']) {
      expect((await look({ ZOO_THREADS: count })).at('threads'), count).toMatchObject({
        state: 'problem',
        remedy: 'unset ZOO_THREADS',
      });
    }
    // That is no fault of TensorFlow's.
    expect((await look({ ZOO_THREADS: 'many', ...runtime() })).at('tensorflow')?.state).toBe('ok');
  });
});

it('shows no secret of any setting', async () => {
  const { host } = new URL(registry.address);
  await writeFile(join(home, '.npmrc'), `//${host}/npm/:_authToken=npm-secret-token\n`);
  const { text } = await look({
    PIP_INDEX_URL: `http://user:pip-secret@${host}/simple`,
    HTTPS_PROXY: 'http://someone:proxy-secret@127.0.0.1:9',
    ZOO_MIRROR: `http://someone:mirror-secret@${host}/`,
    ZOO_TOKEN: 'zoo-secret',
    HF_TOKEN: 'hf-secret',
  });
  expect(text).not.toMatch(/secret/);
  expect(registry.asked.map(({ authorization }) => authorization)).toContain('Bearer npm-secret-token');
});
