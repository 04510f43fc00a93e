import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Network } from '../../../src/formats/network.js';
import { openTfjsGraph } from '../../../src/formats/tfjs-graph/open-tfjs-graph.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import { realModel } from '../../support/real-model.js';
import { thrownBy } from '../../support/thrown-by.js';
import {
  difference,
  type GoldenGraph,
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

async function open(
  golden: Pick<GoldenGraph, 'modelTopology' | 'weights'>,
  extra?: object,
): Promise<Network> {
  const { folder, card } = await writeTfjs('tfjs-graph', golden.modelTopology, golden.weights, {
    extra: extra ?? {},
  });
  const network = await openTfjsGraph(folder, card);
  networks.push(network);
  return network;
}

const tensors = (inputs: Readonly<Record<string, PlainTensor>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, tensorOf(value)]));

/** A number that depends on all values of some tensors, without symmetries. */
const lossOf = (outputs: readonly Tensor[]) =>
  tf.addN(
    outputs.map((output) =>
      output
        .mul(
          tf
            .range(1, output.size + 1)
            .reshape(output.shape)
            .sin(),
        )
        .sum(),
    ),
  );

describe('graphs of Python TensorFlow, with loops, branches, lists and front ends', () => {
  test.each(['map', 'pushed', 'branches', 'spectrum'])(
    '%s gives its values and leaves nothing behind',
    async (name) => {
      const warned = vi.spyOn(console, 'warn');
      const golden = named(models.graphs, name);
      const network = await open(golden);
      const inputs = tensors(golden.inputs);
      const cuts = Object.keys(golden.outputs);
      const before = tf.memory().numTensors;
      // Twice, as the second run finds what the first one has left.
      for (let round = 0; round < 2; round++) {
        const results = await network.run(inputs, cuts);
        for (const [index, cut] of cuts.entries())
          expect(difference(results[index], golden.outputs[cut]), `${name} at ${cut}`).toBeLessThan(1e-5);
        tf.dispose(results);
        expect(tf.memory().numTensors).toBe(before);
      }
      tf.dispose(inputs);
      expect(warned).not.toHaveBeenCalled();
      warned.mockRestore();
    },
  );

  test('weights that cross the borders of files are the same', async () => {
    const golden = named(models.graphs, 'spectrum');
    for (const shardBytes of [3, 64, 1_000_000]) {
      const { folder, card } = await writeTfjs('tfjs-graph', golden.modelTopology, golden.weights, {
        shardBytes,
      });
      const network = await openTfjsGraph(folder, card);
      const inputs = tensors(golden.inputs);
      const [output] = network.forward(inputs);
      expect(difference(output, golden.outputs.Identity)).toBeLessThan(1e-5);
      tf.dispose([inputs, output ?? []]);
      network.dispose();
    }
  });
});

