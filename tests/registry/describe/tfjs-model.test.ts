import { truncate } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFiles } from '../../../src/registry/describe/describe-files.js';
import { type Folder, temporaryFolder, tfjsLayers } from './tiny-files.js';

let folder: Folder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

async function add(text: string, weights: Uint8Array) {
  return [await folder.add('net/model.json', text), await folder.add('net/group1-shard1of1.bin', weights)];
}

describe('tfjs layers', () => {
  it('reads input, output, head and parameters', async () => {
    const { text, weights } = tfjsLayers(7);
    const described = await describeFiles(await add(text, weights));
    expect(described.format).toEqual({
      name: 'tfjs-layers',
      detail: 'model.json and 1 weight file, 6 layers, TensorFlow.js Converter v3.0.0, Keras 2.4.0',
    });
    expect(described.parameters).toBe(4 * 7);
    expect(described.input).toEqual({
      modality: 'image',
      layout: 'NHWC',
      name: 'picture',
      shape: [null, 32, 32, 3],
      dtype: 'float32',
    });
    expect(described.output).toEqual({ layer: 'softmax', units: 7, activation: 'softmax' });
    expect(described.features).toEqual({ layer: 'pool', width: 3, shape: [null, 3], head: 'classes' });
    expect(described.roles).toEqual({ 'net/model.json': 'topology', 'net/group1-shard1of1.bin': 'weights' });
  });

  it('reads a sequential network, with networks inside, as tf.LayersModel.save writes it', async () => {
    const inner = {
      class_name: 'Sequential',
      config: { name: 'base', layers: [{ class_name: 'Flatten', config: {} }] },
    };
    const json = {
      modelTopology: {
        class_name: 'Sequential',
        config: [
          inner,
          { class_name: 'Dense', config: { name: 'new_head', units: 2, activation: 'sigmoid' } },
        ],
      },
      weightsManifest: [
        {
          paths: ['group1-shard1of1.bin'],
          weights: [{ name: 'base/new_head/kernel', shape: [5, 2], dtype: 'float32' }],
        },
      ],
    };
    const described = await describeFiles(await add(JSON.stringify(json), new Uint8Array(40)));
    expect(described.format.detail).toContain('2 layers, old layout');
    expect(described.output).toEqual({ layer: 'new_head', units: 2, activation: 'sigmoid' });
    expect(described.features).toMatchObject({ layer: 'base', width: 5 });
  });

  it('follows the inbound nodes of Keras 3', async () => {
    const { json, weights } = tfjsLayers(7);
    const layers = json.modelTopology.model_config.config.layers.map((layer) => {
      const { inbound_nodes: nodes, ...rest } = layer as { inbound_nodes: string[][][] };
      const before = nodes[0]?.[0]?.[0];
      if (before === undefined) return layer;
      const tensor = { class_name: '__keras_tensor__', config: { keras_history: [before, 0, 0] } };
      return { ...rest, inbound_nodes: [{ args: [tensor], kwargs: {} }] };
    });
    const described = await describeFiles(await add(tfjsLayers(7, { layers }).text, weights));
    expect(described.features?.layer).toBe('pool');
  });

  it('names weight files that are missing', async () => {
    const [model] = await add(tfjsLayers(7).text, new Uint8Array(1));
    const described = await describeFiles(model ? [model] : []);
    expect(described.unknown[0]).toContain('net/group1-shard1of1.bin');
  });

  it('refuses weight files of another size than the manifest needs', async () => {
    const { text, weights } = tfjsLayers(7);
    await expect(describeFiles(await add(text, weights.subarray(1)))).rejects.toMatchObject({
      code: 'INTEGRITY',
    });
  });

  it('counts the bytes of quantised weights by their stored type', async () => {
    const quantised = [
      {
        name: 'classes/kernel',
        shape: [3, 7],
        dtype: 'float32',
        quantization: { dtype: 'uint8', min: 0, scale: 1 },
      },
    ];
    const described = await describeFiles(
      await add(tfjsLayers(7, { weights: quantised }).text, new Uint8Array(21)),
    );
    expect(described.format.quantised).toBe('uint8');
    expect(described.parameters).toBe(21);
  });

  it.each([
    ['a Lambda layer', [{ class_name: 'Lambda', name: 'run', config: {}, inbound_nodes: [] }]],
    [
      'a Lambda layer in a network inside',
      [
        {
          class_name: 'Sequential',
          name: 'in',
          config: { layers: [{ class_name: 'Lambda', config: {} }] },
          inbound_nodes: [],
        },
      ],
    ],
  ])('refuses %s', async (_, layers) => {
    const { text, weights } = tfjsLayers(7, { layers });
    await expect(describeFiles(await add(text, weights))).rejects.toMatchObject({ code: 'POLICY' });
  });

  it.each([
    ['a negative dimension', { weights: [{ name: 'a', shape: [-1], dtype: 'float32' }] }],
    [
      'a product beyond all numbers',
      { weights: [{ name: 'a', shape: [2 ** 40, 2 ** 40], dtype: 'float32' }] },
    ],
    ['an unknown type', { weights: [{ name: 'a', shape: [1], dtype: 'object' }] }],
    ['a layer without a class', { layers: [{ name: 'x', config: {} }] }],
  ])('refuses %s', async (_, change) => {
    const { text, weights } = tfjsLayers(7, change);
    await expect(describeFiles(await add(text, weights))).rejects.toMatchObject({ code: 'INTEGRITY' });
  });

  it('ends on layers that feed each other in a ring', async () => {
    const layer = (name: string, before: string) => ({
      class_name: 'Dropout',
      name,
      config: { name },
      inbound_nodes: [[[before, 0, 0, {}]]],
    });
    const layers = [layer('softmax', 'b'), layer('b', 'softmax')];
    const { text, weights } = tfjsLayers(7, { layers });
    expect((await describeFiles(await add(text, weights))).features).toBeUndefined();
  });

  it('refuses networks nested deeper than any real one', async () => {
    const depth = 100_000;
    const open = '{"class_name":"Sequential","config":{"layers":['.repeat(depth);
    const nested = `${open}{"class_name":"Dense","config":{}}${']}}'.repeat(depth)}`;
    const { text, weights } = tfjsLayers(7, { layers: ['HERE'] });
    await expect(describeFiles(await add(text.replace('"HERE"', nested), weights))).rejects.toMatchObject({
      code: 'INTEGRITY',
    });
  });

  it('survives brackets nested a million deep', async () => {
    const depth = 1_000_000;
    const text = `{"modelTopology":${'['.repeat(depth)}${']'.repeat(depth)},"weightsManifest":[]}`;
    await expect(describeFiles(await add(text, new Uint8Array(1)))).rejects.toMatchObject({
      code: 'INTEGRITY',
    });
  });

  it('refuses a model.json of 2 GiB without reading it', async () => {
    const [model] = await add(tfjsLayers(7).text, new Uint8Array(28));
    if (model === undefined) throw new Error('no file');
    await truncate(model.file, 2 ** 31); // sparse: takes no room on the disk
    const before = process.memoryUsage().rss;
    await expect(describeFiles([{ ...model, size: 2 ** 31 }])).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });
});

