import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Network } from '../../../src/formats/network.js';
import { openTfjsLayers } from '../../../src/formats/tfjs-layers/open-tfjs-layers.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import { thrownBy } from '../../support/thrown-by.js';
import {
  difference,
  type GoldenLayers,
  named,
  type PlainTensor,
  type TinyModels,
  tensorOf,
  tinyModels,
  writeTfjs,
} from '../tiny-tfjs.js';

let models: TinyModels;
const networks: Network[] = [];
beforeEach(async () => {
  models ??= await tinyModels();
});
afterEach(() => {
  for (const network of networks.splice(0)) network.dispose();
});

type Written = Pick<GoldenLayers, 'modelTopology' | 'weights'>;

async function open({ modelTopology, weights }: Written): Promise<Network> {
  const { folder, card } = await writeTfjs('tfjs-layers', modelTopology, weights);
  const network = await openTfjsLayers(folder, card);
  networks.push(network);
  return network;
}

function inputsOf(network: Network, golden: GoldenLayers): Record<string, Tensor> {
  // Keras is given its inputs in order.
  return Object.fromEntries(
    golden.inputs.map((input, index) => [network.inputs[index]?.name ?? '', tensorOf(input)]),
  );
}

const lossOf = (output: Tensor) =>
  output
    .mul(
      tf
        .range(1, output.size + 1)
        .reshape(output.shape)
        .sin(),
    )
    .sum();

/** A network of Keras 2, as older converters write it. */
const dense = (units: number, config: object = {}) => ({
  class_name: 'Sequential',
  config: {
    name: 'small',
    layers: [
      {
        class_name: 'Dense',
        config: {
          name: 'dense',
          trainable: true,
          units,
          activation: 'linear',
          use_bias: true,
          batch_input_shape: [null, 2],
          ...config,
        },
      },
    ],
  },
});
const vector = (...data: number[]): PlainTensor => ({ dtype: 'float32', shape: [data.length], data });
const matrix = (rows: number, ...data: number[]): PlainTensor => ({
  dtype: 'float32',
  shape: [rows, data.length / rows],
  data,
});
const SMALL = { 'dense/kernel': matrix(2, 1, 2, 3, 4), 'dense/bias': vector(5, 6) };

describe('networks of Keras 3', () => {
  test.each(['vision', 'sequence', 'nested'])('%s gives what Python gives, at every cut', async (name) => {
    const before = tf.memory();
    const golden = named(models.layers, name);
    const network = await open(golden);
    const inputs = inputsOf(network, golden);
    const [output] = network.forward(inputs);
    expect(difference(output, golden.outputs['']), 'output').toBeLessThan(1e-5);
    const cuts = Object.keys(golden.outputs).filter((cut) => cut !== '');
    const results = await network.run(inputs, cuts);
    for (const [index, cut] of cuts.entries())
      expect(difference(results[index], golden.outputs[cut]), `${name} at ${cut}`).toBeLessThan(1e-5);
    tf.dispose([inputs, results, output ?? []]);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });

  test('every layer can be cut at and has the shape that it says, those of networks inside too', async () => {
    for (const golden of models.layers) {
      const network = await open(golden);
      const inputs = inputsOf(network, golden);
      const cuts = network.layers.filter(({ cut }) => cut);
      const results = network.forward(
        inputs,
        cuts.map(({ name }) => name),
      );
      for (const [index, { name, shape }] of cuts.entries()) {
        const actual = results[index]?.shape ?? [];
        expect(
          actual.map((size, axis) => (shape?.[axis] === null ? null : size)),
          name,
        ).toEqual(shape);
      }
      tf.dispose([inputs, results]);
    }
    const names = networks.at(-1)?.layers.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['inner/middle', 'inner/top', 'inner', 'joined', 'head']));
  });

  test('a cut needs only the inputs that it depends on', async () => {
    const golden = named(models.layers, 'nested');
    const network = await open(golden);
    const { left, right } = inputsOf(network, golden);
    if (left === undefined || right === undefined) throw new Error('no inputs');
    const [inner] = network.forward({ left }, ['inner']);
    expect(difference(inner, golden.outputs.inner)).toBeLessThan(1e-5);
    expect(await thrownBy(() => network.forward({ left }))).toMatchObject({ code: 'DATA', found: 'left' });
    tf.dispose([left, right, inner ?? []]);
  });
});

