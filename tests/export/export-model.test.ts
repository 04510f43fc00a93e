/** Tiny models in every format, loaded as others load them: the same answers. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ExportOptions,
  type ExportReport,
  exportModel,
  exportNetwork,
} from '../../src/export/export-model.js';
import { readSafetensors } from '../../src/formats/safetensors/read-safetensors.js';
import { readTfjsModel } from '../../src/formats/tfjs-model.js';
import { readQuantised, readTfjsWeights } from '../../src/formats/tfjs-weights.js';
import { cardDigest } from '../../src/registry/canonical-card.js';
import { parseCard } from '../../src/registry/parse-card.js';
import { tf } from '../../src/runtime/tensorflow.js';
import type { AdaptedModel } from '../../src/training/adapted-model.js';
import { classifier } from '../../src/transfer/heads/classifier.js';
import { multiLabel } from '../../src/transfer/heads/multi-label.js';
import { nearestMean } from '../../src/transfer/heads/nearest-mean.js';
import { nearestNeighbours } from '../../src/transfer/heads/nearest-neighbours.js';
import { regressor } from '../../src/transfer/heads/regressor.js';
import { openNetwork } from '../../src/transfer/open-network.js';
import { loadPlainGraph, loadPlainLayers } from '../formats/plain-tfjs.js';
import { named, tensorOf, tinyModels, writeTfjs } from '../formats/tiny-tfjs.js';
import { runScript } from '../support/child-script.js';
import { thrownBy } from '../support/thrown-by.js';
import type { TinyNetwork } from '../transfer/tiny-network.js';
import {
  adapted,
  answersOf,
  cardOf,
  differs,
  LABELS,
  newFolder,
  noise,
  type PlainModel,
  tinyLayers,
} from './adapted-models.js';

let layers: TinyNetwork;
const owned: { dispose(): unknown }[] = [];
const later = <T extends { dispose(): unknown }>(one: T): T => {
  owned.push(one);
  return one;
};
beforeEach(async () => {
  layers = await tinyLayers();
});
afterEach(() => {
  for (const one of owned.splice(0)) one.dispose();
});

const HEADS = {
  linear: () => classifier({ labels: LABELS }),
  hidden: () => classifier({ labels: LABELS, hidden: 6 }),
  'unit length': () => classifier({ labels: LABELS, scaling: 'unit-length' }),
  'multi-label': () => multiLabel({ labels: LABELS }),
  regression: () => regressor(),
  'nearest mean': () => nearestMean({ labels: LABELS, scaling: 'none' }),
  'nearest mean, unit length': () => nearestMean({ labels: LABELS }),
  neighbours: () => nearestNeighbours({ labels: LABELS }),
};
const CUTS = [
  { cut: 'pool' },
  { cut: 'map', pooling: 'average' },
  { cut: 'map', pooling: 'max' },
  { cut: 'map', pooling: 'frames' },
  { cut: 'map', pooling: 'none' },
] as const;

async function exported(
  model: AdaptedModel,
  options: ExportOptions,
  folder?: string,
): Promise<ExportReport & { folder: string }> {
  const target = folder ?? (await newFolder());
  return { ...(await exportModel(model, cardOf(model), target, options)), folder: target };
}

/** The folder of an export as a network that others build on. */
async function networkIn(folder: string): Promise<TinyNetwork> {
  const card = parseCard(await readFile(join(folder, 'card.json'), 'utf8'), 'card.json');
  return { folder, card, digest: cardDigest(card) };
}

/** The tiny network as a graph model. */
async function tinyGraph(quantisation?: ExportOptions['quantisation']): Promise<TinyNetwork> {
  const network = later(await openNetwork(layers.folder, layers.card));
  const folder = await newFolder();
  await exportNetwork({ ...layers, network }, folder, { format: 'tfjs-graph', quantisation });
  const graph = await networkIn(folder);
  // It was traced, so the names of layers are gone: in front of the last product lie the features.
  const pool = await lastOf(graph, 'Max');
  const card = { ...graph.card, features: { layer: pool, width: 5, pooling: 'none' as const } };
  return { ...graph, card, digest: cardDigest(card) };
}

