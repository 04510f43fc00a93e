/** Architectures with batch normalisation, on real handwritten digits. */
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { keepLabels } from '../../../src/data/keep-labels.js';
import { sampleDataset } from '../../../src/data/sample-dataset.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import type { Evaluation } from '../../../src/training/adapted-model.js';
import { type AdaptingZoo, openZoo } from '../../../src/training/adapting-zoo.js';
import { pictureInput } from '../../../src/training/scratch/network-card.js';
import { type TrainNetworkOptions, trainNetwork } from '../../../src/training/scratch/train-network.js';
import { openClassifier } from '../../../src/transfer/classifier.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { imagePreparer } from '../../../src/transfer/prepare/prepare-images.js';
import { disposeBatch, type Preparer } from '../../../src/transfer/prepare/preparer.js';
import { loadPlainLayers } from '../../formats/plain-tfjs.js';
import { CHECKOUT_HOME } from '../../support/checkout-home.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';

const FIRST = ['0', '1', '2', '3', '4'];
const SECOND = ['5', '6', '7', '8', '9'];

let zoo: AdaptingZoo;
let digits: Dataset;
let first: Dataset;

beforeAll(async () => {
  zoo = await openZoo({ home: CHECKOUT_HOME });
  digits = await zoo.data('dataset/digits');
  first = keepLabels(digits, FIRST);
});
afterAll(() => zoo.close());

const accuracyOf = ({ report }: Pick<Evaluation, 'report'>) =>
  report.task === 'classification' ? report.accuracy : Number.NaN;

