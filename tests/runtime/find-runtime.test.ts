/** Which runtime is found: folders that look like runtimes in every way but that nothing is loaded. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findRuntime } from '../../src/runtime/find-runtime.js';
import { BINDING } from '../../src/runtime/runtime-layout.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

let root: string;
let home: string;
let cwd: string;

beforeEach(async () => {
  root = await temporaryFolder();
  [home, cwd] = [join(root, 'home'), join(root, 'program')];
  await mkdir(cwd, { recursive: true });
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** tfjs-node with its binding, as an installed package in `folder`. */
async function packageIn(folder: string): Promise<string> {
  const own = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  await put(join(own, 'package.json'), '{"name": "@tensorflow/tfjs-node", "main": "dist/index.js"}');
  await put(join(own, 'dist', 'index.js'), '');
  await put(join(own, BINDING), '');
  return own;
}

async function managed(name: string, files: 'whole' | 'unfinished' = 'whole'): Promise<string> {
  const folder = join(home, 'runtime', name);
  await packageIn(folder);
  if (files === 'whole') await put(join(folder, 'runtime.json'), '{}');
  await put(join(home, 'runtime', 'current.json'), JSON.stringify({ runtime: name }));
  return folder;
}

const look = (env: NodeJS.ProcessEnv = {}) => findRuntime({ env: { ...env, ZOO_HOME: home }, cwd });

describe('order', () => {
  it('is ZOO_RUNTIME, the managed runtime, the own package of the program', async () => {
    const own = await packageIn(cwd);
    expect(look()).toMatchObject({ kind: 'program', folder: own, entry: join(own, 'dist', 'index.js') });
    const current = await managed('2.18.0-cpu-linux-x64');
    expect(look()).toMatchObject({ kind: 'managed', folder: current });
    const named = join(root, 'elsewhere');
    await packageIn(named);
    expect(look({ ZOO_RUNTIME: named })).toMatchObject({ kind: 'environment', folder: named });
    expect(look({ ZOO_RUNTIME: '' })).toMatchObject({ kind: 'managed' });
  });

  it('passes over a package of the program that was never built', async () => {
    await put(join(cwd, 'node_modules', '@tensorflow', 'tfjs-node', 'package.json'), '{"main": "i.js"}');
    expect(await thrownBy(look)).toMatchObject({ code: 'NO_RUNTIME' });
  });

  it('finds the package of a program that links to it', async () => {
    const store = join(root, 'store');
    const own = await packageIn(store);
    await mkdir(join(cwd, 'node_modules', '@tensorflow'), { recursive: true });
    await symlink(own, join(cwd, 'node_modules', '@tensorflow', 'tfjs-node'), 'dir');
    expect(look()).toMatchObject({ kind: 'program', folder: own });
  });
});

describe('what is damaged', () => {
  it('says what ZOO_RUNTIME names, and does not look elsewhere', async () => {
    await managed('2.18.0-cpu-linux-x64');
    const error = await thrownBy(() => look({ ZOO_RUNTIME: join(root, 'nothing') }));
    expect(error).toMatchObject({ code: 'NO_RUNTIME', exitCode: 8, found: join(root, 'nothing') });
  });

  it('refuses a relative ZOO_RUNTIME, even where there is a runtime', async () => {
    await packageIn(join(cwd, 'here'));
    for (const folder of ['here', './here', '../program/here']) {
      const error = await thrownBy(() => look({ ZOO_RUNTIME: folder }));
      expect(error).toMatchObject({ code: 'NO_RUNTIME', found: folder });
      expect(error.message).toContain('absolute');
    }
  });

  it.each([
    ['a runtime that was not finished', () => managed('2.18.0-cpu-linux-x64', 'unfinished')],
    [
      'a pointer to a folder that is gone',
      () => put(join(home, 'runtime', 'current.json'), '{"runtime": "x"}'),
    ],
    [
      'a pointer that leaves the folder',
      async () => {
        await packageIn(join(home, 'evil'));
        await put(join(home, 'evil', 'runtime.json'), '{}');
        await put(join(home, 'runtime', 'current.json'), '{"runtime": "../evil"}');
      },
    ],
    ['half a pointer', () => put(join(home, 'runtime', 'current.json'), '{"runt')],
    ['a pointer of another kind', () => put(join(home, 'runtime', 'current.json'), '[7]')],
  ])('is not taken: %s', async (_, make) => {
    await make();
    expect(await thrownBy(look)).toMatchObject({
      code: 'NO_RUNTIME',
      hint: expect.stringContaining('zoo runtime install'),
    });
  });
});
