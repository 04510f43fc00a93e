/** `zoo features` with the real command, a tiny network from a local server, and pictures of the test's own. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Card } from '../../src/registry/card.js';
import { nativeRuntime } from '../support/checkout-runtime.js';
import { startFaultServer } from '../support/fault-server.js';
import { cardOf, useWorld } from '../support/zoo-world.js';
import { type TinyNetwork, tinyAudioNetwork, tinyImageNetwork } from '../transfer/tiny-network.js';

const world = useWorld();

/** The card of a tiny network with its files on a server. */
async function served({ folder, card }: TinyNetwork): Promise<Card> {
  const server = world.current.closeLater(await startFaultServer());
  const files: Parameters<typeof cardOf>[0]['files'] = Object.fromEntries(
    await Promise.all(
      card.files.map(async ({ path, role }) => {
        const bytes = await readFile(join(folder, path));
        return [path, { bytes, role, sources: [server.serve(path, bytes)] }] as const;
      }),
    ),
  );
  const { files: _, archives: __, ...rest } = card;
  return cardOf({ ...rest, files });
}

/** An 8 x 8 picture as a bitmap file, in one colour with one other pixel. */
function bitmap(blue: number, green: number, red: number): Buffer {
  const [header, row] = [54, 24];
  const bytes = Buffer.alloc(header + 8 * row);
  bytes.write('BM', 0);
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(header, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(8, 18);
  bytes.writeInt32LE(8, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let at = header; at < bytes.length; at += 3) bytes.set([blue, green, red], at);
  bytes.set([255 - blue, green, 7], header);
  return bytes;
}

beforeEach(async () => {
  world.current.setEnv({ ZOO_RUNTIME: nativeRuntime() });
  await world.current.index(await served(await tinyImageNetwork()), await served(await tinyAudioNetwork()));
  for (const [label, colour] of [
    ['red', [0, 0, 250]],
    ['sky', [250, 200, 0]],
  ] as const) {
    const folder = join(world.current.cwd, 'pictures', label);
    await mkdir(folder, { recursive: true });
    for (let index = 0; index < 5; index++) {
      const [blue = 0, green = 0, red = 0] = colour.map((value) => Math.abs(value - 9 * index));
      await writeFile(join(folder, `${index}.bmp`), bitmap(blue, green, red));
    }
  }
});

const at = (name: string) => join(world.current.cwd, name);
const run = (...words: string[]) => world.current.run('features', ...words);

async function json(...words: string[]) {
  const { code, stdout, stderr } = await run(...words, '--json');
  expect({ code, stderr }, words.join(' ')).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('features of a folder', () => {
  it('pulls the network, writes both files, keeps the features, and says what it did', async () => {
    const first = await run('tiny-eye', 'pictures', '-o', 'all.safetensors');
    expect(first.stderr).toContain(
      'image/tiny-eye@1.0.0: 4 features at pool; 15 parameters behind it dropped',
    );
    expect(first).toMatchObject({
      code: 0,
      stdout: `${at('all.safetensors')}: 10 x 4\n${at('all.csv')}: names and labels\n`,
    });
    const [header, row, ...rows] = (await readFile(at('all.csv'), 'utf8')).trimEnd().split('\n');
    expect(header).toBe('name,label,sha256');
    expect(row).toMatch(/^red\/0\.bmp,red,[0-9a-f]{64}$/);
    expect(rows).toHaveLength(9);
    expect(await readdir(join(world.current.cacheRoot, 'features'))).toHaveLength(1);

    const again = await json('tiny-eye', 'pictures', '-o', 'again.safetensors');
    expect(again).toEqual({
      file: at('again.safetensors'),
      csv: at('again.csv'),
      rows: 10,
      width: 4,
      computed: 0,
      network: 'image/tiny-eye@1.0.0',
      layer: 'pool',
      pooling: 'none',
      notes: [],
      unreadable: [],
    });
    expect(await readFile(at('again.safetensors'), 'hex')).toBe(await readFile(at('all.safetensors'), 'hex'));
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('parts of several runs merge to the same bytes', async () => {
    await json('tiny-eye', 'pictures', '-o', 'all.safetensors', '--batch-size', '3');
    for (const part of ['1', '2']) {
      await json(
        'tiny-eye',
        'pictures',
        '-o',
        `part-${part}.safetensors`,
        '--batch-size',
        '3',
        '--shard',
        `${part}/2`,
      );
    }
    const files = ['part-2.safetensors', 'part-1.safetensors'];
    expect(await json('merge', ...files, '-o', 'merged.safetensors')).toMatchObject({
      rows: 10,
      width: 4,
      parts: 2,
    });
    for (const ending of ['safetensors', 'csv']) {
      expect(await readFile(at(`merged.${ending}`), 'hex')).toBe(await readFile(at(`all.${ending}`), 'hex'));
    }
    const missing = await run('merge', 'part-1.safetensors', '-o', 'less.safetensors');
    expect(missing.code).toBe(7);
    expect(missing.stderr).toMatch(/Parts are missing[\s\S]*without 2/);
  });

  it('takes another layer and pooling', async () => {
    const other = await json(
      'tiny-eye',
      'pictures',
      '-o',
      'conv.safetensors',
      '--layer',
      'conv',
      '--pooling',
      'none',
    );
    expect(other).toMatchObject({ layer: 'conv', pooling: 'none', width: 144 });
  });

  it('leaves out what can not be read, where that is allowed', async () => {
    await writeFile(at('pictures/red/broken.bmp'), bitmap(1, 2, 3).subarray(0, 80));
    const refused = await run('tiny-eye', 'pictures', '-o', 'all.safetensors');
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain('broken.bmp');
    expect(await readdir(world.current.cwd)).toEqual(['pictures']);
    const { rows, unreadable } = await json(
      'tiny-eye',
      'pictures',
      '-o',
      'all.safetensors',
      '--tolerate',
      '0.1',
    );
    expect(rows).toBe(10);
    expect(unreadable).toEqual([{ name: 'red/broken.bmp', reason: expect.stringContaining('broken.bmp') }]);
  });
});

describe('refusals', () => {
  it.each([
    [
      'pictures for a network that hears',
      ['tiny-ear', 'pictures', '-o', 'x.safetensors'],
      7,
      /hears 8 kHz mono audio|hears audio/,
    ],
    ['nothing at the path', ['tiny-eye', 'nowhere', '-o', 'x.safetensors'], 3, /nothing at nowhere/],
    [
      'a network as data',
      ['tiny-eye', 'tiny-ear', '-o', 'x.safetensors'],
      7,
      /tiny-ear is a network, not data/,
    ],
    [
      'an unknown layer',
      ['tiny-eye', 'pictures', '-o', 'x.safetensors', '--layer', 'pol'],
      3,
      /no layer or node called pol/,
    ],
    ['no file to write', ['tiny-eye', 'pictures'], 2, /Where to write/],
    ['a table in place of the tensors', ['tiny-eye', 'pictures', '-o', 'x.csv'], 2, /a name of their own/],
    ['a shard from 0', ['tiny-eye', 'pictures', '-o', 'x.safetensors', '--shard', '0/4'], 2, /Not a shard/],
    [
      'a share beyond all',
      ['tiny-eye', 'pictures', '-o', 'x.safetensors', '--tolerate', '7'],
      2,
      /share of unreadable/,
    ],
    ['another pooling', ['tiny-eye', 'pictures', '-o', 'x.safetensors', '--pooling', 'best'], 2, /best/],
    ['nothing to merge', ['merge', 'x.safetensors', '-o', 'y.safetensors'], 3, /no such file/i],
  ])('%s', async (_, words, code, message) => {
    const result = await run(...words);
    expect(result.stderr).toMatch(message);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(await readdir(world.current.cwd)).toEqual(['pictures']);
  });

  it('files that are there are replaced only with --force', async () => {
    await writeFile(at('all.csv'), 'precious');
    const refused = await run('tiny-eye', 'pictures', '-o', 'all.safetensors');
    expect(refused.code).toBe(2);
    expect(await readFile(at('all.csv'), 'utf8')).toBe('precious');
    expect((await run('tiny-eye', 'pictures', '-o', 'all.safetensors', '--force')).code).toBe(0);
    expect(await readFile(at('all.csv'), 'utf8')).toMatch(/^name,label,sha256\n/);
  });

  it('without native TensorFlow it says how to get it', async () => {
    world.current.setEnv({ ZOO_RUNTIME: at('nowhere') });
    const result = await run('tiny-eye', 'pictures', '-o', 'x.safetensors');
    expect(result.code).toBe(8);
    expect(result.stderr).toContain('zoo runtime install');
  });
});