describe('older forms', () => {
  test('a sequence with its weights, with the names of cells, and frozen by its author', async () => {
    const golden = { modelTopology: { model_config: dense(2, { trainable: false }) }, weights: SMALL };
    const network = await open(golden);
    const x = tf.tensor2d([[1, 10]]);
    const [output] = network.forward(x);
    expect(Array.from(output?.dataSync() ?? [])).toEqual([1 + 30 + 5, 2 + 40 + 6]);
    expect([...network.parameters.values()].map(({ trainable }) => trainable)).toEqual([true, true]);
    tf.dispose([x, output ?? []]);
  });

  test('the first layer of a sequence is a network', async () => {
    const inner = { ...dense(2), config: { ...dense(2).config, name: 'inner' } };
    const last = { class_name: 'Dense', config: { name: 'head', units: 1, activation: 'relu' } };
    const outer = { class_name: 'Sequential', config: { name: 'outer', layers: [inner, last] } };
    const weights = { ...SMALL, 'head/kernel': matrix(2, 1, -1), 'head/bias': vector(50) };
    const network = await open({ modelTopology: outer, weights });
    expect(network.layers.filter(({ cut }) => cut).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['inner/dense', 'inner', 'head']),
    );
    const x = tf.tensor2d([[1, 10]]);
    const results = network.forward(x, ['inner/dense', 'inner', 'head']);
    expect(results.map((result) => Array.from(result.dataSync()))).toEqual([[36, 48], [36, 48], [38]]);
    expect(network.truncate(['inner/dense'])).toEqual(['head/kernel', 'head/bias']);
    tf.dispose([x, results]);
  });
});

describe('inference', () => {
  test('batch normalisation is on stored statistics and keeps them, also under a gradient', async () => {
    const golden = named(models.layers, 'vision');
    const network = await open(golden);
    const statistics = () =>
      [...network.parameters.values()]
        .filter(({ trainable }) => !trainable)
        .map(({ name, value }) => [name, Array.from(value.dataSync())]);
    const before = statistics();
    expect(before.map(([name]) => name)).toEqual([
      'norm/moving_mean',
      'norm/moving_variance',
      'norm2/moving_mean',
      'norm2/moving_variance',
    ]);
    const [x] = Object.values(inputsOf(network, golden));
    if (x === undefined) throw new Error('no input');
    const one = tf.tidy(() => x.slice([0], [1]));
    // Statistics of the batch would differ between one example and two.
    const [alone] = network.forward(one);
    const [both] = network.forward(x);
    if (alone === undefined || both === undefined) throw new Error('no output');
    for (const [index, value] of alone.dataSync().entries())
      expect(both.dataSync()[index]).toBeCloseTo(value, 6);
    const gradient = tf.grad((input: Tensor) => lossOf(network.forward(input)[0] ?? input))(x);
    expect(statistics()).toEqual(before);
    tf.dispose([x, one, alone, both, gradient]);
  });

  test('gradients with respect to assigned variables are those of finite differences', async () => {
    const golden = named(models.layers, 'vision');
    const network = await open(golden);
    const inputs = inputsOf(network, golden);
    const names = [
      'conv/kernel',
      'norm/beta',
      'norm2/gamma',
      'separable/pointwise_kernel',
      'layernorm/gamma',
      'head/bias',
    ];
    const variables = names.map((name) => {
      const value = network.parameters.get(name)?.value;
      if (value === undefined) throw new Error(name);
      const variable = tf.variable(value.clone());
      network.assign(name, variable);
      expect(network.parameters.get(name)?.value).toBe(variable);
      return variable;
    });
    const loss = () =>
      tf.tidy(() => {
        const [output] = network.forward(inputs, ['head']);
        if (output === undefined) throw new Error('no output');
        return lossOf(output).asScalar();
      });
    const { value, grads } = tf.variableGrads(loss, variables);
    value.dispose();
    for (const [number, variable] of variables.entries()) {
      const gradient = grads[variable.name]?.dataSync() ?? [];
      const original = variable.dataSync().slice();
      expect(
        Array.from(gradient).some((each) => Math.abs(each) > 1e-3),
        names[number],
      ).toBe(true);
      for (const index of [0, original.length - 1]) {
        const at = (step: number) => {
          const moved = original.slice();
          moved[index] = (moved[index] ?? 0) + step;
          tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
          return tf.tidy(() => loss().dataSync()[0] ?? Number.NaN);
        };
        const slope = (at(1e-2) - at(-1e-2)) / 2e-2;
        expect(Math.abs((gradient[index] ?? 0) - slope), names[number]).toBeLessThan(2e-3);
        tf.tidy(() => variable.assign(tf.tensor(original, variable.shape)));
      }
    }
    tf.dispose([inputs, grads]);
  });
});

