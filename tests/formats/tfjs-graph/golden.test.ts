import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Network, NetworkInputs } from '../../../src/formats/network.js';
import { openTfjsGraph } from '../../../src/formats/tfjs-graph/open-tfjs-graph.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import { realModel } from '../../support/real-model.js';
import { expectGolden, formulaTensor, type GoldenInput, goldenCases } from '../tfjs-golden.js';

function inputsOf(input: GoldenInput): NetworkInputs {
  if ('formula' in input) return formulaTensor(input);
  if ('texts' in input) return tf.tensor1d(input.texts, 'string');
  const places = input.ids.flatMap((sentence, row) => sentence.map((_, column) => [row, column]));
  return {
    indices: tf.tensor2d(places, [places.length, 2], 'int32'),
    values: tf.tensor1d(input.ids.flat(), 'int32'),
  };
}

async function compare(network: Network, name: string): Promise<number> {
  let compared = 0;
  for (const { input, outputs } of await goldenCases(name)) {
    const given = inputsOf(input);
    const cuts = Object.keys(outputs);
    const results = await network.run(given, cuts);
    for (const [index, cut] of cuts.entries()) {
      const golden = outputs[cut];
      const result = results[index];
      if (golden === undefined || result === undefined) throw new Error(`nothing at ${cut}`);
      expectGolden(result, golden, `${JSON.stringify(input).slice(0, 60)} at ${cut}`);
      compared += 1;
    }
    tf.dispose([...results, ...(given instanceof tf.Tensor ? [given] : Object.values<Tensor>(given))]);
  }
  return compared;
}

describe('equals Python TensorFlow, frees what it took and prints nothing', () => {
  const printed = vi.fn();
  beforeEach(() => {
    for (const method of ['log', 'warn', 'error', 'info'] as const)
      vi.spyOn(console, method).mockImplementation(printed);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    expect(printed).not.toHaveBeenCalled();
  });

  test.each([
    { name: 'basic-pitch', compared: 10, synchronous: true },
    { name: 'guesslang', compared: 28, synchronous: false },
    { name: 'use-lite', compared: 9, synchronous: false },
  ])('$name', async ({ name, compared, synchronous }) => {
    const { folder, card } = await realModel(name);
    const before = tf.memory();
    const network = await openTfjsGraph(folder, card);
    expect(network.synchronous).toBe(synchronous);
    const loaded = tf.memory().numTensors;
    expect(await compare(network, name)).toBe(compared);
    expect(tf.memory().numTensors).toBe(loaded);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });
});

test('basic-pitch has the trainable parameters that its SavedModel counts as variables', async () => {
  const { folder, card } = await realModel('basic-pitch');
  const network = await openTfjsGraph(folder, card);
  const trainable = [...network.parameters.values()].filter((each) => each.trainable);
  // 16,864 variables of the SavedModel, less the 164 of its three batch normalisations (1 + 8 + 32 channels, 4 each),
  // which the converter has folded into kernels and offsets.
  expect(trainable.reduce((sum, { value }) => sum + value.size, 0)).toBe(16_864 - 4 * (1 + 8 + 32));
  // The filters of the constant-Q transform are kernels of convolutions and must not train.
  expect(trainable.filter(({ name }) => name.includes('/cq_t'))).toEqual([]);
  network.dispose();
});

test('use-lite trains its tables, kernels, biases and layer norms, and nothing else', async () => {
  const { folder, card } = await realModel('use-lite');
  const network = await openTfjsGraph(folder, card);
  const floats = [...network.parameters.values()].filter(({ dtype }) => dtype === 'float32');
  const frozen = floats.filter(({ trainable }) => !trainable);
  expect(frozen.filter(({ shape }) => shape.length > 0).map(({ shape }) => shape)).toEqual([[1, 128]]);
  expect(frozen.some(({ name }) => name.includes('TimingSignal'))).toBe(true);
  const norms = floats.filter(({ name }) => /layer_norm_(scale|bias)/.test(name));
  expect(norms).toHaveLength(8);
  expect(norms.every(({ trainable }) => trainable)).toBe(true);
  network.dispose();
});
