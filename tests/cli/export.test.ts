/** `zoo export` with the real command, each time a process of its own. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useWorld } from '../support/zoo-world.js';
import { makeTinyWorld } from './tiny-world.js';

const world = useWorld();
const at = (...names: string[]) => join(world.current.cwd, ...names);
const run = (...words: string[]) => world.current.run(...words);

/** As JSON; fails unless it went well and said nothing else. */
async function json(...words: string[]) {
  const { code, stdout, stderr } = await run(...words, '--json');
  expect({ code, stderr }, words.join(' ')).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

beforeEach(() => makeTinyWorld(world.current));

describe('zoo export', () => {
  it('writes a network of the zoo that says what it was made from', async () => {
    const { code, stdout, stderr } = await run('export', 'tiny-eye', '--format', 'tfjs-layers', '-o', 'out');
    expect(code).toBe(0);
    expect(stderr).toContain('exporting tiny-eye as tfjs-layers');
    expect(stdout).toMatch(/^checked +gives the very numbers of the model$/m);
    expect((await readdir(at('out'))).toSorted()).toEqual([
      'README.md',
      'card.json',
      'group1-shard1of1.bin',
      'model.json',
    ]);
    const card = JSON.parse(await readFile(at('out', 'card.json'), 'utf8'));
    expect(card).toMatchObject({
      name: 'tiny-eye',
      format: { name: 'tfjs-layers' },
      base: { reference: 'image/tiny-eye@1.0.0', digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it.each(['tfjs-graph', 'tfjs-layers'])('an adapted model as %s answers as before', async (format) => {
    const trained = await run(
      'finetune',
      'tiny-eye',
      'pictures',
      '-o',
      'colours',
      '--train',
      'all',
      '--epochs',
      '2',
    );
    expect(trained.code, trained.stderr).toBe(0);
    const report = await json('export', 'colours', '--format', format, '-o', 'out');
    expect(report).toMatchObject({
      folder: at('out'),
      format,
      card: { name: 'colours', output: { labels: ['red', 'sky'] } },
      files: expect.arrayContaining(['model.json', 'card.json', 'README.md']),
      difference: expect.any(Number),
    });
    expect(report.difference).toBeLessThan(1e-5);
    const ask = async (model: string) =>
      JSON.parse((await run('predict', model, 'pictures/red/0.bmp', '--json')).stdout);
    const [before, after] = [await ask('colours'), await ask('./out')];
    expect(after.top.map(({ label }: { label: string }) => label)).toEqual(
      before.top.map(({ label }: { label: string }) => label),
    );
    expect(after.top[0].probability).toBeCloseTo(before.top[0].probability, 5);
    const layers = await json('inspect', './out');
    expect(layers).toMatchObject({ format, inputs: [{ shape: [null, 8, 8, 3] }] });
  });

  it('a folder that was exported can be exported again, quantised', async () => {
    await json('export', 'tiny-eye', '--format', 'tfjs-graph', '-o', 'one');
    const words = ['export', './one', '--format', 'tfjs-graph', '-o', 'two', '--quantisation', 'uint8'];
    expect(await json(...words)).toMatchObject({ card: { format: { quantised: 'uint8' } } });
    const again = await json(
      'export',
      './two',
      '--format',
      'tfjs-graph',
      '-o',
      'three',
      '--quantisation',
      'original',
    );
    expect(again.difference).toBe(0);
    const bytes = (folder: string) => readFile(at(folder, 'group1-shard1of1.bin'), 'hex');
    expect(await bytes('three')).toBe(await bytes('two'));
  });

  it('as safetensors and as SavedModel', async () => {
    const weights = await json('export', 'tiny-eye', '--format', 'safetensors', '-o', 'weights');
    expect(weights.files).toContain('model.safetensors');
    expect(weights.difference).toBeUndefined();
    const served = await json('export', 'tiny-ear', '--format', 'saved-model', '-o', 'served');
    expect(served.files).toContain('saved_model.pb');
    expect(served.difference).toBeLessThan(1e-5);
  });
});

describe('what is refused, with nothing written', () => {
  it.each([
    ['no format', ['export', 'tiny-eye', '-o', 'x'], 2, /--format tfjs-graph/],
    ['an unknown format', ['export', 'tiny-eye', '--format', 'onnx', '-o', 'x'], 2, /onnx/],
    ['no folder', ['export', 'tiny-eye', '--format', 'tfjs-graph'], 2, /-o DIR/],
    ['an unknown network', ['export', 'tiny-nose', '--format', 'tfjs-graph', '-o', 'x'], 3, /tiny-nose/],
    [
      'a folder without a network',
      ['export', './pictures', '--format', 'tfjs-graph', '-o', 'x'],
      3,
      /None of the files/,
    ],
    [
      'the quantisation of what is not quantised',
      ['export', 'tiny-eye', '--format', 'tfjs-layers', '-o', 'x', '--quantisation', 'original'],
      7,
      /not quantised/,
    ],
    [
      'quantisation in another format',
      ['export', 'tiny-eye', '--format', 'saved-model', '-o', 'x', '--quantisation', 'uint8'],
      2,
      /not quantised in the format/,
    ],
  ])('%s', async (_, words, code, message) => {
    const result = await run(...words);
    expect(result, words.join(' ')).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
    expect(await readdir(world.current.cwd)).toEqual(['pictures']);
  });

  it('a folder with something else in it; an export without --force', async () => {
    await mkdir(at('mine'));
    await writeFile(at('mine/thesis.txt'), 'precious');
    const into = (folder: string, ...more: string[]) =>
      run('export', 'tiny-eye', '--format', 'tfjs-graph', '-o', folder, ...more);
    expect(await into('mine', '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('thesis.txt'),
    });
    expect(await readdir(at('mine'))).toEqual(['thesis.txt']);
    expect((await into('out')).code).toBe(0);
    expect(await into('out')).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    expect((await into('out', '--force')).code).toBe(0);
  });
});
