/** BMP files of every kind against Pillow (scripts/golden/bmp.py). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/digest.js';
import { ZooError } from '../../../src/core/errors.js';
import { decodeImage } from '../../../src/data/image/decode.js';
import golden from '../../golden/bmp.json' with { type: 'json' };
import { thrownBy } from '../../support/thrown-by.js';

const fileOf = ({ file }: { file: string }) => Buffer.from(file, 'base64');

describe('BMP', () => {
  it.each(golden.files)('is read as Pillow reads it: $name', async (expected) => {
    const image = await decodeImage(fileOf(expected));
    expect([image.width, image.height]).toEqual(expected.size);
    expect(Array.from(image.data.subarray(0, 6))).toEqual(expected.first);
    expect(sha256(image.data)).toBe(expected.sha256);
  });

  it('is laid on white by its alpha, and is opaque where all alpha is 0', async () => {
    const pixels = (alpha: number) => {
      const file = Buffer.alloc(14 + 108 + 4);
      file.write('BM', 'latin1');
      file.writeUInt32LE(122, 10);
      file.writeUInt32LE(108, 14);
      file.writeInt32LE(1, 18);
      file.writeInt32LE(1, 22);
      file.writeUInt16LE(1, 26);
      file.writeUInt16LE(32, 28);
      file.writeUInt32LE(3, 30);
      for (const [index, mask] of [0xff0000, 0xff00, 0xff, 0xff000000].entries())
        file.writeUInt32LE(mask, 54 + 4 * index);
      file.set([10, 20, 30, alpha], 122);
      return file;
    };
    expect(Array.from((await decodeImage(pixels(0))).data)).toEqual([30, 20, 10]);
    expect(Array.from((await decodeImage(pixels(255))).data)).toEqual([30, 20, 10]);
    expect(Array.from((await decodeImage(pixels(51))).data)).toEqual([210, 208, 206]);
  });

  it('says that it is cut off, wherever it is cut', async () => {
    for (const expected of golden.files) {
      const file = fileOf(expected);
      for (let length = 18; length < file.length - 3; length += 7) {
        const error = await thrownBy(() => decodeImage(file.subarray(0, length), { name: 'cut.bmp' }));
        expect(error.code).toBe('DATA');
        expect(error.message).toContain('cut.bmp');
      }
    }
  });

  it('gives a picture or says what is wrong, whatever the bytes are', async () => {
    const files = golden.files.map(fileOf);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (file, changes) => {
          const changed = Buffer.from(file);
          for (const [at, byte] of changes) changed[2 + (at % (changed.length - 2))] = byte;
          const image = await decodeImage(changed, { maxPixels: 1_000_000 }).catch((error: unknown) => error);
          if (image instanceof Error) expect(image).toBeInstanceOf(ZooError);
          else expect(image).toMatchObject({ kind: 'image' });
        },
      ),
      { numRuns: 400 },
    );
  });
});
