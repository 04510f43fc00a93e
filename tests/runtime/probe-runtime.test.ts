/** Native TensorFlow tried out in processes of its own, on every Node that is supported. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probeRuntime } from '../../src/runtime/probe-runtime.js';
import { BINDING } from '../../src/runtime/runtime-layout.js';
import { nativeRuntime } from '../support/checkout-runtime.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { peer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

async function env(runtime: string): Promise<NodeJS.ProcessEnv> {
  return isolatedEnv(await temporaryFolder(), { ZOO_RUNTIME: runtime });
}

it('tells what it saw', async () => {
  expect(await probeRuntime({ env: await env(nativeRuntime()) })).toMatchObject({
    kind: 'environment',
    folder: nativeRuntime(),
    backend: 'tensorflow',
    tensorflow: expect.stringMatching(/^2\.\d+\.\d+$/),
    tfjs: '4.22.0',
    computes: true,
  });
});

describe.each(['node22', 'node24'] as const)('%s', (name) => {
  const node = peer(name);

  it.skipIf(node === undefined)('loads and differentiates with the runtime that Node 20 built', async () => {
    if (node === undefined) return;
    expect(await probeRuntime({ env: await env(nativeRuntime()), node })).toMatchObject({ computes: true });
  });
});

describe('what does not work is told in one sentence', () => {
  it('no runtime', async () => {
    const error = await thrownBy(async () => probeRuntime({ env: await env(await temporaryFolder()) }));
    expect(error).toMatchObject({
      code: 'NO_RUNTIME',
      found: expect.stringContaining('ZOO_RUNTIME names a folder'),
    });
  });

  it('a binding that is no library', async () => {
    const folder = await temporaryFolder();
    const own = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
    await cp(join(nativeRuntime(), 'node_modules'), join(folder, 'node_modules'), {
      recursive: true,
      filter: (path) => !path.includes(`${join('tfjs-node', 'deps')}`),
    });
    await mkdir(join(own, BINDING, '..'), { recursive: true });
    await writeFile(join(own, BINDING), 'not a library');
    const error = await thrownBy(async () => probeRuntime({ env: await env(folder) }));
    // In the loader's own words, which name the library.
    expect(error).toMatchObject({
      code: 'NO_RUNTIME',
      found: expect.stringMatching(/^exit code 1: Error: .*tfjs_binding\.node: /),
    });
  });

  it('a process that takes too long, or is not wanted any more', async () => {
    const options = { env: await env(nativeRuntime()) };
    expect(await thrownBy(() => probeRuntime({ ...options, timeoutMs: 1 }))).toMatchObject({
      code: 'NO_RUNTIME',
      found: expect.stringContaining('SIGKILL'),
    });
    const signal = AbortSignal.timeout(1);
    await expect(probeRuntime({ ...options, signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
