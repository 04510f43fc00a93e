/** `zoo doctor` on real runtimes that were damaged: it notices, and the command that it names mends. */
import { copyFile, open, readFile, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Finding, Section } from '../../../src/runtime/doctor/finding.js';
import { BINDING_PATH } from '../../../src/runtime/runtime-layout.js';
import { nativeRuntime } from '../../support/checkout-runtime.js';
import { cachingCompiler, runtimeFilesCache, startZoo } from '../../support/runtime-cache.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const CORE = 'tensorflow/libtensorflow_cc.so.2';
const FRAMEWORK = 'tensorflow/libtensorflow_framework.so.2';

let env: Record<string, string>;
let folder: string;

beforeAll(async () => {
  env = {
    ZOO_HOME: await temporaryFolder('home'),
    ZOO_SHARED_CACHE: await runtimeFilesCache(),
    // How it is built makes no difference here: the checkout's runtime has the same binding.
    CXX: await cachingCompiler(join(nativeRuntime(), BINDING_PATH)),
    npm_config_registry: 'http://127.0.0.1:9/',
    PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
  };
  const { stdout } = await zoo('runtime', 'install', '--json');
  ({ folder } = JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}, 120_000);

function zoo(...args: string[]) {
  return startZoo(args, env).ended;
}

/** The file as one of its own: as installed it shares its bytes with the cache, and here with the checkout's. */
async function unshare(path: string): Promise<string> {
  const file = join(folder, path);
  await copyFile(file, `${file}.copy`);
  await rename(`${file}.copy`, file);
  return file;
}

/** One byte, in the words of a message: nothing that is done with the library depends on it. */
async function damageWords(path: string): Promise<void> {
  const file = await unshare(path);
  const at = (await readFile(file)).indexOf('not implemented');
  expect(at).toBeGreaterThan(0);
  const library = await open(file, 'r+');
  await library.write(Buffer.from('N'), 0, 1, at);
  await library.close();
}

async function doctor(more: Record<string, string> = {}) {
  const { code, stdout } = await startZoo(['doctor', '--offline', '--json'], { ...env, ...more }).ended;
  const report: { readonly ok: boolean; readonly sections: readonly Section[] } = JSON.parse(stdout);
  const findings = report.sections.flatMap((section) => section.findings);
  return {
    code,
    ok: report.ok,
    at: (key: string): Finding | undefined => findings.find((one) => one.key === key),
  };
}

/** Types the command that the doctor gave, and lets it look again. */
async function follow(remedy: string | undefined): Promise<void> {
  const [command, ...args] = (remedy ?? '').split(' ');
  expect(command).toBe('zoo');
  expect((await zoo(...args)).code).toBe(0);
  const after = await doctor();
  expect(after.at('installed')).toMatchObject({
    state: 'ok',
    value: expect.stringContaining('files are right'),
  });
  expect(after).toMatchObject({ code: 0, ok: true });
}

describe('what the doctor notices', () => {
  it('one wrong byte of a library, which loads all the same', async () => {
    await damageWords(FRAMEWORK);
    const { code, ok, at } = await doctor();
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    expect(at('tensorflow')?.state).toBe('ok');
    expect(at('installed')).toMatchObject({
      state: 'problem',
      value: expect.stringMatching(/-cpu-.*, current: 1 of \d+ files damaged$/),
      detail: `${FRAMEWORK} (wrong bytes)`,
      remedy: 'zoo runtime install',
    });
    await follow(at('installed')?.remedy);
  });

  it('a library that ends early, which does not load', async () => {
    await truncate(await unshare(CORE), 1_000_000);
    const { code, at } = await doctor();
    expect(code).toBe(8);
    expect(at('installed')).toMatchObject({ state: 'problem', detail: `${CORE} (wrong size)` });
    expect(at('tensorflow')).toMatchObject({ state: 'problem', remedy: 'zoo runtime install' });
    // Its pages are missing once it is mapped: only a process of its own survives that.
    expect(at('tensorflow')?.detail).toMatch(/SIGBUS|libtensorflow_cc/);
    await follow(at('tensorflow')?.remedy);
  });

  it('a binding that is gone: the runtime is not found, and the doctor says why', async () => {
    await rm(join(folder, BINDING_PATH));
    const { code, at } = await doctor();
    expect(code).toBe(8);
    expect(at('runtime')).toMatchObject({ state: 'problem', value: 'none', remedy: 'zoo runtime install' });
    expect(at('installed')).toMatchObject({ state: 'problem', detail: `${BINDING_PATH} (missing)` });
    await follow(at('installed')?.remedy);
  });

  it('a runtime that is half-removed', async () => {
    await rm(join(folder, 'runtime.json'));
    await rm(join(folder, 'node_modules', 'long'), { recursive: true });
    const { code, at } = await doctor();
    expect(code).toBe(8);
    expect(at('installed')).toMatchObject({
      state: 'problem',
      value: expect.stringContaining('half-removed'),
    });
    await follow(at('installed')?.remedy);
  });

  it('many damaged files: names some and counts the others', async () => {
    await rm(join(folder, 'node_modules', '@tensorflow', 'tfjs-node', 'dist'), { recursive: true });
    const { at } = await doctor();
    expect(at('installed')?.detail).toMatch(/^(\S+ \(missing\), ){2}\S+ \(missing\) and \d+ more$/);
    await follow(at('installed')?.remedy);
  });

  it('damage in a copy that ZOO_RUNTIME names, by its own manifest', async () => {
    await damageWords(FRAMEWORK);
    const { code, at } = await doctor({ ZOO_HOME: await temporaryFolder('empty'), ZOO_RUNTIME: folder });
    expect(code).toBe(1);
    expect(at('installed')).toMatchObject({
      state: 'problem',
      value: expect.stringContaining(folder),
      remedy: 'unset ZOO_RUNTIME',
    });
    await follow('zoo runtime install');
  });
});

it('the page for people names the fault and the command on lines of their own', async () => {
  await damageWords(FRAMEWORK);
  const { code, stdout } = await zoo('doctor', '--offline');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ Installed {8}\S+, current: 1 of \d+ files damaged$/m);
  expect(stdout).toMatch(
    /^ +tensorflow\/libtensorflow_framework\.so\.2 \(wrong bytes\)\n +→ zoo runtime install$/m,
  );
  expect(stdout).toContain('✗ 1 problem\n');
});
