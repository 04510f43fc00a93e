import { describe, expect, it } from 'vitest';
import { openSources } from '../../src/sources/open-sources.js';
import { deadSources } from '../../src/zoo/check-sources.js';
import { tgzOf } from '../support/archive-builder.js';
import { npmRegistry } from '../support/fake-registries.js';
import { seededBytes, startFaultServer } from '../support/fault-server.js';
import { cardOf, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const quiet = new AbortController().signal;

describe('deadSources', () => {
  it('names each source that is gone or has another size, and nothing that lives', async () => {
    const server = world.current.closeLater(await startFaultServer());
    const bytes = seededBytes(1, 5000);
    const tgz = tgzOf({ name: 'package/w', data: bytes }, { name: 'package/empty', data: '' });
    const registry = world.current.closeLater(
      await npmRegistry({ packages: { 'net@1.0.0': tgz, 'other@1.0.0': Buffer.from('shorter') } }),
    );
    world.current.setEnv({ npm_config_registry: registry.registry });
    const alive = server.serve('alive', bytes);
    const other = server.serve('other', bytes.subarray(1));
    const card = await cardOf({
      files: {
        w: {
          bytes,
          sources: [
            alive,
            `${server.origin}/gone`,
            other,
            'http://127.0.0.1:9/w',
            'npm:net@1.0.0#w',
            'npm:other@1.0.0#w',
            'npm:gone@1.0.0#w',
          ],
        },
        empty: {
          bytes: Buffer.alloc(0),
          sources: [server.serve('empty', Buffer.alloc(0)), 'npm:net@1.0.0#empty'],
        },
      },
      archives: ['net', 'other', 'gone'].map((name) => ({
        locator: `npm:${name}@1.0.0`,
        name: `${name}-1.0.0.tgz`,
        bytes: tgz,
      })),
    });
    const sources = world.current.closeLater(openSources({ env: world.current.env, cwd: world.current.cwd }));
    const dead = await deadSources([card], sources, quiet);
    expect(dead.map(({ source }) => source)).toEqual(
      [
        `${server.origin}/gone`,
        'http://127.0.0.1:9/w',
        'npm:gone@1.0.0',
        'npm:other@1.0.0',
        other,
      ].toSorted(),
    );
    expect(dead.every(({ card: id }) => id === 'image/tiny-net@1.0.0')).toBe(true);
    expect(dead.find(({ source }) => source === other)?.reason).toContain('4999');
    // A byte of each tells enough.
    expect(server.bodyBytes).toBeLessThan(100);
  });

  it('asks for a package once, however many files come out of it', async () => {
    const files = Array.from({ length: 40 }, (_, index) => `file-${index}`);
    const tgz = tgzOf(...files.map((name) => ({ name: `package/${name}`, data: name })));
    const registry = world.current.closeLater(await npmRegistry({ packages: { 'net@1.0.0': tgz } }));
    world.current.setEnv({ npm_config_registry: registry.registry });
    const card = await cardOf({
      files: Object.fromEntries(
        files.map((name) => [name, { bytes: Buffer.from(name), sources: [`npm:net@1.0.0#${name}`] }]),
      ),
      archives: [{ locator: 'npm:net@1.0.0', name: 'net-1.0.0.tgz', bytes: tgz }],
    });
    const sources = world.current.closeLater(openSources({ env: world.current.env, cwd: world.current.cwd }));
    expect(await deadSources([card], sources, quiet)).toEqual([]);
    expect(registry.asked).toHaveLength(2);
  });

  it('ends when it is interrupted', async () => {
    const card = await cardOf({
      files: { w: { bytes: Buffer.from('w'), sources: ['http://127.0.0.1:9/w'] } },
    });
    const sources = world.current.closeLater(openSources({ env: world.current.env, cwd: world.current.cwd }));
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(deadSources([card], sources, aborted)).rejects.toThrow('enough');
  });
});