/** Name of the last node of a kind. */
async function lastOf({ folder, card }: TinyNetwork, kind: string): Promise<string> {
  const opened = later(await openNetwork(folder, card));
  return opened.layers.findLast((layer) => layer.kind === kind)?.name ?? '';
}

describe('plain TensorFlow.js gives what the adapted model gives', () => {
  it.each(Object.entries(HEADS))('%s head, as graph and as native graph', async (_, head) => {
    for (const base of [layers, await tinyGraph()]) {
      const model = later(await adapted(base, head()));
      const inputs = later(noise());
      const expected = await answersOf(model, inputs);
      const { folder, difference } = await exported(model, { format: 'tfjs-graph' });
      expect(difference).toBeLessThan(1e-5);
      const plain = later(await loadPlainGraph(folder));
      expect(differs(plain, inputs, expected)).toBeLessThan(1e-5);
      const native = await exported(model, { format: 'saved-model' });
      expect(native.difference).toBeLessThan(1e-5);
      const served = later(await tf.node.loadSavedModel(native.folder));
      const answer = served.predict({ [model.backbone.network.inputs[0]?.name ?? '']: inputs });
      const scores = answer instanceof tf.Tensor || Array.isArray(answer) ? undefined : answer.scores;
      expect(scores?.shape).toEqual([2, expected.length / 2]);
      Array.from(scores?.dataSync() ?? [], (score, index) =>
        expect(score).toBeCloseTo(expected[index] ?? 9, 5),
      );
    }
  });

  it.each(CUTS)('at $cut, $pooling pooling', async (at) => {
    for (const [format, load] of [
      ['tfjs-layers', loadPlainLayers],
      ['tfjs-graph', loadPlainGraph],
    ] as const) {
      const model = later(await adapted(layers, HEADS.linear(), at));
      const inputs = later(noise());
      const { folder } = await exported(model, { format });
      const plain: PlainModel = later(await load(folder));
      expect(differs(plain, inputs, await answersOf(model, inputs)), format).toBeLessThan(1e-5);
    }
  });

  it.each(['average', 'max', 'frames', 'none'] as const)('%s pooling of a graph', async (pooling) => {
    const graph = await tinyGraph();
    // The upper end of its ReLU6.
    const cut = await lastOf(graph, 'Maximum');
    const model = later(await adapted(graph, HEADS.linear(), { cut, pooling }));
    const inputs = later(noise());
    const { folder } = await exported(model, { format: 'tfjs-graph' });
    const plain = later(await loadPlainGraph(folder));
    expect(differs(plain, inputs, await answersOf(model, inputs))).toBeLessThan(1e-5);
  });

  it.each([
    'hidden',
    'unit length',
    'multi-label',
    'regression',
    'nearest mean',
    'nearest mean, unit length',
  ] as const)('%s head, as layers', async (name) => {
    const model = later(await adapted(layers, HEADS[name]()));
    const inputs = later(noise());
    const { folder } = await exported(model, { format: 'tfjs-layers' });
    const plain = later(await loadPlainLayers(folder));
    expect(differs(plain, inputs, await answersOf(model, inputs))).toBeLessThan(1e-5);
  });
});

it('a process with nothing but TensorFlow.js in JavaScript gives it too', async () => {
  const model = later(await adapted(layers, HEADS.hidden(), { cut: 'map', pooling: 'average' }));
  const picture = later(tf.tidy(() => tf.sin(tf.range(0, 192)).reshape([1, 8, 8, 3])));
  const expected = await answersOf(model, picture);
  for (const kind of ['graph', 'layers'] as const) {
    const { folder } = await exported(model, { format: `tfjs-${kind}` });
    const { code, stdout, stderr } = await runScript('export/processes/ask-plain-tfjs.ts', [
      kind,
      folder,
      '8',
    ]).ended;
    expect(code, stderr).toBe(0);
    const { backend, scores } = JSON.parse(stdout.slice(stdout.indexOf('{')));
    expect(backend).toBe('cpu');
    expect(scores.length).toBe(3);
    for (const [index, score] of scores.entries()) expect(score).toBeCloseTo(expected[index] ?? 9, 5);
  }
});

