/** A real convnet on real handwritten digits. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { subset } from '../../../src/data/make-dataset.js';
import { sampleDataset } from '../../../src/data/sample-dataset.js';
import { cardDigest } from '../../../src/registry/canonical-card.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { type AdaptingZoo, openZoo } from '../../../src/training/adapting-zoo.js';
import type { EvaluationReport } from '../../../src/training/evaluate/report.js';
import { type TrainNetworkOptions, trainNetwork } from '../../../src/training/scratch/train-network.js';
import { openBackbone } from '../../../src/transfer/backbone.js';
import { openClassifier } from '../../../src/transfer/classifier.js';
import { disposeBatch, type Preparer } from '../../../src/transfer/prepare/preparer.js';
import { loadPlainLayers } from '../../formats/plain-tfjs.js';
import { CHECKOUT_HOME } from '../../support/checkout-home.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { pictures, texts } from '../../transfer/sample-data.js';

const FIRST = ['0', '1', '2', '3', '4'];

let zoo: AdaptingZoo;
let digits: Dataset;
let tensors = 0;

beforeAll(async () => {
  zoo = await openZoo({ home: CHECKOUT_HOME });
  digits = await zoo.data('dataset/digits', { labels: FIRST });
  tf.scalar(0).dispose();
  tensors = tf.memory().numTensors;
});

afterAll(async () => {
  expect(tf.memory().numTensors).toBe(tensors);
  await zoo.close();
});

const accuracyOf = (report: EvaluationReport) =>
  report.task === 'classification' ? report.accuracy : Number.NaN;

async function saved(train: Dataset, options: TrainNetworkOptions, license?: string): Promise<string> {
  const network = await trainNetwork('convnet', train, options);
  try {
    const folder = join(await temporaryFolder('scratch'), 'digits-0-4');
    await network.save(folder, { published: '2026-11-24', license });
    return folder;
  } finally {
    network.dispose();
  }
}

async function bytesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const entries = names.map(async (name) => [name, await readFile(join(folder, name), 'hex')] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe('trainNetwork', () => {
  it('learns digits, and says how', async () => {
    const { sample: train, rest } = sampleDataset(digits, 60, 0);
    const steps: number[] = [];
    const network = await trainNetwork('convnet', train, {
      epochs: 15,
      onProgress: ({ step, steps: of }) => steps.push(step / of),
    });
    expect(network.report).toMatchObject({
      ...{ optimizer: { kind: 'adam' }, learningRate: 1e-3, epochs: 15, batchSize: 32, seed: 0 },
      ...{ way: 'graph', refusal: undefined, data: { origin: 'dataset/digits@1.0.0', examples: 300 } },
    });
    expect(network.facts.shape).toEqual({ size: 8, channels: 1 });
    const { losses } = network.report;
    expect(losses).toHaveLength(15);
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
    expect(steps).toHaveLength(150);
    expect(steps.at(-1)).toBe(1);
    const { report, unreadable } = await network.evaluate(rest);
    expect(unreadable).toEqual([]);
    expect(report.examples).toBe(rest.examples.length);
    expect(accuracyOf(report)).toBeGreaterThan(0.85);
    network.dispose();
  });

  it.each([
    ['as a graph', 60, 'graph'],
    ['operation by operation', 10, 'eager'],
  ])('gives the same bytes for the same seed, and others for another, %s', async (_, perClass, way) => {
    const { sample: train } = sampleDataset(digits, perClass, 0);
    const one = await bytesOf(await saved(train, { epochs: 2, seed: 4 }));
    expect(Buffer.from(one['training.json'] ?? '', 'hex').toString()).toContain(`"way": "${way}"`);
    expect(await bytesOf(await saved(train, { epochs: 2, seed: 4 }))).toEqual(one);
    const other = await bytesOf(await saved(train, { epochs: 2, seed: 5 }));
    expect(other['group1-shard1of1.bin']).not.toBe(one['group1-shard1of1.bin']);
  });

  it('learns from colour pictures of another size with other optimisers', async () => {
    const network = await trainNetwork('convnet', pictures(8), {
      ...{ size: 12, channels: 3, epochs: 2, optimizer: 'sgd', batchSize: 3, schedule: 'constant' },
    });
    expect(network.report).toMatchObject({ optimizer: { kind: 'sgd' }, learningRate: 1e-2, way: 'eager' });
    expect(network.report.notes).toEqual(['16 smaller pictures were enlarged to 12 x 12 pixels']);
    network.dispose();
  });

  it('refuses before any work', async () => {
    const train = (data: Dataset, options?: TrainNetworkOptions) =>
      thrownBy(() => trainNetwork('convnet', data, options));
    expect(await thrownBy(() => trainNetwork('resnet', digits))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await train(texts('a', 'b'))).toMatchObject({ code: 'DATA', found: 'text in samples' });
    const ones = digits.examples.filter(({ labels }) => labels[0] === '1');
    expect(await train({ ...subset(digits, ones), labels: ['1'] })).toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('single class'),
    });
    expect(await train(digits, { size: 5 })).toMatchObject({ code: 'USAGE', found: 5 });
    expect(await train(digits, { epochs: 0 })).toMatchObject({ code: 'USAGE' });
    expect(await train(digits, { learningRate: 0 })).toMatchObject({ code: 'USAGE' });
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const training = trainNetwork('convnet', digits, {
      signal: stop.signal,
      onProgress: ({ step }) => step === 3 && stop.abort(new Error('enough')),
    });
    await expect(training).rejects.toThrow('enough');
  });

  it('goes on where it was stopped, and ends with the same weights', async () => {
    const { sample: train } = sampleDataset(digits, 40, 0);
    const checkpoints = { folder: await temporaryFolder('checkpoints') };
    const options = { epochs: 4, seed: 2, augment: {} };
    const whole = await saved(train, options);
    const stop = new AbortController();
    const stopped = trainNetwork('convnet', train, {
      ...options,
      checkpoints,
      signal: stop.signal,
      onProgress: ({ step }) => step === 9 && stop.abort(new Error('power cut')),
    });
    await expect(stopped).rejects.toThrow('power cut');
    expect(await readdir(checkpoints.folder)).toHaveLength(1);
    const network = await trainNetwork('convnet', train, { ...options, checkpoints });
    expect(network.report.resumedFrom).toBeGreaterThanOrEqual(9);
    const folder = join(await temporaryFolder('scratch'), 'digits-0-4');
    await network.save(folder, { published: '2026-11-24' });
    network.dispose();
    expect(await bytesOf(folder)).toEqual(await bytesOf(whole));
    expect(await readdir(checkpoints.folder)).toEqual([]);
  });

  it('says when it diverges', async () => {
    const error = await thrownBy(() =>
      trainNetwork('convnet', digits, { learningRate: 1e6, optimizer: 'sgd', schedule: 'constant' }),
    );
    expect(error).toMatchObject({ code: 'FAILED', message: expect.stringContaining('diverged') });
  });
});

describe('a network that was trained', () => {
  let folder = '';
  let train: Dataset;
  const card = async () => JSON.parse(await readFile(join(folder, 'card.json'), 'utf8'));

  beforeAll(async () => {
    train = sampleDataset(digits, 20, 0).sample;
    folder = await saved(train, { epochs: 3 }, 'CC0-1.0');
  });

  it('is described by its card', async () => {
    expect((await readdir(folder)).sort()).toEqual([
      'card.json',
      'group1-shard1of1.bin',
      'model.json',
      'training.json',
    ]);
    expect(await card()).toMatchObject({
      name: 'digits-0-4',
      version: expect.stringMatching(/^1\.0\.0-t[0-9a-f]{8}$/),
      format: { name: 'tfjs-layers' },
      parameters: 26_725,
      license: { weights: 'CC0-1.0' },
      training: { dataset: 'dataset/digits@1.0.0', examples: 100, classes: 5 },
      input: { shape: [null, 8, 8, 1], colourOrder: 'grey', range: [0, 1] },
      output: { layer: 'output', units: 5, activation: 'softmax', labels: FIRST },
      features: { layer: 'relu3', width: 128, head: 'output' },
    });
    const details = JSON.parse(await readFile(join(folder, 'training.json'), 'utf8'));
    expect(details).toMatchObject({
      ...{ formatVersion: 1, architecture: 'convnet', seed: 0, metrics: { evaluation: null } },
      data: { examples: 100, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      recipe: { epochs: 3, optimizer: { kind: 'adam' }, schedule: 'cosine' },
    });
  });

  it('gives the same answers in plain TensorFlow.js, in ours, and behind its features', async () => {
    const prepared = async (preparer: Preparer) =>
      Promise.all(train.examples.slice(0, 6).map(async (one) => preparer.prepare(await one.load())));
    const classifier = await openClassifier({ folder, card: await card() });
    const { preparer } = classifier;
    const ours = await classifier.classify(await prepared(preparer));
    const plain = await loadPlainLayers(folder);
    const batch = preparer.batch(await prepared(preparer));
    const { inputs } = batch;
    if (!(inputs instanceof tf.Tensor)) throw new Error('one tensor goes in');
    const answers = tf.tidy(() => [plain.predict(inputs)].flat()[0]?.dataSync() ?? []);
    expect(answers).toHaveLength(30);
    for (const [at, value] of answers.entries()) expect(ours[at]).toBeCloseTo(value, 6);
    for (let row = 0; row < 6; row++) {
      const sum = ours.slice(5 * row, 5 * row + 5).reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(1, 5);
    }
    const backbone = await openBackbone({ folder, card: await card(), digest: cardDigest(await card()) });
    expect(backbone).toMatchObject({ cut: 'relu3', width: 128, dropped: 645 });
    const features = await backbone.featuresOf(await prepared(backbone.preparer));
    expect(features.some((value) => value > 0)).toBe(true);
    disposeBatch(batch);
    plain.dispose();
    classifier.dispose();
    backbone.dispose();
  });

  it('is written over when that is wanted, and nothing else is', async () => {
    const network = await trainNetwork('convnet', train, { epochs: 1 });
    expect(await thrownBy(() => network.save(folder))).toMatchObject({
      code: 'FILE_SYSTEM',
      message: 'There is a network already',
    });
    const elsewhere = await temporaryFolder('photos');
    await writeFile(join(elsewhere, 'photo.jpg'), '');
    expect(await thrownBy(() => network.save(elsewhere, { overwrite: true }))).toMatchObject({
      code: 'FILE_SYSTEM',
      found: expect.stringContaining('photo.jpg'),
    });
    expect(await thrownBy(() => network.save(folder, { overwrite: true, license: 'mine' }))).toMatchObject({
      code: 'USAGE',
      found: 'mine',
    });
    const before = await card();
    await network.save(folder, { overwrite: true });
    expect((await card()).license.weights).toBe('NONE');
    expect((await card()).version).not.toBe(before.version);
    network.dispose();
  });
});
