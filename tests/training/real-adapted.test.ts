/** Option 1 end to end on real networks and real data, one of each modality. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { joinDatasets, relabel, subset } from '../../src/data/make-dataset.js';
import { sampleDataset } from '../../src/data/sample-dataset.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { AdaptedModel } from '../../src/training/adapted-model.js';
import { type OpenBackboneOptions, openZoo } from '../../src/training/adapting-zoo.js';
import { classifier } from '../../src/transfer/heads/classifier.js';
import { CHECKOUT_HOME } from '../support/checkout-home.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const zoo = await openZoo({ home: CHECKOUT_HOME });
afterAll(() => zoo.close());

/** Without the checkout's feature cache: what is tested here must be computed here. */
async function withNewHead(reference: string, labels: readonly string[], options: OpenBackboneOptions = {}) {
  const backbone = await zoo.backbone(reference, options);
  return new AdaptedModel(backbone, classifier({ labels }), {
    featureCache: await temporaryFolder('features'),
  });
}

function parts(dataset: Dataset, perClass: number, test: number): { train: Dataset; test: Dataset } {
  const { sample, rest } = sampleDataset(dataset, perClass, 0);
  return { train: sample, test: sampleDataset(rest, test, 1).sample };
}

async function accuracyOf(model: AdaptedModel, test: Dataset): Promise<number> {
  const { report, unreadable } = await model.evaluate(test);
  expect(unreadable).toEqual([]);
  if (report.task !== 'classification') throw new Error(report.task);
  expect(report.examples).toBe(test.examples.length);
  return report.accuracy;
}

describe('handwritten digits with MobileNetV2', () => {
  it('1,000 units dropped, 10 trained on 50 pictures, saved, loaded and asked', async () => {
    const digits = parts(await zoo.data('dataset/mnist-5k'), 5, 20);
    const prepare = { size: { height: 48, width: 48 } };
    const options = { cut: 'features.11.conv.0.2', pooling: 'none', prepare } as const;
    const tensors = tf.memory().numTensors;
    const model = await withNewHead('mobilenet-v2', digits.train.labels, options);
    expect(model.backbone.width).toBe(3 * 3 * 384);
    const report = await model.fit(digits.train, { seed: 3 });
    expect(report).toMatchObject({ computed: 50, unreadable: [], seed: 3 });
    expect(report.notes).toEqual([
      '50 smaller pictures were enlarged to 48 x 48 pixels',
      '50 grey pictures were made RGB',
    ]);
    // Chance is 0.1, the nearest raw picture gives 0.66, a convnet trained from scratch 0.78.
    expect(await accuracyOf(model, digits.test)).toBeGreaterThan(0.78);

    const folder = join(await temporaryFolder('adapted'), 'digits');
    await model.save(folder, { published: '2026-11-27' });
    const again = await withNewHead('mobilenet-v2', digits.train.labels, options);
    await again.fit(digits.train, { seed: 3 });
    await again.save(`${folder}-again`, { published: '2026-11-27', name: 'digits' });
    for (const file of ['head.safetensors', 'adapted.json', 'card.json']) {
      expect(await readFile(join(`${folder}-again`, file), 'hex'), file).toBe(
        await readFile(join(folder, file), 'hex'),
      );
    }
    const loaded = await zoo.load(folder);
    const few = subset(digits.test, digits.test.examples.slice(0, 12));
    const answers = async (from: AdaptedModel) => {
      const all = [];
      for await (const answer of from.predictEach(few)) all.push(answer);
      return all;
    };
    expect(await answers(loaded)).toEqual(await answers(model));
    for (const one of [model, again, loaded]) one.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("the card's own cut gives 1,280 features of all positions", async () => {
    const digits = parts(await zoo.data('dataset/digits'), 2, 2);
    const model = await withNewHead('mobilenet-v2', digits.train.labels);
    expect(model.backbone).toMatchObject({ cut: 'features.18.2', width: 1280, dropped: 1_281_000 });
    await model.fit(digits.train);
    expect(await accuracyOf(model, digits.test)).toBeGreaterThan(0.3);
    model.dispose();
  });
});

it('instruments with Basic Pitch, from four recordings each', async () => {
  const names = ['cello', 'flute', 'xylophone'];
  const sets = await Promise.all(
    names.map(
      async (name) => [name, relabel(await zoo.data(`dataset/instrument-${name}`), () => [name])] as const,
    ),
  );
  const all = joinDatasets(Object.fromEntries(sets));
  const notes = parts(all, 4, 4);
  const model = await withNewHead('basic-pitch', all.labels);
  await model.fit(notes.train);
  expect(await accuracyOf(model, notes.test)).toBeGreaterThan(0.7);
  model.dispose();
});

it.each(['minilm-l6-v2', 'use-lite'])('topics of sentences with %s', async (network) => {
  const all = await zoo.data('dataset/chatterbot-english');
  const topics = ['ai', 'food', 'money', 'sports'];
  const examples = all.examples.filter(({ labels }) => labels.some((label) => topics.includes(label)));
  const some = { ...subset(all, examples), labels: topics };
  const sentences = parts(some, 8, 6);
  const model = await withNewHead(network, topics);
  await model.fit(sentences.train);
  expect(await accuracyOf(model, sentences.test)).toBeGreaterThan(0.6);
  const [answer] = await model.predict('Which team won the football match?', { top: 1 });
  expect(answer?.top[0]?.label).toBe('sports');
  model.dispose();
});