describe('parameters', () => {
  test('kernels, biases, scale and offset train; filters of the front end, shifts and sizes do not', async () => {
    const golden = named(models.graphs, 'spectrum');
    const network = await open(golden);
    const trainable = [...network.parameters.values()].filter((each) => each.trainable);
    // conv, its bias, depthwise, gamma, beta, dense and its bias; the filter bank is a matrix too and must not be.
    const sizes = trainable.map(({ shape }) => shape.join('×')).toSorted();
    expect(sizes).toEqual(['3', '3×3×1×4', '3×3×4×1', '4', '4', '4', '4×3']);
    const bank = [...network.parameters.values()].find(({ shape }) => shape.join() === '12,8');
    expect(bank).toMatchObject({ dtype: 'float32', trainable: false });
    for (const { dtype, trainable: trains } of network.parameters.values())
      if (dtype !== 'float32') expect(trains).toBe(false);
  });

  test('gradients with respect to assigned variables are those of finite differences', async () => {
    const golden = named(models.graphs, 'spectrum');
    const network = await open(golden);
    const inputs = tensors(golden.inputs);
    const names = [...network.parameters.values()].filter((each) => each.trainable).map(({ name }) => name);
    const variables = names.map((name) => {
      const value = network.parameters.get(name)?.value;
      if (value === undefined) throw new Error(name);
      const variable = tf.variable(value);
      network.assign(name, variable);
      expect(network.parameters.get(name)?.value).toBe(variable);
      return variable;
    });
    const loss = () => tf.tidy(() => lossOf(network.forward(inputs)).asScalar());
    const before = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(loss, variables);
    value.dispose();
    for (const variable of variables) {
      const gradient = grads[variable.name]?.dataSync() ?? [];
      const original = variable.dataSync().slice();
      expect(Array.from(gradient).some((each) => Math.abs(each) > 1e-3)).toBe(true);
      for (const index of [0, original.length - 1]) {
        const at = (step: number) => {
          const moved = original.slice();
          moved[index] = (moved[index] ?? 0) + step;
          tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
          return tf.tidy(() => loss().dataSync()[0] ?? Number.NaN);
        };
        const slope = (at(1e-2) - at(-1e-2)) / 2e-2;
        expect(
          Math.abs((gradient[index] ?? 0) - slope),
          `${variable.shape}: ${gradient[index]} or ${slope}`,
        ).toBeLessThan(2e-3);
        tf.tidy(() => variable.assign(tf.tensor(original, variable.shape)));
      }
    }
    tf.dispose(grads);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(inputs);
  });

  test('an assigned value survives runs with waiting, and a wrong one is refused', async () => {
    const golden = named(models.graphs, 'map');
    const network = await open(golden);
    const inputs = tensors(golden.inputs);
    const kernel = [...network.parameters.values()].find(({ shape }) => shape.join() === '3,3');
    if (kernel === undefined) throw new Error('no kernel');
    network.assign(kernel.name, tf.variable(tf.zeros([3, 3])));
    for (let round = 0; round < 2; round++) {
      const [output] = await network.run(inputs);
      expect(Array.from(output?.dataSync() ?? [])).toEqual([1, 1, 1, 1]);
      output?.dispose();
    }
    const wrong = tf.zeros([3, 4]);
    expect(await thrownBy(() => network.assign(kernel.name, wrong))).toMatchObject({
      code: 'DATA',
      expected: 'float32 [3, 3]',
      found: 'float32 [3, 4]',
    });
    const missing = await thrownBy(() => network.assign(`${kernel.name}x`, wrong));
    expect(missing).toMatchObject({ code: 'NOT_FOUND' });
    expect(missing.expected).toContain(kernel.name);
    tf.dispose([inputs, wrong]);
  });
});

describe('cuts', () => {
  test('anywhere, and several at once; what the caller gets is its own', async () => {
    const network = await open(named(models.graphs, 'spectrum'));
    const inputs = tensors(named(models.graphs, 'spectrum').inputs);
    const before = tf.memory().numTensors;
    const cuts = network.layers.filter(({ cut }) => cut).map(({ name }) => name);
    const results = [...network.forward(inputs, cuts), ...network.forward(inputs, ['x', 'pooled', 'pooled'])];
    expect(results).toHaveLength(cuts.length + 3);
    for (const [index, cut] of cuts.entries()) {
      const shape = network.layers.find(({ name }) => name === cut)?.shape;
      const actual = results[index]?.shape ?? [];
      expect(
        actual.map((size, axis) => (shape?.[axis] === null ? null : size)),
        cut,
      ).toEqual(shape);
    }
    tf.dispose(results);
    expect(tf.memory().numTensors).toBe(before);
    // Neither the input nor a weight was given away.
    tf.dispose(network.forward(inputs));
    tf.dispose(inputs);
  });

  test('the part behind an operation that must be waited for can be computed from its value', async () => {
    const { folder, card } = await realModel('guesslang');
    const network = await openTfjsGraph(folder, card);
    networks.push(network);
    const text = tf.tensor1d(['fn main() { println!("x"); }'], 'string');
    const refused = await thrownBy(() => network.forward(text));
    expect(refused).toMatchObject({ code: 'DATA' });
    expect(refused.message).toContain('TensorListFromTensor');
    const deep = 'dnn/hiddenlayer_0/Relu';
    const [hidden, logits] = await network.run(text, [deep, 'dnn/logits/BiasAdd']);
    if (hidden === undefined || logits === undefined) throw new Error('no result');
    const [again] = network.forward({ [deep]: hidden }, ['dnn/logits/BiasAdd']);
    expect(Array.from(again?.dataSync() ?? [])).toEqual(Array.from(logits.dataSync()));
    const gradient = tf.grad((x: Tensor) => lossOf(network.forward({ [deep]: x }, ['dnn/logits/BiasAdd'])))(
      hidden,
    );
    expect(Math.max(...gradient.dataSync())).toBeGreaterThan(0);
    tf.dispose([text, hidden, logits, gradient, again ?? []]);
  });

  test('truncating frees what lies behind, and the rest goes on to work', async () => {
    const golden = named(models.graphs, 'spectrum');
    const network = await open(golden);
    const inputs = tensors(golden.inputs);
    const { numBytes, numTensors } = tf.memory();
    const sizes = new Map(
      [...network.parameters].map(([name, { value, dtype }]) => [
        name,
        dtype === 'bool' ? value.size : 4 * value.size,
      ]),
    );
    const freed = network.truncate(['pooled']);
    expect(freed.length).toBeGreaterThan(4);
    expect(numTensors - tf.memory().numTensors).toBe(freed.length);
    expect(numBytes - tf.memory().numBytes).toBe(
      freed.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0),
    );
    for (const name of freed) expect(network.parameters.has(name)).toBe(false);
    expect(network.outputs).toEqual([{ name: 'pooled', shape: [null, 4], dtype: 'float32' }]);
    expect(network.layers.at(-1)?.name).toBe('pooled');
    const [pooled] = network.forward(inputs);
    expect(difference(pooled, golden.outputs.pooled)).toBeLessThan(1e-5);
    expect(await thrownBy(() => network.run(inputs, ['Softmax']))).toMatchObject({ code: 'NOT_FOUND' });
    tf.dispose([inputs, pooled ?? []]);
  });
});