describe('memory', () => {
  test('50 forward passes leave the count of tensors as it was, and a gradient too', async () => {
    const golden = named(models.layers, 'vision');
    const network = await open(golden);
    const [x] = Object.values(inputsOf(network, golden));
    if (x === undefined) throw new Error('no input');
    const before = tf.memory();
    for (let round = 0; round < 50; round++)
      tf.dispose(network.forward(x, round % 2 === 0 ? undefined : ['pool', 'norm']));
    tf.dispose(tf.grad((input: Tensor) => lossOf(network.forward(input)[0] ?? input))(x));
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    x.dispose();
  });

  test('truncating frees exactly the weights behind the cuts', async () => {
    const golden = named(models.layers, 'vision');
    const network = await open(golden);
    const inputs = inputsOf(network, golden);
    const before = tf.memory().numBytes;
    const freed = network.truncate(['pool']);
    expect(freed.toSorted()).toEqual(['head/bias', 'head/kernel', 'layernorm/beta', 'layernorm/gamma']);
    const numbers = freed.reduce((sum, name) => sum + (golden.weights[name]?.data.length ?? 0), 0);
    expect(before - tf.memory().numBytes).toBe(4 * numbers);
    expect(network.outputs).toEqual([{ name: 'pool', shape: [null, 5], dtype: 'float32' }]);
    expect(network.layers.map(({ name }) => name)).not.toContain('head');
    const [pooled] = network.forward(inputs);
    expect(difference(pooled, golden.outputs.pool)).toBeLessThan(1e-5);
    expect(await thrownBy(() => network.forward(inputs, ['head']))).toMatchObject({ code: 'NOT_FOUND' });
    tf.dispose([inputs, pooled ?? []]);
  });
});

