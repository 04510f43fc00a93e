import { join } from 'node:path';
import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { OptionValues } from '../../src/cli/command.js';
import { inspect } from '../../src/cli/commands/inspect.js';
import { foldLayers, type ShownLayer } from '../../src/cli/fold-layers.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { named, tinyModels, writeTfjs } from '../formats/tiny-tfjs.js';
import { blockedGraph } from '../graph/gradients/blocked-graph.js';
import { CHECKOUT_HOME } from '../support/checkout-home.js';
import { realModel } from '../support/real-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

/** Runs the command and gives what it wrote to standard output. */
async function run(
  reference: string,
  options: OptionValues = {},
  { width = 80, env = {} }: { width?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<string[]> {
  const lines: string[] = [];
  const plain = pc.createColors(false);
  const terminal: Terminal = {
    interactive: false,
    width,
    noteWidth: width,
    colours: plain,
    noteColours: plain,
    print: (line) => lines.push(...line.split('\n')),
    printJson: (value) => lines.push(JSON.stringify(value)),
    note: () => undefined,
    drawing: () => undefined,
  };
  const code = await inspect.run?.([reference], options, {
    terminal,
    signal: new AbortController().signal,
    env: { ...process.env, ZOO_HOME: CHECKOUT_HOME, ...env },
    cwd: await temporaryFolder('inspect'),
  });
  expect(code).toBe(0);
  return lines;
}

describe('an installed network', () => {
  test('is folded, says where to cut, and fits 80 columns', async () => {
    await realModel('resnet50');
    const lines = await run('resnet50');
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(lines.length).toBeLessThan(45);
    expect(lines[0]).toBe('image/resnet50@1.0.0  tfjs-layers');
    expect(lines[1]).toBe('input  input_1 float32 ?×224×224×3');
    expect(lines.filter((line) => line.startsWith('»  '))).toEqual([
      expect.stringMatching(/^» {2}avg_pool .* \?×2048$/),
    ]);
    expect(lines.join('\n')).toMatch(/^· {2}conv1 +Conv2D +\?×112×112×64 +9,472$/m);
    expect(lines.join('\n')).toMatch(/^ {3}… \d+ more +[\d,]+$/m);
    expect(lines).toContain('177 layers, 25,636,712 parameters, 25,583,592 of them trainable');
    // The parameters of a line, or of a fold, are told once each.
    const numbers = lines.slice(3).flatMap((line) => / ([\d,]+)$/.exec(line)?.[1]?.replaceAll(',', '') ?? []);
    expect(numbers.reduce((sum, number) => sum + Number(number), 0)).toBe(25_636_712);
  });

  test('with long names shows their ends in a terminal, and all of them in a pipe', async () => {
    await realModel('basic-pitch');
    const narrow = await run('basic-pitch');
    for (const line of narrow) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(narrow.filter((line) => line.startsWith('»  '))).toEqual([
      expect.stringMatching(/…\S*re_lu_2\/Relu /),
    ]);
    const wide = await run('basic-pitch', { all: true }, { width: 400 });
    const nodes = wide.filter((line) => /^[»·] {2}/.test(line));
    expect(nodes.length).toBe(255);
    expect(wide.join('\n')).toContain('»  StatefulPartitionedCall/model_1/re_lu_2/Relu ');
    expect(wide).toContain('255 nodes, 184,949 parameters, 16,700 of them trainable');
  });

  test('as JSON has whole names, shapes that only a run tells, and counts that add up', async () => {
    await realModel('use-lite');
    const [text = '', ...more] = await run('use-lite', { json: true });
    expect(more).toEqual([]);
    const view = JSON.parse(text);
    expect(Object.keys(view)).toEqual([
      'id',
      'format',
      'inputs',
      'outputs',
      'synchronous',
      'parameters',
      'layers',
    ]);
    expect(view).toMatchObject({ id: 'text/use-lite@1.0.0', format: 'tfjs-graph', synchronous: false });
    expect(view.outputs[0].shape).toEqual([null, 512]);
    const layers: ShownLayer[] = view.layers;
    expect(layers.filter(({ role }) => role === 'features').map(({ name }) => name)).toEqual([
      'module_apply_default/Encoder_en/hidden_layers/l2_normalize',
    ]);
    expect(layers.every(({ cut, shape }) => !cut || shape !== undefined)).toBe(true);
    expect(layers.reduce((sum, { trainable }) => sum + trainable, 0)).toBe(view.parameters.trainable);
  });
});

describe('what trains', () => {
  test('is told with the nodes that come first and the parameters that stay', async () => {
    await realModel('use-lite');
    const lines = await run('use-lite', { trainable: true });
    expect(lines).toContain('Every operation between parameters and outputs has a gradient.');
    expect(lines).toContain('29 parameters (6,975,744 numbers) train.');
    expect(lines.filter((line) => line.endsWith('/Where'))).toHaveLength(2);
  });

  test('as JSON stands beside the layers', async () => {
    await realModel('minilm-l6-v2');
    const [text = ''] = await run('minilm-l6-v2', { trainable: true, json: true });
    const { trainability, layers } = JSON.parse(text);
    expect(trainability).toMatchObject({ given: [], obstacles: [], from: 'embeddings' });
    expect(trainability.parameters).toHaveLength(101);
    expect(trainability.frozen).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
    expect(layers[0].name).toBe('embeddings');
  });

  test('names what has no gradient', async () => {
    const { modelTopology, weights, outputs } = blockedGraph;
    const { folder } = await writeTfjs('tfjs-graph', modelTopology, weights, {
      extra: { signature: { outputs } },
    });
    const lines = await run(folder, { trainable: true });
    expect(lines.join('\n')).toMatch(/^Cumprod +middle$/m);
    expect(lines[lines.indexOf('Everything trains from this layer on:') + 1]).toBe('  last');
    expect(lines.slice(-2)).toEqual(['  early', '  unused']);
  });
});

describe('a folder', () => {
  test('without a card is described by what is in it', async () => {
    const { layers } = await tinyModels();
    const { modelTopology, weights } = named(layers, 'nested');
    const { folder } = await writeTfjs('tfjs-layers', modelTopology, weights);
    const lines = await run(folder);
    expect(lines.filter((line) => line.startsWith('input'))).toEqual([
      'input  left float32 ?×8',
      'input  right float32 ?×5',
    ]);
    expect(lines.join('\n')).toMatch(/^· {2}inner\/middle +Dense +\?×6 +54$/m);
    expect(lines).toContain('8 layers, 111 parameters, 111 of them trainable');
    expect(lines.at(-1)).toBe('» the cut for features   · can be cut here');
  });

  test('that is not there, or has no network in it, is said so', async () => {
    const empty = await temporaryFolder('empty');
    expect(await thrownBy(() => run(join(empty, 'gone')))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await thrownBy(() => run(empty))).toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('without native TensorFlow nothing is fetched', async () => {
  const home = await temporaryFolder('home');
  const error = await thrownBy(() =>
    run('resnet50', {}, { env: { ZOO_RUNTIME: home, ZOO_HOME: home, ZOO_OFFLINE: '1' } }),
  );
  expect(error.code).toBe('NO_RUNTIME');
});

test('a data set is refused', async () => {
  await realModel('dataset/digits');
  expect(await thrownBy(() => run('dataset/digits'))).toMatchObject({ code: 'DATA' });
});

describe('folding', () => {
  const layer = (index: number, changes: Partial<ShownLayer> = {}): ShownLayer => ({
    name: `layer${index}`,
    kind: 'Dense',
    shape: [null, 8],
    parameters: 10,
    trainable: 10,
    cut: true,
    role: undefined,
    ...changes,
  });

  test('leaves short networks and whole lists as they are', () => {
    const short = Array.from({ length: 40 }, (_, index) => layer(index));
    const long = Array.from({ length: 100 }, (_, index) => layer(index));
    expect(foldLayers(short, false)).toEqual(short);
    expect(foldLayers(long, true)).toEqual(long);
  });

  test('keeps ends, roles and the borders of stages, and counts what it leaves out', () => {
    const layers = Array.from({ length: 100 }, (_, index) =>
      layer(index, {
        shape: [null, index < 50 ? 32 : 16, 8],
        ...(index === 70 ? { role: 'features' } : {}),
        ...(index === 72 ? { role: 'alternative' } : {}),
      }),
    );
    const rows = foldLayers(layers, false);
    const shown = rows.map((row) => ('folded' in row ? row.folded : row.name));
    expect(shown).toEqual([
      'layer0',
      'layer1',
      'layer2',
      46,
      'layer49',
      'layer50',
      19,
      'layer70',
      'layer71',
      'layer72',
      19,
      ...Array.from({ length: 8 }, (_, index) => `layer${92 + index}`),
    ]);
    expect(rows.reduce((sum, row) => sum + row.parameters, 0)).toBe(1000);
  });
});
