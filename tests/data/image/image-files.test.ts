/** Pictures of every format against Pillow and TensorFlow (scripts/golden/image-files.py). */
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/image/decode.js';
import golden from '../../golden/image-files.json' with { type: 'json' };
import { hasTensorFlow } from './has-tensorflow.js';

/** Largest difference of a level. */
function difference(found: Uint8Array, expected: Uint8Array): number {
  expect(found.length).toBe(expected.length);
  return found.reduce((most, level, at) => Math.max(most, Math.abs(level - (expected[at] ?? 0))), 0);
}

describe('a picture is read as Pillow reads it', () => {
  it.each(golden.files)('$name', async ({ file, size, within, pixels }) => {
    const image = await decodeImage(Buffer.from(file, 'base64'));
    expect([image.width, image.height]).toEqual(size);
    expect(difference(image.data, Buffer.from(pixels, 'base64'))).toBeLessThanOrEqual(within);
  });
});

describe.runIf(hasTensorFlow())(
  'a picture is read as Python’s TensorFlow reads it, where that is asked for',
  () => {
    const known = golden.files.flatMap(({ tensorflow, ...one }) =>
      tensorflow === null ? [] : [{ ...one, tensorflow }],
    );

    it.each(known)('$name', async ({ file, size, tensorflow }) => {
      const image = await decodeImage(Buffer.from(file, 'base64'), { decoder: 'tensorflow' });
      expect([image.width, image.height]).toEqual(size);
      expect(difference(image.data, Buffer.from(tensorflow, 'base64'))).toBe(0);
    });
  },
);
