/** `zoo finetune`, `evaluate` and `predict` with the real command, each time a process of its own. */
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CliResult, useWorld } from '../support/zoo-world.js';
import { bitmap, makeTinyWorld, writePictures } from './tiny-world.js';

const world = useWorld();
const at = (...names: string[]) => join(world.current.cwd, ...names);
const run = (...words: string[]) => world.current.run(...words);

/** As JSON; fails unless it went well and said nothing else. */
async function json(...words: string[]) {
  const { code, stdout, stderr } = await run(...words, '--json');
  expect({ code, stderr }, words.join(' ')).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

beforeEach(() => makeTinyWorld(world.current));

describe('zoo finetune', () => {
  it('trains a new output layer and writes a folder that names its base', async () => {
    const first = await run('finetune', 'tiny-eye', 'pictures', '-o', 'colours');
    expect(first.stderr).toContain('tiny-eye@1.0.0: output layer dropped, 15 parameters; 4 features at pool');
    expect(first.stderr).toContain('new linear head of 2 units: red, sky; 10 examples to learn from');
    expect(first.stderr).toMatch(/trained: lbfgs, \d+ iterations, C \S+ of 9 tried, accuracy 100\.0 %/);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/colours {2}\d kB on top of image\/tiny-eye@1\.0\.0\n$/),
    });
    expect((await readdir(at('colours'))).sort()).toEqual(['adapted.json', 'card.json', 'head.safetensors']);
    const card = JSON.parse(await readFile(at('colours', 'card.json'), 'utf8'));
    expect(card).toMatchObject({
      name: 'colours',
      task: 'image-classification',
      license: { weights: 'Apache-2.0' },
      output: { units: 2, labels: ['red', 'sky'] },
      base: { reference: 'image/tiny-eye@1.0.0', digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const details = await readFile(at('colours', 'adapted.json'), 'utf8');
    expect(JSON.parse(details)).toMatchObject({
      seed: 0,
      data: { origin: 'pictures', examples: 10 },
      recipe: { train: 'head', solver: 'lbfgs' },
      metrics: { crossValidation: { mean: 1 }, evaluation: null },
    });
    expect(details).not.toContain(world.current.cwd);
  });

  it('gives the same bytes with the same seed, and takes features from the cache the second time', async () => {
    const first = await json('finetune', 'tiny-eye', 'pictures', '-o', 'one', '--seed', '7');
    const again = await json('finetune', 'tiny-eye', 'pictures', '-o', 'two', '--seed', '7');
    expect(first).toMatchObject({ computed: 10, labels: ['red', 'sky'], features: 4, layer: 'pool' });
    expect(again).toMatchObject({ computed: 0, seed: 7, data: first.data, evidence: first.evidence });
    for (const file of ['head.safetensors', 'adapted.json']) {
      expect(await readFile(at('two', file), 'hex'), file).toBe(await readFile(at('one', file), 'hex'));
    }
  });

  it('keeps examples back to measure on, and learns from few', async () => {
    await writePictures(at('pictures', '..', 'more'), 5);
    const result = await json(
      ...['finetune', 'tiny-eye', 'more', '-o', 'few', '--per-class', '2', '--validation', '0.4'],
    );
    expect(result.data.examples).toBe(4);
    expect(result.evaluation).toMatchObject({ task: 'classification', examples: 4, accuracy: 1 });
  });

  it('chooses layer, pooling and scaling by cross-validation', async () => {
    const result = await json('finetune', 'tiny-eye', 'pictures', '-o', 'auto', '--layer', 'auto');
    expect(result.tried.length).toBeGreaterThanOrEqual(2);
    const means = result.tried.map((one: { validation: { mean: number } }) => one.validation.mean);
    expect(means).toEqual(means.toSorted((a: number, b: number) => b - a));
    expect(result.layer).toBe(result.tried[0].cut);
  });

  it('learns from varied copies too, and takes other heads', async () => {
    const copies = await json('finetune', 'tiny-eye', 'pictures', '-o', 'copies', '--copies', '2');
    expect(copies).toMatchObject({ computed: 30, copies: 2, data: { examples: 10 } });
    for (const [head, more] of [
      ['hidden', ['--hidden', '8', '--epochs', '5']],
      ['multi-label', []],
      ['nearest-mean', []],
      ['nearest-neighbours', ['--neighbours', '1']],
    ] as const) {
      const result = await json('finetune', 'tiny-eye', 'pictures', '-o', head, '--head', head, ...more);
      expect(result).toMatchObject({ head, parameters: expect.any(Number) });
    }
  });

  it('trains all layers too, and keeps what it has changed', async () => {
    const words = ['--train', 'all', '--epochs', '2', '--optimizer', 'adamw'];
    const result = await json('finetune', 'tiny-eye', 'pictures', '-o', 'deep', ...words);
    expect(result).toMatchObject({
      train: 'all',
      fineTuned: { parameters: 2, optimizer: { kind: 'adamw' } },
    });
    expect(result.fineTuned.losses).toHaveLength(2);
    expect((await readdir(at('deep'))).sort()).toContain('changed.safetensors');
    expect(await json('evaluate', 'deep', 'pictures')).toMatchObject({ accuracy: 1 });
    const said = await run('finetune', 'tiny-eye', 'pictures', '-o', 'deep', '--force', ...words);
    expect(said.stderr).toMatch(/2 tensors of the network trained too: adamw, 2 epochs/);
  });

  it('says step by step how training goes, with all that can be asked for', async () => {
    await writePictures(at('pictures', '..', 'many'), 3, 30);
    const { code, stdout } = await run(
      ...['finetune', 'tiny-eye', 'many', '-o', 'deep', '--train', 'all', '--json'],
      ...['--epochs', '4', '--batch-size', '8', '--accumulate', '2', '--schedule', 'one-cycle'],
      ...['--depth-rate', '0.5', '--optimizer', 'adamw', '--weight-decay', '0.01', '--augment'],
      ...['--early-stopping', '2', '--learning-rate', 'find'],
    );
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const result = lines.pop();
    expect(result.fineTuned).toMatchObject({
      ...{ accumulate: 2, schedule: 'one-cycle', depthRate: 0.5, augmented: true, batchSize: 8, epochs: 4 },
      optimizer: { kind: 'adamw', decay: 0.01 },
      found: { tried: expect.arrayContaining([expect.objectContaining({ rate: 3e-4 })]) },
      bestEpoch: expect.any(Number),
    });
    const training = lines.filter(({ event }) => event === 'training');
    // 48 of 60 pictures are learnt from: at least the last of each 6 steps.
    expect(training.length).toBeGreaterThanOrEqual(2);
    expect(training[0]).toMatchObject({
      ...{ epoch: 1, epochs: 4, steps: 24, watched: { epoch: 0 } },
      ...{ loss: expect.any(Number), perSecond: expect.any(Number), secondsLeft: expect.any(Number) },
    });
  });

  it('finds out whether to train all layers', async () => {
    const chosen = await json('finetune', 'tiny-eye', 'pictures', '-o', 'auto', '--train', 'auto');
    expect(chosen).toMatchObject({ train: 'head', choice: { reason: expect.stringContaining('too few') } });
    await writePictures(at('pictures', '..', 'many'), 3, 30);
    const said = await run('finetune', 'tiny-eye', 'many', '-o', 'more', '--train', 'auto');
    expect(said.stderr).toMatch(/head alone 100\.0, all layers 100\.0: a difference of 0\.0 ± 0\.0 points/);
  });

  it('predicts numbers where a table has a column of them', async () => {
    const rows = ['red', 'sky'].flatMap((label) =>
      Array.from({ length: 5 }, (_, index) => `pictures/${label}/${index}.bmp,${label === 'red' ? 1 : 5}`),
    );
    await writeFile(at('table.csv'), `file,value\n${rows.join('\n')}\n`);
    const words = ['table.csv', '--path-column', 'file', '--target-column', 'value'];
    const result = await json('finetune', 'tiny-eye', ...words, '-o', 'values');
    expect(result).toMatchObject({ head: 'regression', labels: [] });
    const [line] = (await run('predict', 'values', 'pictures/red/0.bmp', '--json')).stdout.split('\n');
    expect(Math.abs(JSON.parse(line ?? '').values[0] - 1)).toBeLessThan(0.5);
  });
});

describe('an adapted model', () => {
  beforeEach(async () => {
    await json('finetune', 'tiny-eye', 'pictures', '-o', 'colours');
  });

  it('is measured on other pictures', async () => {
    await writePictures(at('more'), 12);
    const report = await json('evaluate', 'colours', 'more');
    expect(report).toMatchObject({ examples: 10, accuracy: 1, labels: ['red', 'sky'], mistakes: [] });
    expect(report.confusion).toEqual([
      [5, 0],
      [0, 5],
    ]);
    await cp(at('more/red/0.bmp'), at('more/sky/wrong.bmp'));
    const tables = await run('evaluate', 'colours', 'more');
    expect(tables.code).toBe(0);
    expect(tables.stdout).toMatch(/accuracy +90\.9 %/);
    expect(tables.stdout).toMatch(/Most confident mistakes\n.*\nsky\/wrong\.bmp +sky +red/);
  });

  it('answers for files, folders and standard input', async () => {
    const one = await run('predict', 'colours', 'pictures/sky/2.bmp', '--top', '1');
    expect(one.stdout).toMatch(/^pictures\/sky\/2\.bmp\n +\d+\.\d % {2}sky\n$/);
    const folder = await run('predict', 'colours', 'pictures', '--json');
    const answers = folder.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ name, top }) => [name, top[0].label])).toEqual(
      ['red', 'sky'].flatMap((label) =>
        [0, 1, 2, 3, 4].map((index) => [`pictures/${label}/${index}.bmp`, label]),
      ),
    );
    // Nothing is piped in, and no bytes are no picture.
    const piped = await run('predict', 'colours', '-', '--json');
    expect(piped.code).toBe(1);
    expect(JSON.parse(piped.stdout)).toMatchObject({ name: 'standard input', top: [] });
  });

  it('says which files it could not read, and goes on', async () => {
    await writeFile(at('pictures/broken.bmp'), bitmap(1, 2, 3).subarray(0, 70));
    const result = await run('predict', 'colours', 'pictures/broken.bmp', 'pictures/red/1.bmp');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('broken.bmp');
    expect(result.stdout).toContain('pictures/red/1.bmp\n');
  });

  it('is refused when its head or its base is another one', async () => {
    const head = await readFile(at('colours/head.safetensors'));
    head[head.length - 1] = (head.at(-1) ?? 0) ^ 1;
    await writeFile(at('colours/head.safetensors'), head);
    const damaged = await run('predict', 'colours', 'pictures/red/1.bmp');
    expect(damaged).toMatchObject({ code: 4, stdout: '' });
    expect(damaged.stderr).toContain('head.safetensors is not what the card says');

    await rm(at('colours'), { recursive: true });
    await json('finetune', 'tiny-eye', 'pictures', '-o', 'colours');
    const card = JSON.parse(await readFile(at('colours/card.json'), 'utf8'));
    card.base.digest = 'a'.repeat(64);
    await writeFile(at('colours/card.json'), JSON.stringify(card));
    const other = await run('predict', 'colours', 'pictures/red/1.bmp');
    expect(other.code).toBe(4);
    expect(other.stderr).toContain('was made from another image/tiny-eye@1.0.0');
  });
});