describe('tfjs graph', () => {
  const node = (name: string, op: string, input: string[] = [], attr: object = {}) => ({
    name,
    op,
    input,
    attr,
  });
  const nodes = [
    node('x', 'Placeholder', [], {
      shape: { shape: { dim: [{ size: '-1' }, { size: '8' }] } },
      dtype: { type: 'DT_FLOAT' },
    }),
    node('kernel', 'Const'),
    node('bias', 'Const'),
    node('hidden', 'Relu', ['x']),
    node('product', 'MatMul', ['hidden', 'kernel']),
    node('logits', 'BiasAdd', ['product:0', 'bias', '^x']),
    node('y', 'Softmax', ['logits']),
  ];
  const manifest = [
    {
      paths: ['group1-shard1of1.bin'],
      weights: [
        { name: 'kernel', shape: [8, 3], dtype: 'float32' },
        { name: 'bias', shape: [3], dtype: 'float32' },
      ],
    },
  ];

  it('finds inputs and outputs of files of old converters in the graph itself', async () => {
    const text = JSON.stringify({ modelTopology: { node: nodes, library: {} }, weightsManifest: manifest });
    const described = await describeFiles(await add(text, new Uint8Array(108)));
    expect(described.format).toMatchObject({ name: 'tfjs-graph' });
    expect(described.format.detail).toContain('7 nodes');
    expect(described.input).toEqual({ name: 'x', shape: [null, 8], dtype: 'float32' });
    expect(described.output).toEqual({ layer: 'y', units: 3, activation: 'softmax' });
    expect(described.features).toEqual({ layer: 'hidden', width: 8, head: 'product' });
  });

  it('takes names and shapes from the signature where there is one', async () => {
    const dim = [{ size: '-1' }, { size: '3' }];
    const signature = {
      inputs: { picture: { name: 'x:0', dtype: 'DT_FLOAT', tensorShape: { dim } } },
      outputs: {
        scores: { name: 'y:0', dtype: 'DT_FLOAT', tensorShape: { dim } },
        raw: { name: 'logits:0', dtype: 'DT_FLOAT', tensorShape: { dim } },
      },
    };
    const text = JSON.stringify({
      format: 'graph-model',
      signature,
      modelTopology: { node: nodes },
      weightsManifest: manifest,
    });
    const described = await describeFiles(await add(text, new Uint8Array(108)));
    expect(described.input?.name).toBe('x');
    expect(described.output?.heads).toEqual([
      { name: 'scores', node: 'y', shape: [null, 3], dtype: 'float32' },
      { name: 'raw', node: 'logits', shape: [null, 3], dtype: 'float32' },
    ]);
  });
});