async function bytesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const entries = names.map(async (name) => [name, await readFile(join(folder, name), 'hex')] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function saved(architecture: string, train: Dataset, options: TrainNetworkOptions): Promise<string> {
  const network = await trainNetwork(architecture, train, options);
  try {
    const folder = join(await temporaryFolder('normalised'), 'digits-0-4');
    await network.save(folder, { published: '2026-11-24' });
    return folder;
  } finally {
    network.dispose();
  }
}

/** Pictures as one batch, and which of the labels each has. */
async function batchOf(preparer: Preparer, { examples, labels }: Dataset) {
  const prepared = await Promise.all(examples.map(async (one) => preparer.prepare(await one.load())));
  const batch = preparer.batch(prepared);
  if (!(batch.inputs instanceof tf.Tensor)) throw new Error('one tensor goes in');
  const wanted = examples.map((one) => labels.indexOf(one.labels[0] ?? ''));
  return { batch, inputs: batch.inputs, prepared, wanted };
}

function shareRight(outputs: Tensor | Tensor[], wanted: readonly number[]): number {
  const found = [outputs].flat()[0]?.argMax(-1).dataSync() ?? [];
  return wanted.filter((label, row) => label === found[row]).length / wanted.length;
}

describe.each([
  { architecture: 'resnet8', size: 8, perClass: 60, epochs: 6, atLeast: 0.93, asBase: 0.6 },
  // 52 convolutions need many more steps than 9, and leave one position of 32 pixels.
  { architecture: 'mobilenet-v2-035', size: 32, perClass: 100, epochs: 15, atLeast: 0.7, asBase: 0.3 },
])('$architecture', ({ architecture, size, perClass, epochs, atLeast, asBase }) => {
  let folder = '';

  it('predicts with its running statistics as well as with those of a batch, here and in TensorFlow.js', async () => {
    const { sample: train, rest } = sampleDataset(first, perClass, 0);
    const network = await trainNetwork(architecture, train, { size, epochs });
    const { report } = network;
    expect(report).toMatchObject({ way: 'graph', refusal: undefined, learningRate: 1e-3 });
    expect(report.statisticsOf).toBe(Math.floor(train.examples.length / 32) * 32);
    expect(accuracyOf(await network.evaluate(rest))).toBeGreaterThan(atLeast);
    folder = join(await temporaryFolder('normalised'), 'first');
    const card = await network.save(folder);
    network.dispose();

    const ours = await openClassifier({ folder, card });
    const { batch, inputs, prepared, wanted } = await batchOf(ours.preparer, rest);
    const answers = await ours.classify(prepared.slice(0, 20));
    const plain = await loadPlainLayers(folder);
    tf.tidy(() => {
      const probabilities = [plain.predict(inputs)].flat()[0]?.dataSync() ?? [];
      for (const [at, value] of answers.entries()) expect(value).toBeCloseTo(probabilities[at] ?? 0, 4);
      const stored = shareRight([plain.predict(inputs)].flat(), wanted);
      // Batch normalisation of TensorFlow.js itself, on the statistics of these pictures.
      const batchwise = shareRight([throughBatchStatistics(plain, inputs)].flat(), wanted);
      expect(stored).toBeGreaterThan(atLeast);
      expect(Math.abs(stored - batchwise)).toBeLessThan(0.04);
    });
    disposeBatch(batch);
    plain.dispose();
    ours.dispose();
  });

  it('gives the same bytes for the same seed, and when it goes on where it was stopped', async () => {
    const { sample: train } = sampleDataset(first, 20, 0);
    const options = { size, epochs: 3, seed: 4 };
    const whole = await bytesOf(await saved(architecture, train, options));
    expect(await bytesOf(await saved(architecture, train, options))).toEqual(whole);
    const checkpoints = { folder: await temporaryFolder('checkpoints') };
    const stop = new AbortController();
    const stopped = trainNetwork(architecture, train, {
      ...options,
      checkpoints,
      signal: stop.signal,
      onProgress: ({ step }) => step === 6 && stop.abort(new Error('power cut')),
    });
    await expect(stopped).rejects.toThrow('power cut');
    expect(await readdir(checkpoints.folder)).toHaveLength(1);
    const resumed = await bytesOf(await saved(architecture, train, { ...options, checkpoints }));
    expect(resumed).toEqual(whole);
  });

  it('is then a base of adapted models, with a new head and with all layers trained', async () => {
    const root = await temporaryFolder('base');
    const own = await openZoo({ home: join(root, 'home'), cwd: root });
    await cp(folder, join(root, 'first'), { recursive: true });
    const { sample, rest } = sampleDataset(keepLabels(digits, SECOND), 20, 0);
    const scores: number[] = [];
    for (const [name, train, normalisation] of [
      ['head', 'head', undefined],
      ['all', 'all', 'stored'],
      ['batch', 'all', 'batch'],
    ] as const) {
      const backbone = await own.backbone('first/card.json');
      const model = backbone.withHead(classifier({ labels: SECOND, scaling: 'unit-length' }));
      await model.fit(sample, { train, fineTune: { epochs: 4, learningRate: 1e-3, normalisation } });
      const evaluation = await model.evaluate(rest);
      scores.push(accuracyOf(evaluation));
      await model.save(join(root, name));
      model.dispose();
      const loaded = await own.load(name);
      expect((await loaded.evaluate(rest)).report, name).toEqual(evaluation.report);
      loaded.dispose();
    }
    const [head = 0, all = 0] = scores;
    expect(head).toBeGreaterThan(asBase);
    expect(all).toBeGreaterThan(head);
    await own.close();
  });
});

/** A pass in which nothing is dropped and each BatchNorm takes the statistics of the batch. */
function throughBatchStatistics(model: Awaited<ReturnType<typeof loadPlainLayers>>, inputs: Tensor) {
  const withoutDropout = model.layers.filter((layer) => layer.getClassName() !== 'Dropout');
  expect(withoutDropout.length).toBeGreaterThan(20);
  const output = model.layers.at(-1);
  const features = withoutDropout.at(-2)?.output;
  if (output === undefined || !(features instanceof tf.SymbolicTensor)) throw new Error('a chain of layers');
  const body = tf.model({ inputs: model.inputs, outputs: features });
  const pooled = [body.apply(inputs, { training: true })].flat().filter((each) => each instanceof tf.Tensor);
  return [output.apply(pooled)].flat().filter((each): each is Tensor => each instanceof tf.Tensor);
}

it('computes the statistics anew with the weights that it ends with', async () => {
  const { sample } = sampleDataset(first, 8, 0);
  // One batch, so that each statistic is that of all pictures.
  const network = await trainNetwork('resnet8', sample, { size: 16, batchSize: 64, epochs: 5 });
  expect(network.report.statisticsOf).toBe(40);
  const { network: layers } = network.facts;
  const preparer = imagePreparer(pictureInput(network.facts.shape), layers.inputs[0] ?? missing());
  const { batch, inputs } = await batchOf(preparer, sample);
  for (const norm of ['stem_norm', 'stage1_norm1', 'stage1_norm2', 'stage3_norm1', 'stage3_norm2']) {
    const [map = missing()] = layers.forward(inputs, [norm.replace('_norm', '_conv')]);
    const { mean, variance } = tf.moments(map, [0, 1, 2]);
    for (const [statistic, expected] of Object.entries({ moving_mean: mean, moving_variance: variance })) {
      const stored = layers.parameters.get(`${norm}/${statistic}`)?.value ?? missing();
      const [apart] = tf.tidy(() => tf.norm(tf.sub(stored, expected)).div(tf.norm(expected)).dataSync());
      // The stored variance is divided by one less than the count.
      expect(apart, `${norm}/${statistic}`).toBeLessThan(0.01);
    }
    tf.dispose([map, mean, variance]);
  }
  disposeBatch(batch);
  network.dispose();
});

function missing(): never {
  throw new Error('it is there');
}

it('refuses batches of one picture, which have no statistics', async () => {
  const error = await thrownBy(() => trainNetwork('resnet8', first, { batchSize: 1 }));
  expect(error).toMatchObject({ code: 'USAGE', expected: '2 or more', found: 1 });
});

it('takes a last batch of one picture', async () => {
  const { sample } = sampleDataset(first, 5, 0);
  const network = await trainNetwork('mobilenet-v2-035', sample, { size: 32, batchSize: 8, epochs: 2 });
  expect(network.report.statisticsOf).toBe(24);
  expect(network.report.losses.every(Number.isFinite)).toBe(true);
  for (const [name, { value }] of network.facts.network.parameters) {
    expect([...value.dataSync()].every(Number.isFinite), name).toBe(true);
  }
  network.dispose();
});