describe('whole networks', () => {
  it.each(['map', 'pushed', 'branches', 'spectrum'])('the graph %s, with all it can do', async (name) => {
    const golden = named((await tinyModels()).graphs, name);
    const { folder: source, card } = await writeTfjs('tfjs-graph', golden.modelTopology, golden.weights);
    const network = later(await openNetwork(source, card));
    const folder = await newFolder();
    await exportNetwork({ network, card, folder: source }, folder, { format: 'tfjs-graph' });
    const plain = later(await loadPlainGraph(folder));
    const inputs = Object.fromEntries(
      Object.entries(golden.inputs).map(([key, value]) => [key, tensorOf(value)]),
    );
    const outputs = network.outputs.map((output) => output.name);
    const found = [
      network.synchronous ? plain.execute(inputs, outputs) : await plain.executeAsync(inputs, outputs),
    ].flat();
    const expected = await network.run(inputs, outputs);
    expect(found.length).toBe(expected.length);
    for (const [index, tensor] of expected.entries())
      expect(Array.from(found[index]?.dataSync() ?? [])).toEqual(Array.from(tensor.dataSync()));
    tf.dispose([inputs, found, expected]);
  });

  it.each(['vision', 'sequence', 'nested'])('the layers %s', async (name) => {
    const golden = named((await tinyModels()).layers, name);
    const { folder: source, card } = await writeTfjs('tfjs-layers', golden.modelTopology, golden.weights);
    const network = later(await openNetwork(source, card));
    const folder = await newFolder();
    await exportNetwork({ network, card, folder: source }, folder, { format: 'tfjs-layers' });
    const plain = later(await loadPlainLayers(folder));
    const inputs = golden.inputs.map(tensorOf);
    const answer = plain.predict(inputs);
    const wanted = golden.outputs['']?.data ?? [];
    const numbers = Array.isArray(answer) ? [] : Array.from(answer.dataSync());
    expect(numbers.length).toBe(wanted.length);
    for (const [index, number] of numbers.entries()) expect(number).toBeCloseTo(Number(wanted[index]), 5);
    tf.dispose([inputs, answer]);
  });
});

describe('quantisation', () => {
  const stepsOf = async ({ folder, card }: TinyNetwork) => readQuantised(await readTfjsModel(folder, card));

  it('of the original: the very bytes of what did not change, half a step for what did', async () => {
    const graph = await tinyGraph('uint8');
    const before = await stepsOf(graph);
    expect(before.size).toBe(3);
    const model = later(await adapted(graph, HEADS.linear()));
    const [kept = '', changed = ''] = [...before.keys()].filter((name) =>
      model.backbone.network.parameters.has(name),
    );
    const original = new Map<string, Float32Array>();
    for await (const weight of readTfjsWeights(await readTfjsModel(graph.folder, graph.card)))
      if (weight.dtype === 'float32') original.set(weight.name, weight.data);
    const shape = model.backbone.network.parameters.get(kept)?.shape ?? [];
    model.backbone.network.assign(kept, tf.tensor(original.get(kept) ?? [], [...shape]));
    const { folder, card } = await exported(model, { format: 'tfjs-graph', quantisation: 'original' });
    expect(card.format.quantised).toBe('uint8');
    const after = await stepsOf({ ...graph, folder, card });
    expect([...after.keys()].toSorted()).toEqual([kept, changed].toSorted());
    expect(after.get(kept)).toEqual(before.get(kept));
    const { scale = 0, dtype } = after.get(changed)?.entry.quantization ?? { dtype: '' };
    expect(dtype).toBe('uint8');
    expect(after.get(changed)?.bytes).not.toEqual(before.get(changed)?.bytes);
    for await (const weight of readTfjsWeights(await readTfjsModel(folder, card))) {
      const live = model.backbone.network.parameters.get(weight.name)?.value;
      if (live === undefined || weight.dtype !== 'float32') continue;
      const most = weight.name === changed ? scale : 0;
      const numbers = live.dataSync();
      for (const [index, number] of weight.data.entries())
        expect(Math.abs(number - (numbers[index] ?? 9))).toBeLessThanOrEqual(most * 1.01);
    }
  });

  it('of the original, by the names that the layers give their weights', async () => {
    const network = later(await openNetwork(layers.folder, layers.card));
    const small = await newFolder();
    await exportNetwork({ ...layers, network }, small, { format: 'tfjs-layers', quantisation: 'float16' });
    const quantised = await networkIn(small);
    const model = later(await adapted(quantised, HEADS.linear()));
    const { folder, card } = await exported(model, { format: 'tfjs-layers', quantisation: 'original' });
    expect([...(await stepsOf({ ...quantised, folder, card })).keys()]).toEqual([
      'conv/kernel',
      'conv2/kernel',
    ]);
    const inputs = later(noise());
    const plain = later(await loadPlainLayers(folder));
    const difference = differs(plain, inputs, await answersOf(model, inputs));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(1e-2);
  });

  it.each(['float16', 'uint16', 'uint8'] as const)('to %s', async (quantisation) => {
    const model = later(await adapted(layers, HEADS.linear()));
    const { card, difference = 0 } = await exported(model, { format: 'tfjs-graph', quantisation });
    expect(card.format.quantised).toBe(quantisation);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.05);
  });
});

