import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs-node';
import { afterEach, expect, test } from 'vitest';
import { openTfjsLayers } from '../../../src/formats/tfjs-layers/open-tfjs-layers.js';
import { layersContent, writeTfjsLayers } from '../../../src/formats/tfjs-layers/write-tfjs-layers.js';
import { packWeight } from '../../../src/formats/write-tfjs-model.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { loadPlainLayers } from '../plain-tfjs.js';
import { tinyCard } from '../tiny-tfjs.js';

const models: { dispose(): unknown }[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

/** With what a file has to say: branches, networks inside, statistics, words and time. */
function manyLayers(): tfjs.LayersModel {
  const { layers } = tf;
  const picture = tf.input({ shape: [12, 12, 3], name: 'picture' });
  const words = tf.input({ shape: [5], name: 'words', dtype: 'int32' });
  const inner = tf.sequential({
    name: 'inner',
    layers: [
      layers.separableConv2d({ filters: 6, kernelSize: 3, inputShape: [12, 12, 3], name: 'separable' }),
      layers.batchNormalization({ name: 'norm', scale: false }),
      layers.reLU({ name: 'relu6', maxValue: 6 }),
    ],
  });
  const pooled = applied(layers.globalAveragePooling2d({ name: 'pooled', dataFormat: 'channelsLast' }), [
    applied(inner, [picture]),
  ]);
  const embedded = applied(layers.embedding({ inputDim: 20, outputDim: 4, name: 'embedding' }), [words]);
  const read = applied(layers.lstm({ units: 3, name: 'read', kernelRegularizer: 'l1l2' }), [embedded]);
  const joined = applied(layers.concatenate({ name: 'both', axis: -1 }), [pooled, read]);
  const top = layers.dense({
    units: 4,
    activation: 'softmax',
    name: 'camelCase_Top',
    kernelConstraint: 'nonNeg',
  });
  const model = tf.model({ name: 'many', inputs: [picture, words], outputs: applied(top, [joined]) });
  models.push(model);
  for (const [index, variable] of model.weights.entries()) {
    const shape = variable.shape.map((size) => size ?? 0);
    variable.write(tf.tidy(() => tf.randomUniform(shape, 0.1, 0.9, 'float32', index)));
  }
  return model;
}

/** One tensor, out of one layer called with one or more. */
function applied(layer: tfjs.layers.Layer, inputs: readonly tfjs.SymbolicTensor[]): tfjs.SymbolicTensor {
  const output = layer.apply(inputs.length === 1 && inputs[0] !== undefined ? inputs[0] : [...inputs]);
  if (output instanceof tf.SymbolicTensor) return output;
  throw new Error('not one tensor');
}

function inputsFor(rows: number): Tensor[] {
  return [tf.randomUniform([rows, 12, 12, 3], 0, 1, 'float32', 7), tf.ones([rows, 5], 'int32')];
}

function largest(a: Tensor, b: Tensor | undefined): number {
  return b === undefined ? Number.NaN : (tf.tidy(() => a.sub(b).abs().max()).dataSync()[0] ?? Number.NaN);
}

test('plain TensorFlow.js and our reader give what the model gave', async () => {
  const model = manyLayers();
  const folder = await temporaryFolder('layers');
  const files = await writeTfjsLayers(folder, await layersContent(model));
  expect(files).toEqual(['model.json', 'group1-shard1of1.bin']);
  expect((await readdir(folder)).toSorted()).toEqual(files.toSorted());
  const plain = await loadPlainLayers(folder);
  const ours = await openTfjsLayers(folder, tinyCard('tfjs-layers'));
  models.push(plain, ours);
  expect(plain.weights.map(({ originalName }) => originalName).toSorted()).toEqual(
    model.weights.map(({ originalName }) => originalName).toSorted(),
  );
  const inputs = inputsFor(3);
  const wanted = model.predict(inputs) as Tensor; // one output
  expect(largest(wanted, plain.predict(inputs) as Tensor)).toBe(0); // one output
  const [own] = await ours.run({ picture: inputs[0] ?? wanted, words: inputs[1] ?? wanted });
  expect(largest(wanted, own)).toBe(0);
});

test('what was read and is written again is the same file', async () => {
  const folders: string[] = [];
  let model = manyLayers();
  for (let round = 0; round < 3; round++) {
    const folder = await temporaryFolder('layers');
    folders.push(folder);
    await writeTfjsLayers(folder, await layersContent(model));
    model = await loadPlainLayers(folder);
    models.push(model);
  }
  const bytes = (folder: string | undefined, name: string) => readFile(join(folder ?? '', name));
  const [first, second, third] = folders;
  // TensorFlow.js writes the type of an input only once it was told.
  expect(await bytes(third, 'model.json')).toEqual(await bytes(second, 'model.json'));
  expect(await bytes(second, 'group1-shard1of1.bin')).toEqual(await bytes(first, 'group1-shard1of1.bin'));
});

test('weights are cut into shards of 4 MiB, through tensors', async () => {
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 1500, inputShape: [1500], name: 'wide' })],
  });
  models.push(model);
  const folder = await temporaryFolder('layers');
  const [, ...shards] = await writeTfjsLayers(folder, await layersContent(model));
  expect(shards).toEqual(['group1-shard1of3.bin', 'group1-shard2of3.bin', 'group1-shard3of3.bin']);
  const sizes = await Promise.all(shards.map(async (name) => (await stat(join(folder, name))).size));
  expect(sizes).toEqual([2 ** 22, 2 ** 22, 4 * 1501 * 1500 - 2 ** 23]);
  const plain = await loadPlainLayers(folder);
  models.push(plain);
  const input = tf.ones([2, 1500]);
  expect(largest(model.predict(input) as Tensor, plain.predict(input) as Tensor)).toBe(0); // one output
});

test('quantised weights are near those of the model', async () => {
  const model = manyLayers();
  const inputs = inputsFor(2);
  const wanted = model.predict(inputs) as Tensor; // one output
  for (const [quantisation, most] of [
    ['float16', 1e-3],
    ['uint16', 1e-4],
    ['uint8', 2e-2],
  ] as const) {
    const folder = await temporaryFolder('layers');
    await writeTfjsLayers(folder, await layersContent(model), {
      pack: (weight) => packWeight(weight, quantisation),
    });
    const plain = await loadPlainLayers(folder);
    models.push(plain);
    const difference = largest(wanted, plain.predict(inputs) as Tensor); // one output
    expect(difference, quantisation).toBeLessThan(most);
    expect(difference, quantisation).toBeGreaterThan(0);
  }
});

test('two weights of one name are refused', async () => {
  const input = tf.input({ shape: [2] });
  const twin = () =>
    tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2], name: 'dense' })] });
  const model = tf.model({ inputs: input, outputs: applied(twin(), [applied(twin(), [input])]) });
  models.push(model);
  const error = await thrownBy(() => layersContent(model));
  expect(error).toMatchObject({ code: 'DATA', found: 'dense/kernel' });
});
