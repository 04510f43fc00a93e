/** `zoo features` with the real command, a tiny network from a local server, and pictures of the test's own. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useWorld } from '../support/zoo-world.js';
import { bitmap, makeTinyWorld } from './tiny-world.js';

const world = useWorld();

beforeEach(() => makeTinyWorld(world.current));

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
      /--tolerate takes a number/,
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
