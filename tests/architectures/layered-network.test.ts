import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layeredNetwork } from '../../src/architectures/layered-network.js';
import type { Layer, Topology, TopologyParameter } from '../../src/architectures/topology.js';
import type { Network, NetworkInputs } from '../../src/formats/network.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { thrownBy } from '../support/thrown-by.js';

/**
 *   x ─ double ─ square ─ sum (double + square) ─ head (× weight)
 *         └────────────────┘          side (× other) reads double
 */
const applied: string[] = [];
/** Tensors alive when a layer begins. */
const alive = new Map<string, number>();

function layer(
  name: string,
  inputs: string[],
  apply: Layer['apply'],
  parameters: string[] = [],
  kind = 'Test',
): Layer {
  return {
    name,
    kind,
    inputs,
    parameters,
    shape: [null, 2],
    apply(values, weights) {
      applied.push(name);
      alive.set(name, tf.memory().numTensors);
      return apply(values, weights);
    },
  };
}

function only(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new Error('no tensor');
  return first;
}

const weight = (name: string, data: number[]): TopologyParameter => ({
  name,
  shape: [2],
  dtype: 'float32',
  data: Float32Array.from(data),
  trainable: name !== 'other',
});

function topology(extra: Partial<Topology> = {}): Topology {
  return {
    inputs: [{ name: 'x', shape: [null, 2], dtype: 'float32' }],
    outputs: ['head'],
    layers: [
      layer('double', ['x'], ([x]) => tf.mul(only([x] as Tensor[]), 2)),
      layer('block.square', ['double'], (values) => tf.square(only(values))),
      layer('block.sum', ['double', 'block.square'], (values) => tf.addN([...values]), [], 'Add'),
      layer('identity', ['block.sum'], (values) => only(values), [], 'Identity'),
      layer('head', ['identity'], (values, weights) => tf.mul(only(values), only(weights)), ['weight']),
      layer('side', ['double'], (values, weights) => tf.mul(only(values), only(weights)), ['other']),
    ],
    parameters: [weight('weight', [10, 100]), weight('other', [1, -1])],
    ...extra,
  };
}

let network: Network;
let before: number;

beforeEach(() => {
  before = tf.memory().numTensors;
  network = layeredNetwork('pytorch', topology());
  applied.length = 0;
});

afterEach(() => {
  network.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

/** Runs with x = [1, 3] and reads the numbers. */
function numbers(cuts?: readonly string[]): number[][] {
  return tf.tidy(() =>
    network.forward(tf.tensor2d([[1, 3]]), cuts).map((tensor) => [...tensor.dataSync<'float32'>()]),
  );
}

describe('forward', () => {
  it('gives the outputs, or the cuts in the order of asking, also twice', () => {
    expect(numbers()).toEqual([[60, 4200]]);
    expect(numbers(['side', 'double', 'side'])).toEqual([
      [2, -6],
      [2, 6],
      [2, -6],
    ]);
  });

  it('computes only what the cuts need', () => {
    numbers(['block.square']);
    expect(applied).toEqual(['double', 'block.square']);
  });

  it('understands the name of a module, and of layers in a row', async () => {
    expect(numbers(['block'])).toEqual([[6, 42]]);
    expect(numbers(['block.square, block.sum, Identity'])).toEqual([[6, 42]]);
    const wrongOrder = await thrownBy(() => numbers(['block.sum, block.square']));
    expect(wrongOrder).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('names the nearest layers for an unknown cut', async () => {
    const error = await thrownBy(() => numbers(['haed']));
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      exitCode: 3,
      expected: expect.stringContaining('head'),
    });
  });

  it('frees values as soon as nobody needs them, and leaves what the caller owns', () => {
    const x = tf.tensor2d([[1, 3]]);
    const start = tf.memory().numTensors;
    const [out, double] = network.forward(x, ['head', 'double']);
    // Alive beside x: double (a cut) and sum; then double and what identity handed on.
    expect(alive.get('identity')).toBe(start + 2);
    expect(alive.get('head')).toBe(start + 2);
    expect(tf.memory().numTensors).toBe(start + 2);
    expect([...(out?.dataSync() ?? [])]).toEqual([60, 4200]);
    expect([...x.dataSync()]).toEqual([1, 3]);
    tf.dispose([out, double, x].flatMap((tensor) => (tensor === undefined ? [] : [tensor])));
  });

  it('gives right gradients of inputs and parameters', () => {
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([10, 100])));
    network.assign('weight', variable);
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 3]]);
      const loss = () => tf.sum(only(network.forward(x))).asScalar();
      const { grads } = tf.variableGrads(loss, [variable]);
      // d(2x + 4x²)·w / dw
      expect([...(grads[variable.name]?.dataSync() ?? [])]).toEqual([6, 42]);
      const slope = tf.grad((value) => tf.sum(only(network.forward(value))))(x);
      // (2 + 8x)·w
      expect([...slope.dataSync()]).toEqual([100, 2600]);
    });
  });

  it('keeps the number of tensors constant over many passes', async () => {
    const x = tf.tensor2d([[1, 3]]);
    tf.dispose(await network.run(x, ['head', 'side']));
    const start = tf.memory().numTensors;
    for (let pass = 0; pass < 200; pass++) tf.dispose(await network.run(x, ['head', 'side']));
    expect(tf.memory().numTensors).toBe(start);
    x.dispose();
  });
});

