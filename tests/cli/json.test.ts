/** `--json`: one document, or one object a line, whose keys other programs rely on. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { cardDigest } from '../../src/registry/canonical-card.js';
import type { Card } from '../../src/registry/card.js';
import { safetensors } from '../registry/describe/tiny-files.js';
import { startFaultServer } from '../support/fault-server.js';
import { cardOf, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const WEIGHTS = safetensors({ w: { dtype: 'F32', shape: [1000], data_offsets: [0, 4000] } }, 4000);
const ID = 'image/tiny-net@1.0.0';
let card: Card;
let url: string;

beforeEach(async () => {
  const server = world.current.closeLater(await startFaultServer());
  url = server.serve('model.safetensors', WEIGHTS);
  card = await cardOf({ files: { 'model.safetensors': { bytes: WEIGHTS, sources: [url] } } });
  await world.current.index(card);
});

/** Runs a command that must end well and say everything on standard output. */
async function lines(...args: string[]) {
  const { code, stdout, stderr } = await world.current.run(...args, '--json');
  expect({ code, stderr }, args.join(' ')).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function document(...args: string[]) {
  const [only, ...more] = await lines(...args);
  expect(more).toEqual([]);
  return only;
}

const keys = (value: object) => Object.keys(value).toSorted();

describe('looking up', () => {
  it('search', async () => {
    const hits = await document('search', 'tiny');
    expect(hits).toHaveLength(1);
    expect(keys(hits[0])).toEqual(['card', 'category', 'digest', 'name', 'size', 'version', 'versions']);
    expect(hits[0]).toMatchObject({ category: 'image', name: 'tiny-net', digest: cardDigest(card) });
    expect(await document('search', 'nothing-like-this')).toEqual([]);
  });

  it('show', async () => {
    const view = await document('show', 'tiny-net');
    expect(keys(view)).toEqual(['card', 'digest', 'id', 'newBytes', 'origin', 'presentBytes']);
    expect(view).toMatchObject({ id: ID, newBytes: WEIGHTS.length, presentBytes: 0, origin: 'index', card });
    await world.current.run('pull', 'tiny-net');
    expect((await document('show', 'tiny-net')).installed).toMatchObject({ name: 'tiny-net' });
  });
});

describe('pull', () => {
  it('gives its events one a line and ends with what was installed', async () => {
    const events = await lines('pull', 'tiny-net');
    const by = Object.fromEntries(events.map((event) => [event.type, event]));
    expect(Object.keys(by)).toEqual(['plan', 'start', 'progress', 'done', 'installed']);
    expect(keys(by.plan)).toEqual(['files', 'license', 'model', 'newBytes', 'presentBytes', 'type']);
    expect(keys(by.start)).toEqual(['key', 'label', 'size', 'type']);
    expect(keys(by.progress)).toEqual(['host', 'key', 'label', 'received', 'size', 'type', 'verified']);
    expect(keys(by.done)).toEqual(['key', 'label', 'received', 'type']);
    expect(keys(by.installed)).toEqual(['digest', 'model', 'path', 'received', 'type', 'upToDate']);
    expect(events.at(-1)).toMatchObject({ type: 'installed', model: ID, upToDate: false });
    expect(await readFile(join(by.installed.path, 'model.safetensors'))).toEqual(WEIGHTS);

    const again = await lines('pull', 'tiny-net');
    expect(again.map(({ type }) => type)).toEqual(['plan', 'installed']);
  });

  it('ends with the error when it fails', async () => {
    await world.current.index(await cardOf({ files: { w: { bytes: WEIGHTS, sources: [`${url}.gone`] } } }));
    const { code, stdout, stderr } = await world.current.run('pull', 'tiny-net', '--json');
    expect({ code, stderr }).toEqual({ code: 5, stderr: '' });
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(keys(events.at(-1))).toEqual(['error']);
    expect(events.map(({ type }) => type)).toContain('failed');
  });
});

describe('what is installed', () => {
  beforeEach(async () => {
    expect(await world.current.run('pull', 'tiny-net')).toMatchObject({ code: 0 });
  });

  it('list', async () => {
    const [model, ...others] = await document('list');
    expect(others).toEqual([]);
    expect(keys(model)).toEqual([
      'card',
      'category',
      'digest',
      'files',
      'folder',
      'installedAt',
      'lastUse',
      'name',
      'shared',
      'size',
      'source',
      'version',
    ]);
  });

  it('path', async () => {
    const { path, ...rest } = await document('path', 'tiny-net');
    expect(rest).toEqual({});
    expect(await readFile(join(path, 'model.safetensors'))).toEqual(WEIGHTS);
  });

  it('verify', async () => {
    const report = await document('verify');
    expect(keys(report)).toEqual([
      'blobs',
      'bytes',
      'damaged',
      'folders',
      'missing',
      'models',
      'ok',
      'unreadable',
    ]);
    const { path } = await document('path', 'tiny-net');
    await writeFile(join(path, 'extra'), '');
    const { code, stdout } = await world.current.run('verify', '--json');
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, folders: [{ path: 'extra', problem: 'extra' }] });
    const repaired = await document('verify', '--repair');
    expect(repaired).toMatchObject({ ok: true, repaired: { blobs: 0, received: 0, models: [ID] } });
  });

  it('remove and gc', async () => {
    const plan = await document('gc', '--max-size', '1B', '--dry-run');
    expect(keys(plan)).toEqual([
      'blobBytes',
      'blobs',
      'dryRun',
      'freed',
      'kept',
      'leftovers',
      'models',
      'partialBytes',
      'partials',
      'unreadable',
    ]);
    expect(plan).toMatchObject({ dryRun: true, models: [{ name: 'tiny-net' }] });
    const [removed] = await document('remove', 'tiny-net');
    expect(keys(removed)).toEqual(['blobs', 'freed', 'id', 'removed']);
    expect(removed.id).toBe(ID);
    expect(await document('list')).toEqual([]);
  });
});

describe('index', () => {
  it('build, check and add', async () => {
    const folder = join(world.current.cwd, 'cards', 'image', 'tiny-net');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '1.0.0.json'), JSON.stringify(card));
    const built = await document('index', 'build', '--cards', 'cards', '-o', 'index.sqlite');
    expect(keys(built)).toEqual(['bytes', 'cards', 'models', 'path']);
    expect(built).toMatchObject({ cards: 1, models: 1 });

    const checked = await document('index', 'check', '--cards', 'cards', '--online');
    expect(keys(checked)).toEqual(['cards', 'deadSources', 'findings']);
    expect(checked).toMatchObject({ cards: 1, deadSources: [] });

    const { code, stdout, stderr } = await world.current.run('index', 'add', url, '--json');
    expect(code).toBe(0);
    const added = JSON.parse(stdout);
    expect(keys(added)).toEqual(['missing', 'path']);
    expect(stderr).toContain('fetching model.safetensors');
    const draft = JSON.parse(await readFile(added.path, 'utf8'));
    expect(draft).toMatchObject({ name: 'model', parameters: 1000, files: card.files });

    // What a person may have filled in since is not overwritten, which is said before anything is fetched.
    const again = await world.current.run('index', 'add', url, '--json');
    expect(again).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(again.stdout).error.hint).toContain('--force');
    expect((await world.current.run('index', 'add', url, '--json', '--force')).code).toBe(0);
  });
});
