import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/image/decode.js';
import { cardDigest } from '../../src/registry/canonical-card.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { type Backbone, type BackboneOptions, openBackbone } from '../../src/transfer/backbone.js';
import { realModel } from '../support/real-model.js';
import { thrownBy } from '../support/thrown-by.js';
import { picture, tone } from './sample-data.js';
import { tinyAudioNetwork, tinyImageNetwork } from './tiny-network.js';

interface Golden {
  readonly networks: Readonly<Record<string, { readonly photos: Readonly<Record<string, PhotoFeatures>> }>>;
}

interface PhotoFeatures {
  readonly first16: readonly number[];
  readonly sum: number;
  readonly l2: number;
}

const GOLDEN: Golden = JSON.parse(
  await readFile(new URL('../golden/photo-features.json', import.meta.url), 'utf8'),
);

async function openReal(name: string, options: Partial<BackboneOptions> = {}): Promise<Backbone> {
  const { card, folder } = await realModel(name);
  return openBackbone({ folder, card, digest: cardDigest(card), ...options });
}

const rowsOf = (features: Float32Array, width: number) =>
  Array.from({ length: features.length / width }, (_, row) =>
    features.subarray(row * width, (row + 1) * width),
  );
const norm = (vector: Float32Array) => Math.hypot(...vector);
const bytes = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

describe('real networks, from raw files', () => {
  const DROPPED: Record<string, { width: number; cut: string; dropped: number }> = {
    'mobilenet-v2': { width: 1280, cut: 'features.18.2', dropped: 1280 * 1000 + 1000 },
    resnet50: { width: 2048, cut: 'avg_pool', dropped: 2048 * 1000 + 1000 },
    'efficientnet-lite0': { width: 1280, cut: '_bn1.relu6', dropped: 1280 * 1000 + 1000 },
  };

  it.each(Object.keys(DROPPED))('%s: features of photographs are those of Python', async (name) => {
    const backbone = await openReal(name);
    try {
      const { width, cut, dropped } = backbone;
      expect({ width, cut, dropped }).toEqual(DROPPED[name]);
      const { folder } = await realModel('dataset/photos');
      const photos = Object.entries(GOLDEN.networks[name]?.photos ?? {});
      expect(photos).toHaveLength(3);
      const prepared = await Promise.all(
        photos.map(async ([photo]) => backbone.preparer.prepare(await decodeImage(join(folder, photo)))),
      );
      const tensors = tf.memory().numTensors;
      const features = rowsOf(await backbone.featuresOf(prepared), width);
      expect(tf.memory().numTensors).toBe(tensors);
      for (const [index, [photo, golden]] of photos.entries()) {
        const vector = features[index] ?? new Float32Array();
        const difference = Math.hypot(...golden.first16.map((value, at) => value - (vector[at] ?? 0)));
        // Relative to the part of the vector that was written down.
        expect(difference / Math.hypot(...golden.first16), photo).toBeLessThan(1e-4);
        expect(norm(vector) / golden.l2, photo).toBeCloseTo(1, 4);
        expect(vector.reduce((sum, value) => sum + value, 0) / golden.sum, photo).toBeCloseTo(1, 4);
      }
      expect(backbone.preparer.notes).toEqual([
        '1 grey picture was made RGB',
        '3 pictures were scaled to 224 x 224 pixels',
      ]);
    } finally {
      backbone.dispose();
    }
  });

  it('networks that read strings or one sparse matrix give features too, whatever stands beside a text', async () => {
    for (const [name, width] of [
      ['use-lite', 512],
      ['guesslang', 32],
      ['minilm-l6-v2-fp16', 384],
    ] as const) {
      const backbone = await openReal(name);
      try {
        expect(backbone.width, name).toBe(width);
        const prepare = (text: string) => backbone.preparer.prepare({ kind: 'text', text });
        const short = await prepare('A man is eating food.');
        const long = await prepare('Where is my card? It should have arrived last Tuesday, but it did not.');
        const [alone = new Float32Array()] = rowsOf(await backbone.featuresOf([short]), width);
        const [beside = new Float32Array()] = rowsOf(await backbone.featuresOf([short, long]), width);
        const apart = Math.hypot(...alone.map((value, at) => value - (beside[at] ?? 0)));
        expect(apart / norm(alone), name).toBeLessThan(1e-5);
      } finally {
        backbone.dispose();
      }
    }
  });

  it('tokens are pooled without the padding', async () => {
    const [whole, pooled] = [
      await openReal('minilm-l6-v2-fp16'),
      await openReal('minilm-l6-v2-fp16', { cut: 'last hidden state' }),
    ];
    try {
      expect(pooled).toMatchObject({ cut: 'last_hidden_state', pooling: 'average', width: 384 });
      const texts = [
        'A man is eating food.',
        'A very much longer sentence about nothing in particular, with commas.',
      ];
      const prepared = await Promise.all(texts.map((text) => whole.preparer.prepare({ kind: 'text', text })));
      const unit = rowsOf(await whole.featuresOf(prepared), 384);
      for (const [index, mean] of rowsOf(await pooled.featuresOf(prepared), 384).entries()) {
        const scaled = mean.map((value) => value / norm(mean));
        expect(Math.hypot(...scaled.map((value, at) => value - (unit[index]?.[at] ?? 0)))).toBeLessThan(1e-5);
      }
    } finally {
      whole.dispose();
      pooled.dispose();
    }
  });

  it('windows of a recording become one vector: a map averaged, kept by band, and voices of length 1', async () => {
    const second = tone(440, 3 * 22_050, 22_050);
    const average = await openReal('basic-pitch');
    expect(average).toMatchObject({ width: 32, pooling: 'average' });
    const prepared = await average.preparer.prepare(second);
    expect(prepared.rows).toBe(2);
    const mean = await average.featuresOf([prepared]);
    average.dispose();
    const frames = await openReal('basic-pitch', { pooling: 'frames' });
    expect(frames.width).toBe(88 * 32);
    const byKey = await frames.featuresOf([prepared]);
    frames.dispose();
    const overKeys = mean.map((_, channel) => {
      let sum = 0;
      for (let key = 0; key < 88; key++) sum += byKey[key * 32 + channel] ?? 0;
      return sum / 88;
    });
    expect(Math.hypot(...overKeys.map((value, at) => value - (mean[at] ?? 0)))).toBeLessThan(
      1e-5 * norm(mean),
    );
    const voices = await openReal('resemblyzer');
    const heard = await voices.preparer.prepare(second);
    expect(heard.rows).toBeGreaterThan(1);
    expect(norm(await voices.featuresOf([heard]))).toBeCloseTo(1, 5);
    voices.dispose();
  });
});

