/** Real networks of every format through their graphs, against the networks themselves at sizes that nobody traced. */
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layeredNetwork } from '../../src/architectures/layered-network.js';
import type { Topology } from '../../src/architectures/topology.js';
import type { Network } from '../../src/formats/network.js';
import { nativeBackend } from '../../src/graph/binding.js';
import { relativeDifference } from '../../src/graph/compile.js';
import { type NativeForwardOptions, nativeForward } from '../../src/graph/native-forward.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { openNetwork } from '../../src/transfer/open-network.js';
import { realModel } from '../support/real-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';
import { numbers } from './traced.js';

/** Of the largest number. */
const TOLERANCE = 1e-4;

let before: number[];
const counts = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];

beforeEach(() => {
  before = counts();
});

afterEach(() => {
  expect(counts()).toEqual(before);
  expect(tf.node.getNumOfSavedModels()).toBe(0);
});

async function open(reference: string): Promise<Network> {
  const { folder, card } = await realModel(reference);
  return openNetwork(folder, card);
}

async function made(network: Network, cuts: readonly string[], options?: NativeForwardOptions) {
  const native = await nativeForward(network, cuts, {
    onRefusal: (reason) => {
      throw new Error(reason);
    },
    ...options,
  });
  if (native === undefined) throw new Error('no graph');
  return native;
}

/** Float inputs from -1 to 1, whole numbers from 0 to 3; the first token of each row is never masked. */
function inputsOf(network: Network, batch: number, length: number): Record<string, Tensor> {
  const entries = network.inputs.map(({ name, shape, dtype }, seed) => {
    const sizes = shape.map((size, axis) => size ?? (axis === 0 ? batch : length));
    if (dtype === 'float32') return [name, tf.randomUniform(sizes, -1, 1, 'float32', seed + 7)];
    const most = name.includes('mask') ? 1 : 3;
    const values = tf.tidy(() =>
      tf.cast(tf.round(tf.mul(tf.randomUniform(sizes, 0, 1, 'float32', seed + 7), most)), 'int32'),
    );
    return [name, values];
  });
  return Object.fromEntries(entries);
}

async function expectSame(
  network: Network,
  native: Awaited<ReturnType<typeof made>>,
  inputs: Record<string, Tensor>,
): Promise<void> {
  const expected = await network.run(inputs, native.cuts);
  const found = await native.run(inputs);
  expect(found).toHaveLength(expected.length);
  expected.forEach((tensor, index) => {
    expect(relativeDifference(tensor, found[index]), native.cuts[index]).toBeLessThan(TOLERANCE);
  });
  tf.dispose([...expected, ...found, ...Object.values(inputs)]);
}

describe('nativeForward of real networks', () => {
  it.each([
    ['mobilenet-v2', ['features.18', 'features.7.conv.1.0'], [[5, 0]]],
    ['efficientnet-lite0', undefined, [[4, 0]]],
    ['resnet50', ['avg_pool'], [[4, 0]]],
    ['basic-pitch', undefined, [[4, 0]]],
    ['resemblyzer', undefined, [[4, 0]]],
    [
      'minilm-l6-v2',
      undefined,
      [
        [1, 1],
        [7, 41],
        [2, 128],
      ],
    ],
  ] as const)('%s', async (reference, cuts, sizes) => {
    const network = await open(reference);
    const native = await made(network, cuts ?? network.outputs.map(({ name }) => name));
    expect(native.open).toBe('all');
    const tensors = counts();
    for (const [batch, length] of sizes) await expectSame(network, native, inputsOf(network, batch, length));
    expect(counts()).toEqual(tensors);
    native.dispose();
    network.dispose();
  });

  it('refuses with a reason what takes strings, or can not run without waiting', async () => {
    const reasons: string[] = [];
    for (const reference of ['guesslang', 'use-lite']) {
      const network = await open(reference);
      const cuts = network.outputs.map(({ name }) => name);
      expect(
        await nativeForward(network, cuts, { onRefusal: (reason) => reasons.push(reason) }),
      ).toBeUndefined();
      network.dispose();
    }
    expect(reasons).toEqual([expect.stringContaining('string'), expect.stringContaining('without waiting')]);
  });
});

/** Sums rows of x [batch, time, 3] by one operation a time: how many there are depends on the time. */
function unrolled(touched: { count: number } = { count: 0 }): Network {
  const topology: Topology = {
    inputs: [{ name: 'x', shape: [null, null, 3], dtype: 'float32' }],
    outputs: ['sum'],
    layers: [
      {
        name: 'sum',
        kind: 'Sum',
        inputs: ['x'],
        parameters: ['scale'],
        shape: [null, 3],
        apply: ([x], [scale]) => {
          touched.count += 1;
          if (x === undefined || scale === undefined) throw new RangeError('an input is missing');
          if ((x.shape[1] ?? 0) > 9) throw new RangeError('too long');
          return tf.mul(
            tf.unstack(x, 1).reduce((sum, row) => tf.add(sum, row)),
            scale,
          );
        },
      },
    ],
    parameters: [
      { name: 'scale', shape: [3], dtype: 'float32', data: Float32Array.of(1, 2, 3), trainable: true },
    ],
  };
  return layeredNetwork('test', topology);
}