describe('inputs', () => {
  const refused = (inputs: () => NetworkInputs) => thrownBy(() => tf.tidy(() => network.forward(inputs())));

  it('are taken by name as well', () => {
    const got = tf.tidy(() => only(network.forward({ x: tf.tensor2d([[1, 3]]) })).arraySync());
    expect(got).toEqual([[60, 4200]]);
  });

  it('of another shape, type or name are refused with what was expected', async () => {
    expect(await refused(() => tf.zeros([1, 3]))).toMatchObject({
      code: 'DATA',
      expected: 'float32 [?, 2]',
      found: 'float32 [1, 3]',
    });
    expect(await refused(() => tf.zeros([2]))).toMatchObject({ code: 'DATA' });
    expect(await refused(() => tf.zeros([1, 2], 'int32'))).toMatchObject({
      code: 'DATA',
      found: 'int32 [1, 2]',
    });
    expect(await refused(() => ({}))).toMatchObject({
      code: 'DATA',
      expected: 'x [?, 2]',
      found: 'no input',
    });
    const two = () => ({ x: tf.zeros([1, 2]), y: tf.zeros([1, 2]) });
    expect(await refused(two)).toMatchObject({ code: 'DATA', found: 'x, y' });
  });
});

describe('assign', () => {
  it('puts a value in place and frees the old one', () => {
    const start = tf.memory().numTensors;
    const value = tf.tensor1d([1, 1]);
    network.assign('weight', value);
    expect(tf.memory().numTensors).toBe(start);
    expect(network.parameters.get('weight')?.value).toBe(value);
    network.assign('weight', value);
    expect(numbers()).toEqual([[6, 42]]);
  });

  it('survives a tidy around it', () => {
    tf.tidy(() => network.assign('weight', tf.tensor1d([1, 2])));
    expect(numbers()).toEqual([[6, 84]]);
  });

  it('refuses another shape or type, and a name that is none', async () => {
    const start = tf.memory().numTensors;
    const wrong = tf.tensor1d([1, 2, 3]);
    expect(await thrownBy(() => network.assign('weight', wrong))).toMatchObject({ code: 'DATA' });
    expect(await thrownBy(() => network.assign('none', wrong))).toMatchObject({ code: 'NOT_FOUND' });
    wrong.dispose();
    expect(numbers()).toEqual([[60, 4200]]);
    expect(tf.memory().numTensors).toBe(start);
  });
});

describe('truncate', () => {
  it('frees layers and parameters behind the cuts', async () => {
    const start = tf.memory().numTensors;
    expect(network.truncate(['block'])).toEqual(['weight', 'other']);
    expect(tf.memory().numTensors).toBe(start - 2);
    expect(network.layers.map(({ name }) => name)).toEqual(['double', 'block.square', 'block.sum']);
    expect(network.outputs).toEqual([{ name: 'block.sum', shape: [null, 2], dtype: 'float32' }]);
    expect([...network.parameters.keys()]).toEqual([]);
    expect(numbers()).toEqual([[6, 42]]);
    expect(await thrownBy(() => numbers(['head']))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps what any of several cuts needs', () => {
    expect(network.truncate(['side', 'block.square'])).toEqual(['weight']);
    expect(numbers()).toEqual([
      [2, -6],
      [4, 36],
    ]);
  });
});

it('is of no use after dispose', async () => {
  network.dispose();
  network.dispose();
  expect(await thrownBy(() => numbers())).toMatchObject({ code: 'FAILED' });
});

describe('a topology that contradicts itself is refused', async () => {
  const apply: Layer['apply'] = (values) => only(values);
  it.each([
    ['a layer that reads what comes later', { layers: [layer('a', ['b'], apply), layer('b', ['x'], apply)] }],
    ['two layers of one name', { layers: [layer('a', ['x'], apply), layer('a', ['x'], apply)] }],
    ['a parameter that is not there', { layers: [layer('a', ['x'], apply, ['none'])] }],
    ['two parameters of one name', { parameters: [weight('weight', [1, 2]), weight('weight', [1, 2])] }],
    ['an output that is no layer', { outputs: ['none'] }],
  ] satisfies [string, Partial<Topology>][])('%s', async (_, extra) => {
    expect(await thrownBy(() => layeredNetwork('pytorch', topology(extra)))).toMatchObject({
      code: 'FAILED',
    });
  });
});