describe('what does not fit is refused', () => {
  test('inputs, cuts and values', async () => {
    const network = await open({ modelTopology: dense(2), weights: SMALL });
    const wide = tf.zeros([1, 3]);
    const whole = tf.zeros([1, 2], 'int32');
    const right = tf.zeros([1, 2]);
    expect(await thrownBy(() => network.forward(wide))).toMatchObject({
      code: 'DATA',
      found: 'float32 [1, 3]',
    });
    expect(await thrownBy(() => network.run(whole))).toMatchObject({
      code: 'DATA',
      expected: 'float32 [?, 2]',
    });
    const cut = await thrownBy(() => network.run(right, ['dens']));
    expect(cut).toMatchObject({ code: 'NOT_FOUND', found: 'dens' });
    expect(cut.expected).toContain('dense');
    expect(await thrownBy(() => network.assign('dense/kernel', wide))).toMatchObject({ code: 'DATA' });
    expect(await thrownBy(() => network.assign('dense/kernl', wide))).toMatchObject({ code: 'NOT_FOUND' });
    tf.dispose([wide, whole, right]);
    network.dispose();
    expect(await thrownBy(() => network.forward(tf.zeros([1, 2])))).toMatchObject({ code: 'USAGE' });
  });

  test('layers that TensorFlow.js does not have, all of them', async () => {
    const layer = (class_name: string) => ({ class_name, config: { name: class_name, trainable: true } });
    const [first] = dense(2).config.layers;
    const layers = [first, layer('Lambda'), layer('RandomFlip'), layer('Lambda')];
    const error = await thrownBy(() =>
      open({ modelTopology: { class_name: 'Sequential', config: { name: 'x', layers } }, weights: SMALL }),
    );
    expect(error).toMatchObject({ code: 'DATA', found: 'Lambda, RandomFlip' });
    expect(error.hint).toContain('code');
  });

  test.each([
    [
      'more units than the files have weights',
      { modelTopology: dense(1e12), weights: SMALL },
      'need more weights',
    ],
    [
      'other shapes of the same size',
      { modelTopology: dense(2), weights: { ...SMALL, 'dense/kernel': matrix(1, 1, 2, 3, 4) } },
      'another shape',
    ],
    [
      'a weight that is missing',
      { modelTopology: dense(2), weights: { 'dense/kernel': matrix(2, 1, 2, 3, 4), spare: vector(5, 6) } },
      'no layer needs',
    ],
    [
      'no input shape',
      { modelTopology: dense(2, { batch_input_shape: undefined }), weights: SMALL },
      "can't be built",
    ],
    [
      'an impossible output',
      { modelTopology: dense(2, { batch_input_shape: [null, 2e9, 2e9, 2] }), weights: SMALL },
      'impossible output',
    ],
  ])('%s', async (_, written, text) => {
    const before = tf.memory().numTensors;
    const error = await thrownBy(() => open(written));
    expect(error.code).toBe('INTEGRITY');
    expect(error.message).toContain(text);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([
    ['a layer that is not there', { sum: [[['gone', 0, 0, {}]]] }],
    ['a call that is never made', { sum: [[['input', 1, 0, {}]]] }],
    ['layers that wait for each other', { sum: [[['head', 0, 0, {}]]], head: [[['sum', 0, 0, {}]]] }],
    ['what it is called with in other words', { sum: [{ input: 0 }] }],
  ])('%s, which TensorFlow.js would wait for without end', async (_, calls: Record<string, unknown>) => {
    const layer = (name: string, class_name: string, config: object) => ({
      name,
      class_name,
      config: { name, ...config },
      inbound_nodes:
        calls[name] ?? (name === 'input' ? [] : [[[name === 'sum' ? 'input' : 'sum', 0, 0, {}]]]),
    });
    const modelTopology = {
      class_name: 'Model',
      config: {
        name: 'model',
        layers: [
          layer('input', 'InputLayer', { batch_input_shape: [null, 2] }),
          layer('sum', 'Activation', { activation: 'relu' }),
          layer('head', 'Activation', { activation: 'relu' }),
        ],
        input_layers: [['input', 0, 0]],
        output_layers: [['head', 0, 0]],
      },
    };
    const error = await thrownBy(() => open({ modelTopology, weights: {} }));
    expect(error.code).toBe('INTEGRITY');
    // The key that Keras would write is right, and this one must not replace it.
    const plain = JSON.stringify(modelTopology).replaceAll('"inbound_nodes"', '"inbound__nodes"');
    expect(await thrownBy(() => open({ modelTopology: JSON.parse(plain), weights: {} }))).toMatchObject({
      code: 'INTEGRITY',
    });
  });
});
