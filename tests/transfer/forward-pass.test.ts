/** Both ways through a network: the same numbers, chosen by the size of the data set alone, and nothing left behind. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/image/decode.js';
import { nativeBackend } from '../../src/graph/binding.js';
import { cardDigest } from '../../src/registry/canonical-card.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { type Backbone, openBackbone } from '../../src/transfer/backbone.js';
import { openClassifier } from '../../src/transfer/classifier.js';
import { goesByGraph } from '../../src/transfer/forward-pass.js';
import type { Prepared } from '../../src/transfer/prepare/preparer.js';
import { realModel } from '../support/real-model.js';
import { picture, tone } from './sample-data.js';
import { tinyAudioNetwork, tinyImageNetwork } from './tiny-network.js';

const MANY = 1000;
const graphs = () => tf.node.getNumOfSavedModels();
const counts = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors(), graphs()];
const bytes = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

let before: number[];

beforeEach(() => {
  before = counts();
});

afterEach(() => {
  expect(counts()).toEqual(before);
});

/** The largest difference over the largest number. */
function difference(expected: Float32Array, found: Float32Array): number {
  if (expected.length !== found.length) return Number.POSITIVE_INFINITY;
  const largest = (values: Float32Array) =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest(expected.map((value, at) => value - (found[at] ?? 0))) / largest(expected);
}

async function expectSameBothWays(backbone: Backbone, prepared: readonly Prepared[]): Promise<void> {
  const few = await backbone.featuresOf(prepared, { of: 1 });
  expect(graphs()).toBe(0);
  const many = await backbone.featuresOf(prepared, { of: MANY });
  expect(graphs()).toBe(1);
  expect(difference(few, many)).toBeLessThan(1e-5);
}

async function openReal(name: string): Promise<Backbone> {
  const { card, folder } = await realModel(name);
  return openBackbone({ folder, card, digest: cardDigest(card) });
}

const prepare = (backbone: Backbone, count: number) =>
  Promise.all(Array.from({ length: count }, (_, seed) => backbone.preparer.prepare(picture(seed))));

describe('the graph gives what the network gives', () => {
  it('pictures of one size, and of sizes that the network leaves open', async () => {
    for (const size of [8, null]) {
      const backbone = await openBackbone(await tinyImageNetwork({}, size));
      await expectSameBothWays(backbone, await prepare(backbone, 5));
      backbone.dispose();
    }
  });

  it('windows of recordings', async () => {
    const backbone = await openBackbone(await tinyAudioNetwork());
    const sounds = [tone(300, 400 * 5), tone(500, 400)];
    await expectSameBothWays(
      backbone,
      await Promise.all(sounds.map((sound) => backbone.preparer.prepare(sound))),
    );
    backbone.dispose();
  });

  it('photographs, by MobileNetV2', async () => {
    const [backbone, photos] = [await openReal('mobilenet-v2'), await realModel('dataset/photos')];
    const files = ['coffee.png', 'chelsea.png', 'camera.png'].map((name) => join(photos.folder, name));
    const prepared = files.map(async (file) => backbone.preparer.prepare(await decodeImage(file)));
    await expectSameBothWays(backbone, await Promise.all(prepared));
    backbone.dispose();
  });

  it('texts of any length, by MiniLM', async () => {
    const backbone = await openReal('minilm-l6-v2');
    const texts = ['Short.', 'A very much longer sentence about nothing in particular, with commas.'];
    for (const text of texts) {
      const prepared = await backbone.preparer.prepare({ kind: 'text', text });
      const few = await backbone.featuresOf([prepared], { of: 1 });
      const many = await backbone.featuresOf([prepared], { of: MANY });
      expect(difference(few, many)).toBeLessThan(1e-5);
    }
    expect(graphs()).toBe(1);
    backbone.dispose();
  });

  it('classes of a network that was not adapted', async () => {
    const classifier = await openClassifier(await tinyImageNetwork());
    const prepared = [await classifier.preparer.prepare(picture(1))];
    const few = await classifier.classify(prepared);
    expect(graphs()).toBe(0);
    const many = await classifier.classify(prepared, { of: MANY });
    expect(graphs()).toBe(1);
    expect(difference(few, many)).toBeLessThan(1e-5);
    classifier.dispose();
  });
});

describe('which way', () => {
  it('is said by the number of examples in all, and differs by modality', () => {
    expect([127, 128].map((examples) => goesByGraph('image', examples))).toEqual([false, true]);
    for (const modality of ['audio', 'text'] as const) {
      expect([511, 512].map((examples) => goesByGraph(modality, examples))).toEqual([false, true]);
    }
  });

  it('does not depend on what ran before: the same examples give the same bytes', async () => {
    const [used, fresh] = [
      await openBackbone(await tinyImageNetwork()),
      await openBackbone(await tinyImageNetwork()),
    ];
    const prepared = await prepare(used, 40);
    const few = await used.featuresOf(prepared);
    const many = await used.featuresOf(prepared, { of: MANY });
    expect(bytes(await used.featuresOf(prepared)).equals(bytes(few))).toBe(true);
    expect(bytes(await fresh.featuresOf(prepared, { of: MANY })).equals(bytes(many))).toBe(true);
    expect(bytes(await fresh.featuresOf(prepared)).equals(bytes(few))).toBe(true);
    used.dispose();
    fresh.dispose();
  });

  it('is the network where it can not become a graph', async () => {
    const backbone = await openReal('use-lite');
    const prepared = [await backbone.preparer.prepare({ kind: 'text', text: 'Where is my card?' })];
    const few = await backbone.featuresOf(prepared);
    expect(bytes(await backbone.featuresOf(prepared, { of: MANY })).equals(bytes(few))).toBe(true);
    expect(graphs()).toBe(0);
    backbone.dispose();
  });
});

it('weights that were replaced are those of the next run', async () => {
  const backbone = await openBackbone(await tinyImageNetwork());
  const prepared = await prepare(backbone, 3);
  const first = await backbone.featuresOf(prepared, { of: MANY });
  const [name = ''] = backbone.network.parameters.keys();
  const kernel = backbone.network.parameters.get(name)?.value;
  if (kernel === undefined) throw new Error('the network has parameters');
  backbone.network.assign(name, tf.mul(kernel, 2));
  const second = await backbone.featuresOf(prepared, { of: MANY });
  // Its biases are zero, and relu keeps factors.
  expect(
    difference(
      first.map((value) => 2 * value),
      second,
    ),
  ).toBeLessThan(1e-5);
  expect(graphs()).toBe(1);
  backbone.dispose();
});

it('200 batches leave as many tensors as one, either way', async () => {
  const backbone = await openBackbone(await tinyImageNetwork());
  const prepared = await prepare(backbone, 4);
  for (const of of [1, MANY]) {
    await backbone.featuresOf(prepared, { of });
    const once = counts();
    for (let batch = 1; batch < 200; batch++) await backbone.featuresOf(prepared, { of });
    expect(counts()).toEqual(once);
  }
  backbone.dispose();
});

it('several batches at the same time share one graph', async () => {
  const backbone = await openBackbone(await tinyImageNetwork());
  const prepared = await prepare(backbone, 4);
  const [one, two] = await Promise.all([1, 2].map(() => backbone.featuresOf(prepared, { of: MANY })));
  expect(one).toEqual(two);
  expect(graphs()).toBe(1);
  backbone.dispose();
});