describe('memory', () => {
  test('many runs of networks that must be waited for leave the count of tensors as it was', async () => {
    for (const name of ['use-lite', 'guesslang']) {
      const { folder, card } = await realModel(name);
      const network = await openTfjsGraph(folder, card);
      networks.push(network);
      const inputs =
        name === 'guesslang'
          ? { inputs: tf.tensor1d(['let x = 1;', 'SELECT 1'], 'string') }
          : {
              indices: tf.tensor2d(
                [
                  [0, 0],
                  [0, 1],
                  [1, 0],
                ],
                [3, 2],
                'int32',
              ),
              values: tf.tensor1d([34, 6, 9], 'int32'),
            };
      const before = tf.memory();
      // Each text is a loop of its own in guesslang, which takes ten times as long.
      const rounds = name === 'guesslang' ? 10 : 50;
      for (let round = 0; round < rounds; round++) tf.dispose(await network.run(inputs));
      expect(tf.memory().numTensors, name).toBe(before.numTensors);
      expect(tf.memory().numBytes, name).toBe(before.numBytes);
      tf.dispose(inputs);
    }
  });

  test('a run with waiting does not depend on the tidy that it was started in', async () => {
    const golden = named(models.graphs, 'map');
    const network = await open(golden);
    const inputs = tensors(golden.inputs);
    let running: Promise<Tensor[]> | undefined;
    tf.tidy(() => {
      running = network.run(inputs);
    });
    const [output] = (await running) ?? [];
    expect(difference(output, golden.outputs.Identity)).toBeLessThan(1e-5);
    tf.dispose([inputs, output ?? []]);
  });
});

