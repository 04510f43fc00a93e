/** Commands that need native TensorFlow where there is none: they ask, install it with `--yes`, or say how to get it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readOffers } from '../../src/runtime/offers.js';
import { runtimeStatus } from '../../src/runtime/runtime-status.js';
import { hasPseudoTerminal, inTerminal } from '../support/pseudo-terminal.js';
import { cachingCompiler, runtimeFilesCache } from '../support/runtime-cache.js';
import { useWorld, ZOO_COMMAND } from '../support/zoo-world.js';
import { makeTinyWorld } from './tiny-world.js';

const world = useWorld();
let installable: { readonly ZOO_SHARED_CACHE: string; readonly CXX: string };

beforeAll(async () => {
  installable = { ZOO_SHARED_CACHE: await runtimeFilesCache(), CXX: await cachingCompiler() };
});

beforeEach(async () => {
  await makeTinyWorld(world.current);
  world.current.setEnv({ ...installable, ZOO_RUNTIME: '' });
});

const FINETUNE = ['finetune', 'tiny-eye', 'pictures', '-o', 'adapter'];

async function installed(): Promise<string[]> {
  const { runtimes } = await runtimeStatus({
    home: world.current.cacheRoot,
    env: {},
    cwd: world.current.cwd,
  });
  return runtimes.map(({ ok, current, tensorflow }) => `${tensorflow} ${ok && current}`);
}

/** Neither a runtime nor a part of one, nor the network that it was wanted for. */
async function expectNothingFetched(): Promise<void> {
  expect(await installed()).toEqual([]);
  expect(await readdir(join(world.current.cacheRoot, 'blobs', 'sha256')).catch(() => [])).toEqual([]);
  expect(await readdir(world.current.cwd)).toEqual(['pictures']);
}

describe('with --yes', () => {
  it('zoo inspect installs it and goes on; the next command finds it', async () => {
    const first = await world.current.run('inspect', 'tiny-eye', '--yes', '--json');
    expect(first.code).toBe(0);
    expect(first.stderr).toContain('building the binding');
    expect(JSON.parse(first.stdout)).toMatchObject({ id: 'image/tiny-eye@1.0.0', format: 'tfjs-layers' });
    expect(await installed()).toEqual([`${readOffers().default} true`]);

    const second = await world.current.run('inspect', 'tiny-eye', '--json');
    expect(second).toEqual({ ...first, stderr: '' });
  });

  it('zoo finetune installs it and trains', async () => {
    const { code, stderr } = await world.current.run(...FINETUNE, '--yes');
    expect(code).toBe(0);
    expect(stderr).toMatch(/building the binding[\s\S]*output layer dropped[\s\S]*trained/);
    expect(await readdir(join(world.current.cwd, 'adapter'))).toContain('card.json');
  });

  it('offline, with no file of it in a cache, ends with 3', async () => {
    world.current.setEnv({ ZOO_SHARED_CACHE: '' });
    const { code, stderr } = await world.current.run(...FINETUNE, '--yes', '--offline');
    expect(code).toBe(3);
    expect(stderr).toContain('The runtime is not in the cache');
    await expectNothingFetched();
  });
});

describe('without --yes', () => {
  it.each([['inspect', 'tiny-eye'], FINETUNE])(
    'in a pipe zoo %s ends with 8 and the one command that helps',
    async (...words) => {
      const { code, stdout, stderr } = await world.current.run(...words);
      expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
      expect(stderr).toContain('Native TensorFlow is not installed');
      expect(stderr.match(/zoo runtime install/g)).toHaveLength(1);
      await expectNothingFetched();
    },
  );

  it('a folder in ZOO_RUNTIME without one is the fault, and no reason to install another', async () => {
    world.current.setEnv({ ZOO_RUNTIME: world.current.cwd });
    const { code, stderr } = await world.current.run('inspect', 'tiny-eye', '--yes');
    expect(code).toBe(8);
    expect(stderr).toContain('ZOO_RUNTIME names a folder that holds no runtime');
    await expectNothingFetched();
  });
});

describe.skipIf(!hasPseudoTerminal)('on a terminal', () => {
  const QUESTION = 'Install it now (about 200 MB)?';

  function ask(keys: string) {
    const { cwd, env } = world.current;
    const command = `'${process.execPath}' '${ZOO_COMMAND}' inspect tiny-eye`;
    return inTerminal(command, { cwd, env, answer: { to: QUESTION, keys } });
  }

  it('asks, and "n" ends with 8 and installs nothing', async () => {
    const { code, lines } = await ask('n\r');
    expect(code).toBe(8);
    expect(lines.join('\n')).toMatch(/is not installed\n[\s\S]*zoo runtime install/);
    await expectNothingFetched();
  });

  it('asks, and Ctrl-C ends with 130', async () => {
    const { code, lines } = await ask('\x03');
    expect(code).toBe(130);
    expect(lines.join('\n')).toContain('Interrupted; nothing was installed');
    await expectNothingFetched();
  });

  it('asks, and Enter installs it and goes on', async () => {
    const { code, lines } = await ask('\r');
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(/building the binding[\s\S]*tiny-eye/);
    expect(await installed()).toEqual([`${readOffers().default} true`]);
  });
});
