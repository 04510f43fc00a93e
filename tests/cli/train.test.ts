/** `zoo train` and what is made of its networks, with the real command. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ARCHITECTURES } from '../../src/architectures/untrained/architectures.js';
import { useWorld } from '../support/zoo-world.js';
import { makeTinyWorld, writePictures } from './tiny-world.js';

const world = useWorld();
const at = (...names: string[]) => join(world.current.cwd, ...names);
const run = (...words: string[]) => world.current.run(...words);

/** The result as JSON, the last line; fails unless it went well and said nothing else. */
async function json(...words: string[]) {
  const { code, stdout, stderr } = await run(...words, '--json');
  expect({ code, stderr }, words.join(' ')).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

beforeEach(() => makeTinyWorld(world.current));

describe('zoo train', () => {
  it('writes a network that the other commands take', async () => {
    const said = await run('train', 'convnet', 'pictures', '-o', 'net', '--license', 'MIT');
    expect(said.stderr).toContain('2 classes with 5 examples each.');
    expect(said.stderr).toMatch(/colour pictures of 8 x 8 pixels; 2 labels: red, sky/);
    expect(said.stderr).toMatch(/trained: adam, 12 epochs, learning rate 0\.001, loss \S+ to \S+/);
    expect(said).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/net {2}\d+ kB, 26,914 parameters, net@1\.0\.0-t[0-9a-f]{8}\n$/),
    });
    const card = JSON.parse(await readFile(at('net', 'card.json'), 'utf8'));
    expect(card).toMatchObject({ license: { weights: 'MIT' }, training: { dataset: 'pictures' } });
    expect(JSON.stringify(card)).not.toContain(world.current.cwd);

    const inspected = await json('inspect', './net');
    expect(inspected.layers.find(({ role }: { role?: string }) => role === 'features').name).toBe('relu3');
    await writePictures(at('more'), 12);
    expect(await json('evaluate', 'net', 'more')).toMatchObject({ examples: 10, accuracy: 1 });
    const answer = await run('predict', 'net', 'pictures/sky/0.bmp', '--json');
    expect(JSON.parse(answer.stdout).top[0].label).toBe('sky');
    expect(await json('features', 'net', 'pictures', '-o', 'f.safetensors')).toMatchObject({
      layer: 'relu3',
    });

    const tuned = await json('finetune', 'net', 'pictures', '-o', 'tuned', '--layer', 'flatten');
    expect(tuned).toMatchObject({ base: { reference: `image/net@${card.version}` }, features: 128 });
    expect(await json('evaluate', 'tuned', 'more')).toMatchObject({ examples: 10, accuracy: 1 });
    const again = await run('finetune', 'tuned', 'pictures', '-o', 'x');
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is an adapted model') });
  });

  it('gives the same bytes with the same seed, on the examples that were chosen', async () => {
    const words = ['--per-class', '2', '--validation', '0.4', '--epochs', '3', '--image-size', '10'];
    const first = await json('train', 'convnet', 'pictures', '-o', 'one', ...words, '--channels', '1');
    expect(first).toMatchObject({
      ...{ architecture: 'convnet', imageSize: 10, channels: 1, labels: ['red', 'sky'], epochs: 3 },
      ...{ data: { examples: 4 }, evaluation: { examples: 4 } },
    });
    expect(first.losses).toHaveLength(3);
    await json('train', 'convnet', 'pictures', '-o', 'two', ...words, '--channels', '1');
    for (const file of ['model.json', 'group1-shard1of1.bin', 'training.json'])
      expect(await readFile(at('two', file), 'hex'), file).toBe(await readFile(at('one', file), 'hex'));
  });

  it('offers each architecture at Tab, and trains those with batch normalisation', async () => {
    const { stdout } = await run('complete', '--', 'train', '');
    expect(stdout.split('\n').map((line) => line.trim())).toEqual(
      expect.arrayContaining(ARCHITECTURES.map(({ name }) => name)),
    );
    expect(await json('train', 'resnet8', 'pictures', '-o', 'net', '--batch-size', '4')).toMatchObject({
      ...{ architecture: 'resnet8', imageSize: 8, layer: 'pool', features: 64, statisticsOf: 8 },
    });
    await writePictures(at('more'), 12);
    expect(await json('evaluate', 'net', 'more')).toMatchObject({ examples: 10, accuracy: 1 });
  });

  it('tells how far it is, epoch by epoch', async () => {
    const { stdout } = await run('train', 'convnet', 'pictures', '-o', 'net', '--epochs', '3', '--json');
    const lines = stdout.trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'training');
    expect(events.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(events.at(-1)).toMatchObject({ step: 3, steps: 3, loss: expect.any(Number) });
  });

  it('is replaced with --force only', async () => {
    await json('train', 'convnet', 'pictures', '-o', 'net', '--epochs', '1');
    const again = ['train', 'convnet', 'pictures', '-o', 'net', '--epochs', '2'];
    expect(await run(...again)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is a network already'),
    });
    expect(await json(...again, '--force')).toMatchObject({ epochs: 2 });
  });

  it.each([
    ['no folder to write', ['convnet', 'pictures'], 2, /Where to put the network/],
    ['an unknown architecture', ['convnt', 'pictures', '-o', 'x'], 3, /Did you mean convnet\?/],
    [
      'a folder of something else',
      ['convnet', 'pictures', '-o', 'pictures', '--force'],
      1,
      /Other files lie/,
    ],
    ['one class', ['convnet', 'pictures', '-o', 'x', '--labels', 'red'], 7, /single class/],
    [
      'a class that is not there',
      ['convnet', 'pictures', '-o', 'x', '--labels', 'red,blue'],
      7,
      /no class blue/,
    ],
    ['texts', ['convnet', 'texts.csv', '-o', 'x'], 7, /these are texts/],
    ['too small pictures', ['convnet', 'pictures', '-o', 'x', '--image-size', '5'], 2, /6 to 512 pixels/],
    ['two channels', ['convnet', 'pictures', '-o', 'x', '--channels', '2'], 2, /Allowed choices are 1, 3/],
    ['no licence', ['convnet', 'pictures', '-o', 'x', '--license', 'mine'], 2, /Not an SPDX/],
  ])('refuses %s', async (_, words, code, message) => {
    await writeFile(at('texts.csv'), 'text,label\ngood,yes\nbad,no\n');
    const result = await run('train', ...words);
    expect(result.stderr).toMatch(message);
    expect(result).toMatchObject({ code, stdout: '' });
  });
});

it('a folder without a card is no base', async () => {
  const result = await run('finetune', './pictures', 'pictures', '-o', 'x');
  expect(result).toMatchObject({ code: 3, stderr: expect.stringContaining('There is no card.json') });
});
