import { describe, expect, it } from 'vitest';
import { rawImage } from '../../../src/data/image/raw-image.js';
import { subset } from '../../../src/data/make-dataset.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { openZoo } from '../../../src/training/adapting-zoo.js';
import { chooseFeatures, type FeatureChoice } from '../../../src/training/choose/choose-features.js';
import { pictureSizes } from '../../../src/training/choose/picture-sizes.js';
import { openBackbone } from '../../../src/transfer/backbone.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { CHECKOUT_HOME } from '../../support/checkout-home.js';
import { dataset, example, picture, texts } from '../../transfer/sample-data.js';
import { tinyImageNetwork } from '../../transfer/tiny-network.js';

/** A white dot on black: on the left or on the right. Averaged over all positions both are the same. */
function dots(count: number) {
  const places = ['left', 'right'];
  return dataset(
    'image',
    Array.from({ length: count }, (_, index) => {
      const side = index % 2;
      const [x, y] = [side === 0 ? 1 + (index % 3) : 5 + (index % 3) - 1, 1 + (index % 5)];
      const load = () => {
        const data = new Uint8Array(8 * 8 * 3);
        data.fill(255, (y * 8 + x) * 3, (y * 8 + x) * 3 + 3);
        return rawImage(8, 8, data);
      };
      return example(`${index}.png`, load, [places[side] ?? '']);
    }),
  );
}

const heads = [classifier({ labels: ['left', 'right'] })];

async function opener() {
  // Without the card's own words on pooling: an unpooled convolution is one of the candidates.
  const network = await tinyImageNetwork({ features: { layer: 'conv_relu', width: 4, pooling: 'average' } });
  return (choice: FeatureChoice) => openBackbone({ ...network, cut: 'conv', ...choice });
}

describe('chooseFeatures', () => {
  it('finds that positions matter where only they tell the classes apart', async () => {
    const open = await opener();
    const tensors = tf.memory().numTensors;
    const chosen = await chooseFeatures(open, heads, dots(24), { seed: 1 });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(chosen).toMatchObject({ choice: { cut: 'conv', pooling: 'none' }, examples: 24 });
    const [best, ...others] = chosen.tried;
    expect(best).toMatchObject({ pooling: 'none', width: 144 });
    expect(best?.validation.mean).toBeGreaterThan(0.9);
    const average = others.find(({ pooling }) => pooling === 'average');
    expect(average?.validation.mean).toBeLessThan(best?.validation.mean ?? 0);
  });

  it('judges by a sample of many examples, and tells how far it is', async () => {
    const seen: string[] = [];
    const onProgress = (done: number, total: number) => seen.push(`${done}/${total}`);
    const chosen = await chooseFeatures(await opener(), heads, dots(60), { examples: 20, onProgress });
    expect(chosen.examples).toBe(20);
    expect(seen[0]).toMatch(/^0\//);
    expect(seen.at(-1)).toMatch(/^(\d+)\/\1$/);
  });

  it('refuses data of another kind, and too few of it', async () => {
    const open = await opener();
    await expect(chooseFeatures(open, heads, texts('a', 'b'))).rejects.toMatchObject({ code: 'DATA' });
    const two = dots(24);
    const few = subset(two, two.examples.slice(0, 2));
    await expect(chooseFeatures(open, heads, few)).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('too few examples'),
    });
  });

  it('ends with the reason of the signal, and frees what it opened', async () => {
    const open = await opener();
    const tensors = tf.memory().numTensors;
    const stop = new AbortController();
    const reason = new Error('enough');
    const onProgress = (done: number) => done === 1 && stop.abort(reason);
    const choosing = chooseFeatures(open, heads, dots(24), { signal: stop.signal, onProgress });
    await expect(choosing).rejects.toBe(reason);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe('sizes of pictures worth trying', () => {
  const sized = (side: number) =>
    dataset(
      'image',
      [0, 1, 2].map((index) => example(`${index}`, () => picture(index, side, side + 5))),
    );

  it.each([
    [28, [undefined, 112, 56]],
    [100, [undefined, 112]],
    [400, [undefined]],
  ])('for pictures of %i pixels', async (side, sizes) => {
    const zoo = await openZoo({ home: CHECKOUT_HOME });
    const backbone = await zoo.backbone('mobilenet-v2');
    try {
      expect(await pictureSizes(backbone, sized(side), undefined)).toEqual(sizes);
    } finally {
      backbone.dispose();
      await zoo.close();
    }
  });

  it('is that of the network where it takes one size only', async () => {
    const backbone = await openBackbone(await tinyImageNetwork());
    expect(await pictureSizes(backbone, sized(4), undefined)).toEqual([undefined]);
    backbone.dispose();
  });
});
