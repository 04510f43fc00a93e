/** `zoo pull` killed at random moments: what is visible is right, and the next pull goes on. */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { tgzOf } from '../support/archive-builder.js';
import { npmRegistry } from '../support/fake-registries.js';
import { seededBytes, seededRandom, startFaultServer } from '../support/fault-server.js';
import { cardOf, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const KILLS = 20;

it('never shows a wrong file, and the next pull succeeds', async () => {
  const random = seededRandom(2026);
  const server = world.current.closeLater(await startFaultServer());
  const weights = seededBytes(1, 24_000_000);
  const small = seededBytes(2, 30_000);
  const packed = seededBytes(3, 2_000_000);
  const tgz = tgzOf({ name: 'package/extra.bin', data: packed });
  const registry = world.current.closeLater(await npmRegistry({ packages: { 'net@1.0.0': tgz } }));
  world.current.setEnv({ npm_config_registry: registry.registry });
  server.plan = ({ path }) => (path === '/w' ? { kind: 'slow', chunk: 400_000, pauseMs: 8 } : undefined);
  const contents = { 'model.safetensors': weights, 'labels.txt': small, 'extra.bin': packed };
  const card = await cardOf({
    files: {
      'model.safetensors': { bytes: weights, sources: [server.serve('w', weights)] },
      'labels.txt': { bytes: small, sources: [server.serve('s', small)], role: 'labels' },
      'extra.bin': { bytes: packed, sources: ['npm:net@1.0.0#extra.bin'] },
    },
    archives: [{ locator: 'npm:net@1.0.0', name: 'net-1.0.0.tgz', bytes: tgz }],
  });
  await world.current.index(card);

  /** Whatever can be seen in the cache has the right bytes. */
  const checkVisible = async (): Promise<boolean> => {
    const blobs = join(world.current.cacheRoot, 'blobs', 'sha256');
    for (const name of await readdir(blobs).catch(() => [])) {
      if (/^[0-9a-f]{64}$/.test(name)) expect(sha256(await readFile(join(blobs, name)))).toBe(name);
    }
    const models = await (await world.current.cache()).list();
    for (const { folder } of models) {
      for (const [path, bytes] of Object.entries(contents)) {
        expect(sha256(await readFile(join(folder, path)))).toBe(sha256(bytes));
      }
    }
    return models.length > 0;
  };

  let killed = 0;
  let finished = 0;
  while (killed < KILLS) {
    const running = world.current.start(['pull', 'tiny-net', '--json']);
    // From its first event on, as a start takes longer than anything else.
    await Promise.race([once(running.process.stdout ?? running.process, 'data'), running.ended]);
    await delay(random() * 350);
    running.process.kill('SIGKILL');
    const { signal } = await running.ended;
    if (signal === 'SIGKILL') killed++;
    if (await checkVisible()) {
      // It was faster than the kill: all over again.
      finished++;
      const zoo = await world.current.zoo();
      await zoo.remove('tiny-net');
      expect(finished).toBeLessThan(200);
    }
  }

  server.plan = () => undefined;
  const { code, stderr } = await world.current.run('pull', 'tiny-net');
  expect({ code, stderr: stderr.includes('error') }).toEqual({ code: 0, stderr: false });
  expect(await checkVisible()).toBe(true);
  expect((await (await world.current.zoo()).verify()).report.ok).toBe(true);
  const partial = await readdir(join(world.current.cacheRoot, 'partial'));
  expect(partial.filter((name) => /\.(part|journal)$/.test(name))).toEqual([]);
}, 240_000);
