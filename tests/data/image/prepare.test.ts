/** Resizing and preparing against Pillow, torchvision and TensorFlow (scripts/golden/images.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/digest.js';
import { centreCrop, cropImage } from '../../../src/data/image/crop.js';
import { decodeImage } from '../../../src/data/image/decode.js';
import { geometry, type ImageInput } from '../../../src/data/image/geometry.js';
import { prepareImage, resizeImage } from '../../../src/data/image/prepare.js';
import { greyImage, rawImage } from '../../../src/data/image/raw-image.js';
import golden from '../../golden/images.json' with { type: 'json' };
import { realModel } from '../../support/real-model.js';
import { thrownBy } from '../../support/thrown-by.js';
import { lcgPicture } from './lcg-picture.js';

const PLAIN: ImageInput = {
  modality: 'image',
  shape: [null, null, null, 3],
  dtype: 'float32',
  layout: 'NHWC',
  colourOrder: 'RGB',
  range: [0, 255],
};

function cardInput(name: string): ImageInput {
  const path = new URL(`../../../registry/image/${name}/1.0.0.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')).input;
}

/** A method of the golden file as a card says it. */
function ruleOf(method: string, antialias: boolean): ImageInput {
  if (method !== 'bilinear' && method !== 'bicubic' && method !== 'area' && method !== 'nearest') {
    throw new Error(`no such method: ${method}`);
  }
  return { ...PLAIN, resize: { method, antialias } };
}

function sizeOf([height = 0, width = 0]: readonly number[]) {
  return { height, width };
}

function inColour(pixels: { channels: number; data: Uint8Array | Float32Array }): Uint8Array {
  if (pixels.channels === 3) return Uint8Array.from(pixels.data);
  return greyImage(pixels.data.length, 1, Uint8Array.from(pixels.data)).data;
}

describe('antialiased resizing', () => {
  it.each(golden.pillow)(
    'gives the bytes of Pillow: $method $from to $to',
    ({ from, to, method, sha256: digest }) => {
      const { height, width } = sizeOf(from);
      const { data } = resizeImage(lcgPicture(width, height), ruleOf(method, true), sizeOf(to));
      expect(sha256(Uint8Array.from(data))).toBe(digest);
    },
  );

  it.each(golden.photos)('gives the bytes of Pillow and torchvision for $photo', async (expected) => {
    const { folder } = await realModel('dataset/photos');
    const image = await decodeImage(join(folder, expected.photo));
    const squeezed = resizeImage(image, cardInput('resnet50'), { height: 224, width: 224 });
    expect(sha256(inColour(squeezed))).toBe(expected.squeezed224);
    const cut = resizeImage(image, cardInput('mobilenet-v2'), { height: 224, width: 224 });
    expect(sha256(inColour(cut))).toBe(expected.shorter256crop224);
    // What the network sees, by ToTensor and Normalize: equal to a float32 or two.
    const values = prepareImage(image, cardInput('mobilenet-v2'));
    expect(values.length).toBe(224 * 224 * 3);
    expected.normalised.first16.forEach((value, index) => {
      expect(Math.abs((values[index] ?? Number.NaN) - value)).toBeLessThan(1e-6);
    });
    const sum = values.reduce((total, value) => total + value, 0);
    const norm = Math.sqrt(values.reduce((total, value) => total + value * value, 0));
    expect(Math.abs(sum - expected.normalised.sum)).toBeLessThan(0.01);
    expect(Math.abs(norm - expected.normalised.l2)).toBeLessThan(1e-3);
  });
});

describe('resizing without antialias', () => {
  it.each(golden.tensorflow)('gives the values of tf.image.resize: $method $from to $to', (expected) => {
    const { height, width } = sizeOf(expected.from);
    const to = sizeOf(expected.to);
    const values = prepareImage(lcgPicture(width, height), ruleOf(expected.method, false), to);
    expect(values.length).toBe(to.height * to.width * 3);
    expected.first16.forEach((value, index) => {
      expect(Math.abs((values[index] ?? Number.NaN) - value)).toBeLessThan(1e-3);
    });
    const sum = values.reduce((total, value) => total + value, 0);
    const norm = Math.sqrt(values.reduce((total, value) => total + value * value, 0));
    expect(Math.abs(sum / expected.sum - 1)).toBeLessThan(1e-6);
    expect(Math.abs(norm / expected.l2 - 1)).toBeLessThan(1e-6);
  });
});