describe('an export', () => {
  it('has a card and a README that say what it takes, and opens again at its features', async () => {
    const model = later(await adapted(layers, HEADS.linear(), { cut: 'map', pooling: 'average' }));
    for (const format of ['tfjs-graph', 'tfjs-layers'] as const) {
      const { folder, files, card } = await exported(model, { format });
      expect((await readdir(folder)).toSorted()).toEqual([...files].toSorted());
      expect(card).toMatchObject({
        name: 'my-model',
        format: { name: format },
        input: { shape: [null, 8, 8, 3], range: [0, 1] },
        output: { units: 3, activation: 'softmax', labels: LABELS },
        features: { width: 4, pooling: 'none' },
        license: model.backbone.card.license,
        base: { reference: 'image/tiny-eye@1.0.0' },
      });
      const readme = await readFile(join(folder, 'README.md'), 'utf8');
      expect(readme).toContain('one, two, three');
      expect(readme).toContain('[any, 8, 8, 3]');
      const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
      expect(json.userDefinedMetadata.neuralzoo.output.labels).toEqual(LABELS);
      const next = later(await adapted(await networkIn(folder), HEADS.linear()));
      expect(next.backbone.width).toBe(4);
      expect(next.backbone.cut).toBe(card.features?.layer);
    }
  });

  it.each(['tfjs-graph', 'tfjs-layers'] as const)('of an export in %s is the same', async (format) => {
    const model = later(await adapted(layers, HEADS.linear()));
    let { folder } = await exported(model, { format });
    const first = folder;
    for (let round = 0; round < 2; round++) {
      const source = await networkIn(folder);
      const network = later(await openNetwork(folder, source.card));
      folder = await newFolder();
      await exportNetwork({ network, card: source.card, folder: source.folder }, folder, { format });
    }
    for (const name of ['model.json', 'group1-shard1of1.bin', 'README.md'])
      expect(await readFile(join(folder, name), 'utf8'), name).toBe(
        await readFile(join(first, name), 'utf8'),
      );
  });

  it('of an adapted export has two heads of different names', async () => {
    for (const format of ['tfjs-graph', 'tfjs-layers'] as const) {
      const model = later(await adapted(layers, HEADS.hidden()));
      const source = await networkIn((await exported(model, { format })).folder);
      const output = source.card.output?.layer;
      const next = later(await adapted(source, HEADS.linear(), { cut: output }));
      const { folder } = await exported(next, { format });
      const plain: PlainModel = later(
        await (format === 'tfjs-graph' ? loadPlainGraph(folder) : loadPlainLayers(folder)),
      );
      const inputs = later(noise());
      expect(differs(plain, inputs, await answersOf(next, inputs))).toBeLessThan(1e-5);
    }
  });

  it('as safetensors holds every weight of network and head, by name', async () => {
    const model = later(await adapted(layers, HEADS.linear()));
    const { folder, difference } = await exported(model, { format: 'safetensors' });
    expect(difference).toBeUndefined();
    const { weights, metadata } = await readSafetensors(join(folder, 'model.safetensors'));
    expect([...weights.keys()].toSorted()).toEqual(
      [...model.backbone.network.parameters.keys(), 'zoo_head/kernel', 'zoo_head/bias'].toSorted(),
    );
    for (const [name, { value }] of model.backbone.network.parameters)
      expect(weights.get(name)?.data, name).toEqual(await value.data());
    expect(weights.get('zoo_head/kernel')).toEqual(model.fitted.parameters.get('kernel'));
    expect(metadata).toMatchObject({ cut: 'pool', pooling: 'none', labels: JSON.stringify(LABELS) });
  });

  it('leaves nothing in memory', async () => {
    const model = later(await adapted(layers, HEADS.linear()));
    const { numTensors } = tf.memory();
    for (const format of ['tfjs-graph', 'tfjs-layers', 'saved-model', 'safetensors'] as const) {
      await exported(model, { format });
      expect(tf.memory().numTensors, format).toBe(numTensors);
    }
  });
});