describe('a tiny network', () => {
  it('drops the head for good, names itself by what shapes its features, and frees all at the end', async () => {
    const tensors = tf.memory().numTensors;
    const tiny = await tinyImageNetwork();
    const backbone = await openBackbone(tiny);
    expect(backbone).toMatchObject({ cut: 'pool', width: 4, pooling: 'none', dropped: 4 * 3 + 3 });
    expect([...backbone.network.parameters.keys()].some((name) => name.includes('classes'))).toBe(false);
    expect(JSON.parse(backbone.identity)).toEqual({
      network: tiny.digest,
      cut: 'pool',
      pooling: 'none',
      width: 4,
    });
    const conv = await openBackbone({ ...tiny, cut: 'conv', pooling: 'max' });
    expect(conv).toMatchObject({ width: 4, dropped: 15, pooling: 'max' });
    expect(conv.identity).not.toBe(backbone.identity);
    const flat = await openBackbone({ ...tiny, cut: 'conv', pooling: 'none' });
    expect(flat.width).toBe(6 * 6 * 4);
    for (const opened of [backbone, conv, flat]) opened.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('finds its cut by rule where the card says nothing', async () => {
    const { features: _, ...card } = (await tinyImageNetwork()).card;
    const tiny = await tinyImageNetwork();
    const backbone = await openBackbone({ ...tiny, card });
    expect(backbone).toMatchObject({ cut: 'pool', width: 4, pooling: 'average' });
    backbone.dispose();
  });

  it('refuses features of another width than the card says, and leaves nothing behind', async () => {
    const tiny = await tinyImageNetwork({ features: { layer: 'pool', width: 5, head: 'classes' } });
    const tensors = tf.memory().numTensors;
    const error = await thrownBy(() => openBackbone(tiny));
    expect(error).toMatchObject({ code: 'DATA', expected: '5 numbers', found: '4 at pool' });
    expect((await thrownBy(() => openBackbone({ ...tiny, cut: 'poo' }))).code).toBe('NOT_FOUND');
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('windows beyond a batch are the same windows', async () => {
    const backbone = await openBackbone(await tinyAudioNetwork());
    const prepared = await Promise.all(
      [tone(300, 400 * 5), tone(500, 400), tone(700, 400 * 3)].map((audio) =>
        backbone.preparer.prepare(audio),
      ),
    );
    expect(prepared.map(({ rows }) => rows)).toEqual([5, 1, 3]);
    const tensors = tf.memory().numTensors;
    const whole = await backbone.featuresOf(prepared);
    expect(whole).toHaveLength(3 * 6);
    for (const limit of [1, 2, 4]) {
      const parts = await backbone.featuresOf(prepared, { batchSize: limit });
      expect(Math.hypot(...whole.map((value, at) => value - (parts[at] ?? 0)))).toBeLessThan(1e-6);
    }
    expect(await backbone.featuresOf([])).toHaveLength(0);
    expect(tf.memory().numTensors).toBe(tensors);
    backbone.dispose();
  });

  it('gives the same bytes for an example whatever its neighbours are', async () => {
    const backbone = await openBackbone(await tinyImageNetwork());
    const prepare = (seed: number) => backbone.preparer.prepare(picture(seed));
    const [one, two, three] = await Promise.all([prepare(1), prepare(2), prepare(3)]);
    if (one === undefined || two === undefined || three === undefined) throw new Error('three were prepared');
    const first = (await backbone.featuresOf([one, two])).subarray(0, 4);
    const other = (await backbone.featuresOf([one, three])).subarray(0, 4);
    expect(bytes(first).equals(bytes(other))).toBe(true);
    backbone.dispose();
  });
});
