/** `zoo runtime` as a person or a script sees it. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOffers } from '../../src/runtime/offers.js';
import { runtimeFilesCache } from '../support/runtime-cache.js';
import { smallVolume } from '../support/small-volume.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { useWorld } from '../support/zoo-world.js';

const world = useWorld();
const { default: usual } = readOffers();

/** A folder that looks like a runtime to everything but a program that would load it. */
async function fakeRuntime(
  name: string,
  files: Readonly<Record<string, string>> = { a: 'aa' },
): Promise<string> {
  const folder = join(world.current.cacheRoot, 'runtime', name);
  const [tensorflow, device] = name.split('-');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const manifest = {
    tensorflow,
    device,
    platform: 'linux-x64',
    tested: true,
    node: 'v20.19.0',
    compiler: 'c++ 12',
    files: Object.entries(files).map(([path, text]) => ({ path, size: text.length, sha256: '0'.repeat(64) })),
  };
  await writeFile(join(folder, 'runtime.json'), JSON.stringify(manifest));
  return folder;
}

describe('install', () => {
  it('lists the versions on offer when another is asked for', async () => {
    const { code, stderr } = await world.current.run('runtime', 'install', '--version', '2.9.1');
    expect(code).toBe(2);
    expect(stderr).toContain('TensorFlow 2.9.1 is not on offer');
    expect(stderr).toContain(readOffers().default);
  });

  it('without a compiler ends with 8 and says how to get one, before anything is fetched', async () => {
    world.current.setEnv({ PATH: await temporaryFolder() });
    const { code, stderr, stdout } = await world.current.run('runtime', 'install');
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(stderr).toMatch(/no C\+\+ compiler[\s\S]*apt-get install g\+\+/);
    expect(stderr).not.toContain('fetching');
  });

  it('names the compiler of CXX that does not run', async () => {
    world.current.setEnv({ CXX: '/nowhere/c++' });
    const { code, stderr } = await world.current.run('runtime', 'install');
    expect(code).toBe(8);
    expect(stderr).toContain('CXX=/nowhere/c++');
  });

  it('tells the first error of a compiler that can not build it, and leaves nothing', async () => {
    const broken = join(await temporaryFolder(), 'c++');
    const script =
      '#!/bin/sh\n[ "$1" = --version ] && echo "c++ 4.8" && exit\necho "error: unknown -std=c++17" >&2\nexit 1\n';
    await writeFile(broken, script, { mode: 0o755 });
    world.current.setEnv({ CXX: broken, ZOO_SHARED_CACHE: await runtimeFilesCache() });
    const { code, stderr } = await world.current.run('runtime', 'install');
    expect(code).toBe(8);
    expect(stderr).toContain('c++ 4.8: error: unknown -std=c++17');
    expect(await readdir(join(world.current.cacheRoot, 'runtime'))).toEqual([]);
    expect(await world.current.leftovers()).toEqual([]);
  });

  it("asks the registries of the user's configuration, and no others", async () => {
    const { code, stderr } = await world.current.run('runtime', 'install');
    expect(code).toBe(5);
    expect(stderr).toContain('127.0.0.1:9');
  });

  it('offline says that it would have to fetch, once', async () => {
    const { code, stderr } = await world.current.run('runtime', 'install', '--offline');
    expect(code).toBe(3);
    expect(stderr).toContain('offline');
    expect(stderr).not.toContain('127.0.0.1');
  });

  it('into a read-only cache is refused in plain words', async (context) => {
    const volume = await smallVolume('size=1m');
    if (volume === undefined) return context.skip('only root can mount');
    try {
      volume.remount('ro');
      world.current.setEnv({ ZOO_HOME: volume.path });
      const { code, stderr } = await world.current.run('runtime', 'install');
      expect(code).toBe(1);
      expect(stderr).toContain('The cache is read-only');
      expect(stderr).toContain('ZOO_HOME');
    } finally {
      volume.unmount();
    }
  });

  it('with --json prints events and errors as JSON', async () => {
    const { code, stdout, stderr } = await world.current.run('runtime', 'install', '--offline', '--json');
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ type: 'runtime', tested: true, fetch: expect.any(Number) });
    expect(lines.at(-1)).toMatchObject({ error: { code: 'NOT_CACHED' } });
  });
});