describe('refusals', () => {
  const refused = async (model: AdaptedModel, options: ExportOptions, folder?: string) => {
    const target = folder ?? (await newFolder());
    return thrownBy(() => exportModel(model, cardOf(model), target, options));
  };

  it('neighbours as layers', async () => {
    const model = later(await adapted(layers, HEADS.neighbours()));
    const error = await refused(model, { format: 'tfjs-layers' });
    expect(error).toMatchObject({ code: 'DATA', hint: expect.stringContaining('tfjs-graph') });
  });

  it('a graph as layers', async () => {
    const model = later(await adapted(await tinyGraph(), HEADS.linear()));
    const error = await refused(model, { format: 'tfjs-layers' });
    expect(error).toMatchObject({
      code: 'DATA',
      found: 'tfjs-graph',
      hint: expect.stringContaining('tfjs-graph'),
    });
  });

  it('the quantisation of what is not quantised, or of another format', async () => {
    const model = later(await adapted(layers, HEADS.linear()));
    expect(await refused(model, { format: 'tfjs-layers', quantisation: 'original' })).toMatchObject({
      code: 'DATA',
    });
    expect(await refused(model, { format: 'tfjs-graph', quantisation: 'original' })).toMatchObject({
      code: 'DATA',
    });
    expect(await refused(model, { format: 'saved-model', quantisation: 'uint8' })).toMatchObject({
      code: 'USAGE',
    });
  });

  it('a graph that waits for values, as one native graph', async () => {
    const golden = named((await tinyModels()).graphs, 'branches');
    const { folder: source, card } = await writeTfjs('tfjs-graph', golden.modelTopology, golden.weights);
    const network = later(await openNetwork(source, card));
    const target = await newFolder();
    const run = () => exportNetwork({ network, card, folder: source }, target, { format: 'saved-model' });
    expect(await thrownBy(run)).toMatchObject({ code: 'DATA', hint: expect.stringContaining('safetensors') });
  });

  it('a folder with something else, an export without overwrite, and a stop', async () => {
    const model = later(await adapted(layers, HEADS.linear()));
    const folder = await newFolder();
    await mkdir(folder);
    await writeFile(join(folder, 'thesis.txt'), 'precious');
    const options = { format: 'tfjs-graph', overwrite: true } as const;
    expect(await refused(model, options, folder)).toMatchObject({ code: 'FILE_SYSTEM' });
    expect(await readdir(folder)).toEqual(['thesis.txt']);
    const { folder: first } = await exported(model, { format: 'tfjs-layers' });
    expect(await refused(model, { format: 'tfjs-graph' }, first)).toMatchObject({ code: 'FILE_SYSTEM' });
    expect((await exported(model, options, first)).card.format.name).toBe('tfjs-graph');
    await writeFile(join(first, 'thesis.txt'), 'precious');
    expect(await refused(model, options, first)).toMatchObject({ code: 'FILE_SYSTEM' });
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const target = await newFolder();
    const run = exportModel(model, cardOf(model), target, { ...options, signal: stop.signal });
    await expect(run).rejects.toBe(stop.signal.reason);
    await expect(readdir(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