describe('a network with its own classes', () => {
  it('answers before anything was adapted', async () => {
    const result = await run('predict', 'tiny-eye', 'pictures/red/0.bmp', '--json', '--top', '3');
    expect(result.code).toBe(0);
    const { top } = JSON.parse(result.stdout);
    expect(top.map(({ label }: { label: string }) => label).sort()).toEqual(['blue', 'green', 'red']);
    const sum = top.reduce(
      (total: number, { probability }: { probability: number }) => total + probability,
      0,
    );
    expect(sum).toBeCloseTo(1, 5);
  });
});

describe('refusals', () => {
  const refused = async (words: readonly string[], code: number, message: RegExp): Promise<CliResult> => {
    const result = await run(...words);
    expect(result.stderr).toMatch(message);
    expect(result).toMatchObject({ code, stdout: '' });
    return result;
  };

  it.each([
    ['no folder to write', ['finetune', 'tiny-eye', 'pictures'], 2, /Where to put the adapted model/],
    [
      'pictures for a network that hears',
      ['finetune', 'tiny-ear', 'pictures', '-o', 'x'],
      7,
      /these are pictures/,
    ],
    ['no data', ['finetune', 'tiny-eye', 'nowhere', '-o', 'x'], 3, /nothing at nowhere/],
    [
      'a layer to train that is not there',
      ['finetune', 'tiny-eye', 'pictures', '-o', 'x', '--train', 'nowhere'],
      3,
      /called nowhere/,
    ],
    [
      'a solver that does not train networks',
      ['finetune', 'tiny-eye', 'pictures', '-o', 'x', '--train', 'all', '--optimizer', 'lbfgs'],
      2,
      /does not train a whole network/,
    ],
    [
      'a layer that is not there',
      ['finetune', 'tiny-eye', 'pictures', '-o', 'x', '--layer', 'pol'],
      3,
      /called pol/,
    ],
    [
      'a size that does not fit',
      ['finetune', 'tiny-eye', 'pictures', '-o', 'x', '--image-size', '9'],
      7,
      /one size only/,
    ],
    [
      'an option of another head',
      ['finetune', 'tiny-eye', 'pictures', '-o', 'x', '--neighbours', '3'],
      2,
      /means nothing/,
    ],
    [
      'auto with a pooling',
      ['finetune', 'tiny-eye', 'pictures', '-o', 'x', '--layer', 'auto', '--pooling', 'max'],
      2,
      /itself/,
    ],
    [
      'a share of everything',
      ['finetune', 'tiny-eye', 'pictures', '-o', 'x', '--validation', '1'],
      2,
      /shares/,
    ],
    ['no model to measure', ['evaluate', 'pictures', 'pictures'], 3, /called pictures/],
    ['nothing at the path', ['predict', 'tiny-eye', 'nowhere.bmp'], 3, /nowhere\.bmp/],
    ['an unknown network', ['predict', 'tiny-nose', 'pictures'], 3, /tiny-nose/],
  ])('%s', async (_, words, code, message) => {
    await refused(words, code, message);
    expect(await readdir(world.current.cwd)).toEqual(['pictures']);
  });

  it('one class only', async () => {
    await rm(at('pictures/sky'), { recursive: true });
    await refused(['finetune', 'tiny-eye', 'pictures', '-o', 'x'], 7, /class|labels/);
  });

  it('other labels than those it has learnt', async () => {
    await json('finetune', 'tiny-eye', 'pictures', '-o', 'colours');
    await mkdir(at('other'));
    await cp(at('pictures/red'), at('other/green'), { recursive: true });
    await refused(['evaluate', 'colours', 'other'], 7, /green/);
  });

  it('a folder with something else in it, which stays as it was', async () => {
    await mkdir(at('mine'));
    await writeFile(at('mine/thesis.txt'), 'precious');
    const words = ['finetune', 'tiny-eye', 'pictures', '-o', 'mine', '--force'];
    await refused(words, 1, /Other files lie where/);
    expect(await readFile(at('mine/thesis.txt'), 'utf8')).toBe('precious');
  });

  it('an adapted model is replaced with --force only', async () => {
    await json('finetune', 'tiny-eye', 'pictures', '-o', 'colours');
    const before = await stat(at('colours/head.safetensors'));
    const words = ['finetune', 'tiny-eye', 'pictures', '-o', 'colours', '--seed', '3'];
    await refused(words, 1, /There is an adapted model already/);
    expect((await stat(at('colours/head.safetensors'))).mtimeMs).toBe(before.mtimeMs);
    expect(await json(...words, '--force')).toMatchObject({ seed: 3 });
  });

  it('without native TensorFlow it says how to get it, before anything is fetched', async () => {
    world.current.setEnv({ ZOO_RUNTIME: at('nowhere') });
    const result = await refused(['finetune', 'tiny-eye', 'pictures', '-o', 'x'], 8, /zoo runtime install/);
    expect(result.stderr).not.toContain('tiny-eye@');
  });
});