describe('geometry', () => {
  const mobilenet = cardInput('mobilenet-v2');

  it('scales the shorter side and cuts the centre, with a half pixel to the even side', () => {
    expect(geometry({ width: 600, height: 400 }, mobilenet, { height: 224, width: 224 })).toEqual({
      resized: { width: 384, height: 256 },
      window: { left: 80, top: 16, width: 224, height: 224 },
    });
    // 451 of 300 is 384.85 of 256; 160 over 2 is even.
    expect(geometry({ width: 451, height: 300 }, mobilenet, { height: 224, width: 224 }).resized.width).toBe(
      384,
    );
    expect(
      geometry(
        { width: 227, height: 224 },
        { ...PLAIN, crop: { centre: [224, 224] } },
        { height: 224, width: 224 },
      ).window.left,
    ).toBe(2);
    expect(
      geometry(
        { width: 225, height: 224 },
        { ...PLAIN, crop: { centre: [224, 224] } },
        { height: 224, width: 224 },
      ).window.left,
    ).toBe(0);
  });

  it('keeps the proportion of resize and crop at other sizes', () => {
    expect(geometry({ width: 100, height: 200 }, mobilenet, { height: 112, width: 112 }).resized).toEqual({
      width: 128,
      height: 256,
    });
  });

  it('squeezes where the card has no rule, and only crops where it has a crop alone', () => {
    expect(geometry({ width: 600, height: 400 }, PLAIN, { height: 10, width: 20 }).resized).toEqual({
      height: 10,
      width: 20,
    });
    const picture = lcgPicture(9, 7);
    const cut = prepareImage(picture, { ...PLAIN, crop: { centre: [3, 5] } });
    expect(Array.from(cut)).toEqual(Array.from(centreCrop(picture, { height: 3, width: 5 }).data));
  });

  it('lays a picture that is smaller than the crop on black', () => {
    const white = rawImage(2, 2, new Uint8Array(12).fill(255));
    const values = prepareImage(white, { ...PLAIN, range: [-1, 1], crop: { centre: [4, 4] } });
    const row = (index: number) => Array.from(values.subarray(index * 12, index * 12 + 12));
    expect(row(0)).toEqual(new Array(12).fill(-1));
    expect(row(1)).toEqual([-1, -1, -1, 1, 1, 1, 1, 1, 1, -1, -1, -1]);
  });

  it('always gives the size that was asked for, in range', () => {
    const side = fc.integer({ min: 1, max: 40 });
    const rule = fc.constantFrom<ImageInput>(
      PLAIN,
      { ...PLAIN, crop: { centre: [16, 24] } },
      { ...PLAIN, crop: { centre: [16, 16] }, resize: { shorterSide: 20 } },
      { ...PLAIN, resize: { shorterSide: 20, method: 'bicubic' } },
      { ...PLAIN, crop: { centre: [10, 10] }, resize: { to: [12, 14], method: 'area' } },
      { ...PLAIN, resize: { to: [12, 14], method: 'nearest' } },
      { ...PLAIN, resize: { method: 'bilinear', antialias: false } },
    );
    fc.assert(
      fc.property(side, side, side, side, rule, (width, height, toWidth, toHeight, input) => {
        const values = prepareImage(lcgPicture(width, height), input, { width: toWidth, height: toHeight });
        expect(values.length).toBe(toWidth * toHeight * 3);
        expect(values.every((value) => value >= 0 && value <= 255)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('channels', () => {
  const pixel = rawImage(1, 1, Uint8Array.of(10, 20, 30));

  it('are put in the order of the network, less the mean, over the deviation', () => {
    expect(
      Array.from(
        prepareImage(
          pixel,
          { ...PLAIN, colourOrder: 'BGR', mean: [1, 2, 3], std: [2, 4, 8] },
          { width: 1, height: 1 },
        ),
      ),
    ).toEqual([14.5, 4.5, 0.875]);
    const [red] = prepareImage(pixel, { ...PLAIN, range: [-1, 1] }, { width: 1, height: 1 });
    expect(red).toBeCloseTo(10 / 127.5 - 1, 6);
  });

  it('become one for a network that sees grey, by the weights of Pillow', () => {
    const values = prepareImage(
      pixel,
      { ...PLAIN, shape: [null, null, null, 1], colourOrder: 'grey' },
      { width: 1, height: 1 },
    );
    // (10 * 19595 + 20 * 38470 + 30 * 7471 + 32768) >> 16
    expect(Array.from(values)).toEqual([18]);
  });

  it('are the same whether a grey picture is known to be grey or not', () => {
    const grey = greyImage(31, 17, lcgPicture(31, 17).data.subarray(0, 31 * 17));
    const size = { width: 12, height: 20 };
    for (const name of ['mobilenet-v2', 'resnet50']) {
      expect(prepareImage(grey, cardInput(name), size)).toEqual(
        prepareImage({ ...grey, grey: false }, cardInput(name), size),
      );
    }
  });

  it('must fit the numbers of the card', async () => {
    const error = await thrownBy(() =>
      prepareImage(pixel, { ...PLAIN, mean: [1, 2] }, { width: 1, height: 1 }),
    );
    expect(error.code).toBe('DATA');
  });
});

describe('sizes', () => {
  it('come from the card, whatever its layout', () => {
    expect(prepareImage(lcgPicture(5, 4), cardInput('efficientnet-lite0')).length).toBe(224 * 224 * 3);
    expect(prepareImage(lcgPicture(5, 4), cardInput('visual-wake-words')).length).toBe(96 * 96 * 3);
  });

  it('are asked for where the card leaves them open, and must be sensible', async () => {
    const picture = lcgPicture(5, 4);
    expect((await thrownBy(() => prepareImage(picture, PLAIN))).code).toBe('USAGE');
    for (const side of [0, 2.5, 100_000]) {
      expect((await thrownBy(() => prepareImage(picture, PLAIN, { height: side, width: 8 }))).code).toBe(
        'USAGE',
      );
    }
  });
});

describe('cropping', () => {
  it.each([
    ['coffee.png', 188, 88, '55fefcb06ca1c841545b01f3cd006c06cdc7ea41bec502ceb4a5bb34fb6e0d7b'],
    ['chelsea.png', 113, 38, '353c3ac63d322b83'],
    ['camera.png', 144, 144, 'f24dfe90988d1ddf'],
  ])('cuts the part of %s that the catalogue of golden values has', async (name, left, top, digest) => {
    const { folder } = await realModel('dataset/photos');
    const part = cropImage(await decodeImage(join(folder, name)), { left, top, width: 224, height: 224 });
    expect(sha256(part.data).slice(0, digest.length)).toBe(digest);
  });
});