describe('what does not fit is refused', () => {
  test('inputs of other shapes, types and names', async () => {
    const network = await open(named(models.graphs, 'branches'));
    const ids = tf.tensor1d([1, 2], 'int32');
    const flag = tf.tensor1d([true], 'bool');
    const real = tf.tensor1d([1, 2]);
    const deep = tf.zeros([1, 2], 'int32');
    const cases: [Record<string, Tensor> | Tensor, object][] = [
      [
        { ids: real, flag },
        { expected: 'int32 [?]', found: 'float32 [2]' },
      ],
      [
        { ids: deep, flag },
        { expected: 'int32 [?]', found: 'int32 [1, 2]' },
      ],
      [{ ids }, { message: 'An input of the network is missing: flag', found: 'ids' }],
      [{ ids, flag, more: real }, { message: 'The network has no input called more' }],
      [ids, { message: 'The network takes 2 inputs, and one tensor was given' }],
    ];
    for (const [inputs, wanted] of cases) {
      const error = await thrownBy(() => network.run(inputs));
      expect({ ...error.toJSON() }).toMatchObject({ code: 'DATA', ...wanted });
    }
    const outside = tf.tensor1d([1, 70], 'int32');
    const failed = await thrownBy(() => network.run({ ids: outside, flag }));
    expect(failed.code).toBe('DATA');
    tf.dispose([ids, flag, real, deep, outside]);
  });

  test('unknown cuts, with the nearest names', async () => {
    const { folder, card } = await realModel('basic-pitch');
    const network = await openTfjsGraph(folder, card);
    networks.push(network);
    const wave = tf.zeros([1, 43844, 1]);
    const misspelt = await thrownBy(() => network.run(wave, ['StatefulPartitionedCall/model_1/re_lu_2/Rel']));
    expect(misspelt.code).toBe('NOT_FOUND');
    expect(misspelt.expected).toContain('StatefulPartitionedCall/model_1/re_lu_2/Relu');
    const short = await thrownBy(() => network.truncate(['re_lu_2']));
    expect(short.expected).toContain('StatefulPartitionedCall/model_1/re_lu_2/Relu');
    wave.dispose();
  });

  test('operations that TensorFlow.js does not have, all of them, before weights are read', async () => {
    const golden = named(models.graphs, 'spectrum');
    const node = golden.modelTopology.node.map((each) =>
      each.op === 'Relu6'
        ? { ...each, op: 'NewRelu' }
        : each.op === 'Log'
          ? { ...each, op: 'BetterLog' }
          : each,
    );
    // Weights of the wrong size would be refused if they were read.
    const error = await thrownBy(() => open({ modelTopology: { node }, weights: golden.weights }));
    expect(error).toMatchObject({ code: 'DATA', found: 'BetterLog, NewRelu' });
  });

  test('a disposed network', async () => {
    const network = await open(named(models.graphs, 'spectrum'));
    const before = tf.memory().numTensors;
    network.dispose();
    network.dispose();
    expect(tf.memory().numTensors).toBeLessThan(before);
    expect(await thrownBy(() => network.layers)).toMatchObject({ code: 'USAGE' });
    expect(await thrownBy(() => network.run({}))).toMatchObject({ code: 'USAGE' });
  });
});

test('shapes of a network that must be waited for are seen after observing it', async () => {
  const { folder, card } = await realModel('use-lite');
  const network = await openTfjsGraph(folder, card);
  networks.push(network);
  const table = network.layers.findIndex(({ name }) => name.endsWith('Encode/embedding_lookup'));
  expect(network.layers[table]?.shape).toBeUndefined();
  const before = tf.memory().numTensors;
  await network.observe?.();
  expect(tf.memory().numTensors).toBe(before);
  expect(network.layers[table]?.shape).toEqual([null, 256]);
  const known = network.layers.filter(({ cut, shape }) => cut && shape !== undefined);
  expect(known.length).toBe(network.layers.filter(({ cut }) => cut).length);
});

test('names of the signature are other names of inputs, and one of a node does not hide it', async () => {
  const golden = named(models.graphs, 'branches');
  const extra = {
    signature: {
      inputs: { tokens: { name: 'ids:0' }, flag: { name: 'flag:0' } },
      // As Keras exports it: the name of one output is that of another output's node.
      outputs: { Identity: { name: 'Identity_1:0' }, Identity_1: { name: 'Identity:0' } },
    },
  };
  const network = await open(golden, extra);
  const { ids, flag } = tensors(golden.inputs);
  if (ids === undefined || flag === undefined) throw new Error('no inputs');
  expect(network.outputs.map(({ name }) => name)).toEqual(['Identity_1', 'Identity']);
  const results = await network.run({ tokens: ids, flag });
  expect(difference(results[0], golden.outputs.Identity_1)).toBeLessThan(1e-6);
  expect(difference(results[1], golden.outputs.Identity)).toBeLessThan(1e-6);
  tf.dispose([ids, flag, results]);
});