describe('nativeForward where one graph is not enough', () => {
  it('makes a graph for other sizes when they come again, and keeps a few', async () => {
    const touched = { count: 0 };
    const network = unrolled(touched);
    const example = numbers(1, 4, 3);
    const native = await made(network, ['sum'], { example });
    example.dispose();
    expect(native.open).toBe('batch');
    const runs = async (batch: number, time: number) => {
      const x = numbers(batch, time, 3);
      touched.count = 0;
      const [found] = await native.run(x);
      const calls = touched.count;
      const [expected] = await network.run(x, ['sum']);
      expect(found?.arraySync()).toEqual(expected?.arraySync());
      tf.dispose([x, found, expected].flatMap((tensor) => tensor ?? []));
      return calls;
    };
    // The sizes of the example: by the graph, whatever the batch.
    expect([await runs(1, 4), await runs(6, 4)]).toEqual([0, 0]);
    // Once by the network; then traced, and compared, which takes the network thrice; then by the graph.
    expect([await runs(2, 5), await runs(2, 5), await runs(9, 5)]).toEqual([1, 3, 0]);
    for (const time of [6, 7, 8, 9]) expect([await runs(2, time), await runs(2, time)]).toEqual([1, 3]);
    expect(tf.node.getNumOfSavedModels()).toBe(4);
    // The graph for 4 was used longest ago and is gone.
    expect([await runs(2, 9), await runs(2, 4)]).toEqual([0, 1]);
    native.dispose();
    const x = numbers(1, 4, 3);
    expect(await thrownBy(() => native.run(x))).toMatchObject({ code: 'USAGE' });
    x.dispose();
    network.dispose();
  });

  it('leaves other sizes to the network where it is told to, however often they come', async () => {
    const touched = { count: 0 };
    const network = unrolled(touched);
    const example = numbers(1, 4, 3);
    const native = await made(network, ['sum'], { example, otherSizes: 'network' });
    const calls: number[] = [];
    for (const time of [4, 5, 5, 5, 4]) {
      const x = numbers(2, time, 3);
      touched.count = 0;
      tf.dispose([x, ...(await native.run(x))]);
      calls.push(touched.count);
    }
    expect(calls).toEqual([0, 1, 1, 1, 0]);
    expect(tf.node.getNumOfSavedModels()).toBe(1);
    native.dispose();
    example.dispose();
    network.dispose();
  });

  it('leaves it to the network to refuse inputs', async () => {
    const network = unrolled();
    const example = numbers(1, 4, 3);
    const native = await made(network, ['sum'], { example });
    const wrong = numbers(2, 4, 2);
    const ids = tf.ones([2, 4, 3], 'int32');
    for (const x of [wrong, ids]) {
      expect(await thrownBy(() => native.run(x))).toMatchObject({
        code: 'DATA',
        message: expect.stringContaining('x'),
      });
    }
    native.dispose();
    network.dispose();
    tf.dispose([example, wrong, ids]);
  });

  it('needs an example where sizes are open that can not be guessed', async () => {
    const network = unrolled();
    const reasons: string[] = [];
    expect(
      await nativeForward(network, ['sum'], { onRefusal: (reason) => reasons.push(reason) }),
    ).toBeUndefined();
    expect(reasons).toEqual([expect.stringContaining('x on axis 1')]);
    const example = numbers(1, 4, 3);
    expect(await thrownBy(() => made(network, ['som'], { example }))).toMatchObject({ code: 'NOT_FOUND' });
    example.dispose();
    network.dispose();
  });

  it('puts its files where it is told to, for a moment', async () => {
    const folder = await temporaryFolder();
    const network = unrolled();
    const example = numbers(1, 4, 3);
    const native = await made(network, ['sum'], { example, temporaryFolder: folder });
    expect(await readdir(folder)).toEqual([]);
    native.dispose();
    const missing = `${folder}/missing`;
    const reasons: string[] = [];
    const options = {
      example,
      temporaryFolder: missing,
      onRefusal: (reason: string) => reasons.push(reason),
    };
    expect(await nativeForward(network, ['sum'], options)).toBeUndefined();
    expect(reasons).toEqual([expect.stringContaining('ENOENT')]);
    network.dispose();
    example.dispose();
  });
});