describe('status', () => {
  it('says that there is none, and how to get one', async () => {
    const { code, stdout } = await world.current.run('runtime', 'status');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'no runtime is installed; to get one: zoo runtime install\n',
    });
  });

  it('ends with 4 when one is damaged, and gives the command that mends it', async () => {
    const folder = await fakeRuntime(`${usual}-cpu-linux-x64`, { a: 'aa', 'b/c': 'ccc' });
    await fakeRuntime('2.21.0-gpu-linux-x64');
    expect((await world.current.run('runtime', 'status')).code).toBe(0);
    await rm(join(folder, 'b'), { recursive: true });
    const { code, stdout } = await world.current.run('runtime', 'status');
    expect(code).toBe(4);
    expect(stdout).toMatch(/missing {2}b\/c\n {2}to mend it: zoo runtime install\n/);

    const hashed = await world.current.run('runtime', 'status', '--verify', '--json');
    expect(hashed.code).toBe(4);
    expect(JSON.parse(hashed.stdout)).toMatchObject({
      runtimes: [
        {
          ok: false,
          faults: [
            { path: 'a', fault: 'wrong bytes' },
            { path: 'b/c', fault: 'missing' },
          ],
        },
        { ok: false, mend: 'zoo runtime install --gpu --version 2.21.0' },
      ],
    });
  });

  it('names what is used instead of them', async () => {
    await fakeRuntime('2.21.0-cpu-linux-x64');
    const { stderr } = await world.current.run('runtime', 'status');
    expect(stderr).toContain('none of them is used');
  });
});

describe('remove', () => {
  it('needs a name where several are installed', async () => {
    await fakeRuntime(`${usual}-cpu-linux-x64`);
    await fakeRuntime('2.21.0-cpu-linux-x64');
    const { code, stderr } = await world.current.run('runtime', 'remove');
    expect(code).toBe(2);
    expect(stderr).toContain('Several runtimes are installed');
  });

  it('says that the current one went, and which is current now', async () => {
    await fakeRuntime(`${usual}-cpu-linux-x64`);
    await fakeRuntime('2.21.0-cpu-linux-x64');
    const current = join(world.current.cacheRoot, 'runtime', 'current.json');
    await writeFile(current, JSON.stringify({ runtime: '2.21.0-cpu-linux-x64' }));
    const { code, stdout } = await world.current.run('runtime', 'remove', '2.21.0');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^removed 2\.21\.0-cpu-linux-x64, which was current; .* freed\n/);
    expect(stdout).toContain(`current: ${usual}-cpu-linux-x64\n`);

    const all = await world.current.run('runtime', 'remove', '--all', '--json');
    expect(JSON.parse(all.stdout)).toMatchObject({ removed: [{ wasCurrent: true }] });
    expect(await readdir(join(world.current.cacheRoot, 'runtime'))).toEqual([]);
  });

  it('from a read-only cache is refused in plain words', async (context) => {
    const volume = await smallVolume('size=1m');
    if (volume === undefined) return context.skip('only root can mount');
    try {
      world.current.setEnv({ ZOO_HOME: volume.path });
      await mkdir(join(volume.path, 'runtime', `${usual}-cpu-linux-x64`), { recursive: true });
      volume.remount('ro');
      const { code, stderr } = await world.current.run('runtime', 'remove');
      expect(code).toBe(1);
      expect(stderr).toContain('The cache is read-only: its runtimes can not be removed');
      expect((await world.current.run('runtime', 'remove', '1.0.0')).code).toBe(3);
    } finally {
      volume.unmount();
    }
  });

  it('ends with 3 when there is no such runtime', async () => {
    const { code, stderr } = await world.current.run('runtime', 'remove', '1.0.0');
    expect(code).toBe(3);
    expect(stderr).toContain('zoo runtime status');
  });
});
