import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/digest.js';
import { augmentImage, rotate } from '../../../src/data/image/augment.js';
import { greyImage, rawImage } from '../../../src/data/image/raw-image.js';
import { Random } from '../../../src/data/random.js';
import { thrownBy } from '../../support/thrown-by.js';
import { lcgPicture } from './lcg-picture.js';

const NOTHING = { crop: false, colour: false } as const;
const picture = lcgPicture(24, 16);

describe('augmentation', () => {
  it('is the same for the same seed, and another for another', () => {
    const of = (seed: number) => {
      const image = augmentImage(picture, Random.seeded(seed), { flip: true, rotation: 10 });
      return sha256(image.data);
    };
    expect(of(1)).toBe(of(1));
    expect(new Set([1, 2, 3, 4, 5].map(of)).size).toBe(5);
  });

  it('draws equally often whatever it does, so that one setting leaves the others alone', () => {
    const stateAfter = (options: Parameters<typeof augmentImage>[2]) => {
      const random = Random.seeded(4);
      augmentImage(picture, random, options);
      return random.state();
    };
    expect(stateAfter({ flip: true, rotation: 30 })).toEqual(stateAfter(NOTHING));
  });

  it('always gives a whole picture that is no larger', () => {
    const side = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.nat(1e6),
        fc.integer({ min: 0, max: 45 }),
        fc.boolean(),
        (width, height, seed, rotation, flip) => {
          const image = augmentImage(lcgPicture(width, height), Random.seeded(seed), {
            rotation,
            flip,
            crop: { area: [0.1, 1], ratio: 2 },
          });
          expect(image.data.length).toBe(image.width * image.height * 3);
          expect(
            image.width >= 1 && image.width <= width && image.height >= 1 && image.height <= height,
          ).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('cuts parts of the area and shape that it should, from everywhere', () => {
    const large = lcgPicture(100, 80);
    const random = Random.seeded(9);
    const parts = Array.from({ length: 300 }, () => augmentImage(large, random, { colour: false }));
    const areas = parts.map(({ width, height }) => (width * height) / 8000);
    expect(Math.min(...areas)).toBeGreaterThan(0.55);
    expect(Math.max(...areas)).toBeGreaterThan(0.9);
    const ratios = parts.map(({ width, height }) => width / height / 1.25);
    expect(Math.min(...ratios)).toBeGreaterThan(0.7);
    expect(Math.max(...ratios)).toBeLessThan(1.4);
  });

  it('mirrors half of the pictures, and only when asked', () => {
    const random = Random.seeded(2);
    const [left, right] = [
      [1, 2, 3],
      [4, 5, 6],
    ] as const;
    const two = rawImage(2, 1, Uint8Array.from([...left, ...right]));
    let mirrored = 0;
    for (let i = 0; i < 200; i++) {
      const { data } = augmentImage(two, random, { ...NOTHING, flip: true });
      if (data[0] === 4) {
        mirrored += 1;
        expect(Array.from(data)).toEqual([...right, ...left]);
      }
      expect(augmentImage(two, random, NOTHING).data).toEqual(two.data);
    }
    expect(mirrored).toBeGreaterThan(70);
    expect(mirrored).toBeLessThan(130);
  });

  it('turns counter-clockwise about the centre, and not at all by 0', () => {
    expect(rotate(picture, 0)).toEqual(picture);
    // A dot to the right of the centre goes up.
    const levels = new Uint8Array(11 * 11);
    levels[5 * 11 + 9] = 255;
    const turned = rotate(greyImage(11, 11, levels), 45);
    const brightest = turned.data.indexOf(Math.max(...turned.data)) / 3;
    expect([brightest % 11, Math.floor(brightest / 11)]).toEqual([8, 2]);
  });

  it('changes brightness, contrast and colour within bounds, and keeps grey grey', () => {
    const grey = greyImage(
      8,
      8,
      Uint8Array.from({ length: 64 }, (_, index) => 64 + index),
    );
    const means = Array.from({ length: 100 }, (_, seed) => {
      const image = augmentImage(grey, Random.seeded(seed), {
        crop: false,
        colour: { brightness: 0.2, contrast: 0, saturation: 0.5 },
      });
      expect(image.grey).toBe(true);
      return image.data.reduce((sum, level) => sum + level, 0) / image.data.length / 95.5;
    });
    expect(Math.min(...means)).toBeGreaterThan(0.79);
    expect(Math.max(...means)).toBeLessThan(1.21);
    expect(Math.max(...means) - Math.min(...means)).toBeGreaterThan(0.3);
  });

  it('refuses amounts that make no sense', async () => {
    for (const options of [
      { rotation: 60 },
      { rotation: Number.NaN },
      { crop: { area: [0.9, 0.5] as const } },
      { crop: { ratio: 0.5 } },
      { colour: { brightness: 2 } },
    ]) {
      expect((await thrownBy(() => augmentImage(picture, Random.seeded(1), options))).code).toBe('USAGE');
    }
  });
});
