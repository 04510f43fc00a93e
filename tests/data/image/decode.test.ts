/** Files of real encoders, odd and broken ones, and what comes out of them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/digest.js';
import type { RawImage } from '../../../src/data/dataset.js';
import { decodeImage } from '../../../src/data/image/decode.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import golden from '../../golden/images.json' with { type: 'json' };
import { realModel } from '../../support/real-model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { hasTensorFlow } from './has-tensorflow.js';
import { lcgPicture } from './lcg-picture.js';

const WIDTH = 24;
const HEIGHT = 16;

/** Four fields: red, green above; blue, white below. Survives every lossy encoder within a few levels. */
function fields(): Buffer {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const right = x >= WIDTH / 2;
      const below = y >= HEIGHT / 2;
      data.set([right === below ? 255 : 0, right ? 255 : 0, below ? 255 : 0], (y * WIDTH + x) * 3);
    }
  }
  return data;
}

const encoder = () => sharp(fields(), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

function pixel(image: RawImage, x: number, y: number): number[] {
  return Array.from(image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3));
}

function expectFields(image: RawImage, within: number): void {
  const corners = [pixel(image, 3, 3), pixel(image, 20, 3), pixel(image, 3, 12), pixel(image, 20, 12)];
  const expected = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 255],
  ];
  corners.flat().forEach((level, index) => {
    expect(Math.abs(level - (expected.flat()[index] ?? Number.NaN))).toBeLessThanOrEqual(within);
  });
}

describe('formats', () => {
  it.each([
    ['JPEG', () => encoder().jpeg({ quality: 95 }), 6],
    ['progressive JPEG', () => encoder().jpeg({ quality: 95, progressive: true }), 6],
    ['PNG', () => encoder().png(), 0],
    ['interlaced PNG', () => encoder().png({ progressive: true }), 0],
    ['PNG with a palette', () => encoder().png({ palette: true }), 0],
    ['lossless WebP', () => encoder().webp({ lossless: true }), 0],
    ['lossy WebP', () => encoder().webp({ quality: 95 }), 12],
    ['GIF', () => encoder().gif(), 0],
    ['TIFF with LZW', () => encoder().tiff({ compression: 'lzw' }), 0],
    [
      'tiled TIFF',
      () => encoder().tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }),
      0,
    ],
    ['AVIF', () => encoder().avif({ quality: 90 }), 12],
  ])('reads %s', async (_, encode, within) => {
    const image = await decodeImage(await encode().toBuffer());
    expect([image.width, image.height, image.grey]).toEqual([WIDTH, HEIGHT, false]);
    expectFields(image, within);
  });

  it('tells files by their content, whatever they are called', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'picture.txt');
    await writeFile(path, await encoder().webp({ lossless: true }).toBuffer());
    expectFields(await decodeImage(path), 0);
  });

  it('takes the first frame of a moving GIF and of a moving WebP', async () => {
    const black = Buffer.alloc(WIDTH * HEIGHT * 3);
    const frames = sharp(Buffer.concat([fields(), black]), {
      raw: { width: WIDTH, height: 2 * HEIGHT, channels: 3, pageHeight: HEIGHT },
    });
    for (const file of [
      await frames.clone().gif().toBuffer(),
      await frames.clone().webp({ lossless: true }).toBuffer(),
    ]) {
      expect((await sharp(file).metadata()).pages).toBe(2);
      const image = await decodeImage(file);
      expect(image.height).toBe(HEIGHT);
      expectFields(image, 0);
    }
  });

  it('equals Pillow to the byte on real JPEGs', async () => {
    const { folder } = await realModel('dataset/photos');
    for (const { photo, pillow } of golden.jpeg) {
      expect(sha256((await decodeImage(join(folder, photo))).data)).toBe(pillow);
    }
  });
});

describe('orientation', () => {
  /** Where the red, green, blue and white fields are in the upright picture. */
  const upright = (image: RawImage) => {
    const at = (x: number, y: number) => {
      const [red = 0, green = 0, blue = 0] = pixel(
        image,
        Math.floor(x * image.width),
        Math.floor(y * image.height),
      );
      return red > 128
        ? green > 128
          ? 'white'
          : 'red'
        : green > 128
          ? 'green'
          : blue > 128
            ? 'blue'
            : 'black';
    };
    return [at(0.2, 0.2), at(0.8, 0.2), at(0.2, 0.8), at(0.8, 0.8)];
  };
  /** By EXIF: which side of the upright picture the first row and the first column are. */
  const TURNED: Record<number, string[]> = {
    1: ['red', 'green', 'blue', 'white'],
    2: ['green', 'red', 'white', 'blue'],
    3: ['white', 'blue', 'green', 'red'],
    4: ['blue', 'white', 'red', 'green'],
    5: ['red', 'blue', 'green', 'white'],
    6: ['blue', 'red', 'white', 'green'],
    7: ['white', 'green', 'blue', 'red'],
    8: ['green', 'white', 'red', 'blue'],
  };

  it.each(Object.entries(TURNED))('%s is turned upright', async (orientation, expected) => {
    for (const kind of ['jpeg', 'png', 'tiff', 'webp'] as const) {
      const file = await encoder()
        .withMetadata({ orientation: Number(orientation) })
        [kind]()
        .toBuffer();
      const image = await decodeImage(file);
      expect(upright(image)).toEqual(expected);
      expect(image.width).toBe(Number(orientation) >= 5 ? HEIGHT : WIDTH);
    }
  });

  it.runIf(hasTensorFlow())('is the same with the decoder of TensorFlow', async () => {
    for (const orientation of Object.keys(TURNED)) {
      const file = await encoder()
        .withMetadata({ orientation: Number(orientation) })
        .png()
        .toBuffer();
      const theirs = await decodeImage(file, { decoder: 'tensorflow' });
      expect(theirs).toEqual({ ...(await decodeImage(file)), data: theirs.data });
      expect(sha256(theirs.data)).toBe(sha256((await decodeImage(file)).data));
    }
  });
});

describe('colours', () => {
  it('of 16 bits lose the lower 8', async () => {
    const levels = Uint16Array.from({ length: WIDTH * HEIGHT * 3 }, (_, index) => (index * 2557) % 65536);
    const raw = { raw: { width: WIDTH, height: HEIGHT, channels: 3 as const } };
    const files = [
      await sharp(levels, raw).toColourspace('rgb16').png().toBuffer(),
      plainTiff(WIDTH, HEIGHT, 16, UNSIGNED, Buffer.from(levels.buffer)),
    ];
    for (const file of files) {
      expect((await sharp(file).metadata()).depth).toBe('ushort');
      const { data } = await decodeImage(file);
      expect(Array.from(data)).toEqual(Array.from(levels, (level) => level >> 8));
    }
  });

  it('as fractions or with a sign are refused, since nobody says what is black and white', async () => {
    const floats = Buffer.from(Float32Array.from({ length: 4 * 4 * 3 }, () => 0.5).buffer);
    const error = await thrownBy(() => decodeImage(plainTiff(4, 4, 32, FLOAT, floats), { name: 'hdr.tif' }));
    expect(error.code).toBe('DATA');
    expect(error.found).toContain('float');
    const signed = plainTiff(4, 4, 16, SIGNED, Buffer.alloc(96));
    expect((await thrownBy(() => decodeImage(signed))).found).toContain('short');
  });

  it('grey, in 8 and 16 bits and with alpha, is repeated', async () => {
    const grey = sharp({ create: { width: 5, height: 4, channels: 3, background: '#545454' } });
    for (const file of [
      await grey.clone().toColourspace('b-w').png().toBuffer(),
      await grey.clone().toColourspace('b-w').jpeg().toBuffer(),
      await grey.clone().toColourspace('grey16').png().toBuffer(),
      await grey.clone().ensureAlpha().toColourspace('b-w').png().toBuffer(),
    ]) {
      const image = await decodeImage(file);
      expect(image.grey).toBe(true);
      expect(Array.from(image.data)).toEqual(new Array(5 * 4 * 3).fill(0x54));
    }
  });

  it('of CMYK become red, green, blue and white', async () => {
    const cmyk = () => encoder().toColourspace('cmyk');
    // In JPEG the levels of CMYK are stored the other way round.
    for (const file of [
      await cmyk().tiff({ compression: 'lzw' }).toBuffer(),
      await cmyk().jpeg({ quality: 100 }).toBuffer(),
    ]) {
      expect((await sharp(file).metadata()).space).toBe('cmyk');
      const image = await decodeImage(file);
      expect(Math.min(...pixel(image, 20, 12))).toBeGreaterThan(252);
      const [red = 0, green = 0, blue = 0] = pixel(image, 3, 3);
      expect(red).toBeGreaterThan(200);
      expect(Math.max(green, blue)).toBeLessThan(80);
      const [, leaf = 0] = pixel(image, 20, 3);
      expect(leaf).toBeGreaterThan(Math.max(pixel(image, 20, 3)[0] ?? 255, pixel(image, 20, 3)[2] ?? 255));
    }
  });

  it('with alpha lie on white', async () => {
    const pixels = Buffer.from([255, 0, 0, 255, 255, 0, 0, 128, 255, 0, 0, 0, 0, 0, 0, 51]);
    const file = sharp(pixels, { raw: { width: 4, height: 1, channels: 4 } });
    for (const encoded of [
      await file.clone().png().toBuffer(),
      await file.clone().webp({ lossless: true, exact: true }).toBuffer(),
    ]) {
      const { data } = await decodeImage(encoded);
      const expected = [255, 0, 0, 255, 127, 127, 255, 255, 255, 204, 204, 204];
      expected.forEach((level, index) => {
        expect(Math.abs((data[index] ?? Number.NaN) - level)).toBeLessThanOrEqual(1);
      });
    }
  });

  it('are not changed by a wide colour profile, as in Pillow and TensorFlow', async () => {
    const file = await encoder().withIccProfile('p3', { attach: true }).png().toBuffer();
    const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
    expect((await sharp(file).metadata()).hasProfile).toBe(true);
    expect(sha256((await decodeImage(file)).data)).toBe(sha256(stored));
  });
});

describe('broken files', () => {
  it('that are cut off are named, in every format', async () => {
    const noise = lcgPicture(64, 48);
    const picture = () => sharp(noise.data, { raw: { width: 64, height: 48, channels: 3 } });
    const files = {
      'a.jpg': await picture().jpeg().toBuffer(),
      'a.png': await picture().png().toBuffer(),
      'a.webp': await picture().webp().toBuffer(),
      'a.gif': await picture().gif().toBuffer(),
      'a.tif': await picture().tiff({ compression: 'lzw' }).toBuffer(),
      'a.avif': await picture().avif().toBuffer(),
    };
    const folder = await temporaryFolder();
    for (const [name, file] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(path, file.subarray(0, Math.floor(file.length / 2)));
      const error = await thrownBy(() => decodeImage(path));
      expect([name, error.code, error.exitCode]).toEqual([name, 'DATA', 7]);
      expect(error.message).toContain(path);
      expect(error.message + error.found).not.toMatch(/undefined|\[object/);
    }
  });

  it('that only begin like a picture, hold something else or nothing, are named', async () => {
    const cases: [Buffer, RegExp][] = [
      [Buffer.alloc(0), /an empty file/],
      [Buffer.from('hello, this is text'), /hello, this/],
      [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>'), /<svg/],
      [Buffer.from('%PDF-1.7 and so on'), /%PDF/],
      [Buffer.from('\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic', 'latin1'), /ftypheic/],
      [Buffer.from('\x89PNG\r\n\x1a\nnot really', 'latin1'), /png|header|read/i],
      [Buffer.from('\xff\xd8\xff\xe0garbage', 'latin1'), /jpeg|JPEG|read/],
    ];
    for (const [bytes, found] of cases) {
      const error = await thrownBy(() => decodeImage(bytes, { name: 'odd.bin' }));
      expect(error.code).toBe('DATA');
      expect(error.message).toContain('odd.bin');
      expect(String(error.found)).toMatch(found);
    }
  });

  it('that are missing, or are folders, say so', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'sub.png'));
    expect((await thrownBy(() => decodeImage(join(folder, 'none.png')))).code).toBe('NOT_FOUND');
    expect((await thrownBy(() => decodeImage(join(folder, 'sub.png')))).code).toBe('DATA');
  });

  it('stop where the caller stops', async () => {
    const file = await encoder().png().toBuffer();
    await expect(decodeImage(file, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});

describe('limits', () => {
  it('refuse pictures by the size in their header, before they are unpacked', async () => {
    // 20,000 x 20,000 black pixels are 1.2 GB unpacked and about 1 MB as PNG.
    const small = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } })
      .png()
      .toBuffer();
    const lying = Buffer.from(small);
    lying.writeUInt32BE(20_000, 16);
    lying.writeUInt32BE(20_000, 20);
    lying.writeUInt32BE(crc32(lying.subarray(12, 29)), 29);
    const error = await thrownBy(() => decodeImage(lying, { name: 'bomb.png' }));
    expect(error.code).toBe('DATA');
    expect(error.message).toBe('bomb.png has too many pixels');
    expect(error.found).toBe('20000 x 20000');
    const bmp = Buffer.alloc(100);
    bmp.write('BM', 'latin1');
    bmp.writeUInt32LE(40, 14);
    bmp.writeInt32LE(100_000, 18);
    bmp.writeInt32LE(100_000, 22);
    bmp.writeUInt16LE(24, 28);
    expect((await thrownBy(() => decodeImage(bmp))).message).toMatch(/too many pixels/);
  });

  it('refuse large files without reading them, and are the caller’s to set', async () => {
    const folder = await temporaryFolder();
    const file = await encoder().png().toBuffer();
    const path = join(folder, 'a.png');
    await writeFile(path, file);
    const error = await thrownBy(() => decodeImage(path, { maxBytes: file.length - 1 }));
    expect([error.code, error.message]).toEqual(['DATA', `${path} is too large for one example`]);
    expect((await thrownBy(() => decodeImage(path, { maxPixels: WIDTH * HEIGHT - 1 }))).message).toMatch(
      /too many pixels/,
    );
    expectFields(await decodeImage(path, { maxPixels: WIDTH * HEIGHT, maxBytes: file.length }), 0);
  });
});

describe.runIf(hasTensorFlow())('the decoder of TensorFlow', () => {
  it('gives the bytes that Python’s TensorFlow gives', async () => {
    const { folder } = await realModel('dataset/photos');
    const before = tf.memory().numTensors;
    for (const { photo, tensorflow } of golden.jpeg) {
      const bytes = await readFile(join(folder, photo));
      expect(sha256((await decodeImage(bytes, { decoder: 'tensorflow' })).data)).toBe(tensorflow);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads PNG, GIF and BMP alike, and says which it can’t', async () => {
    for (const file of [await encoder().png().toBuffer(), await encoder().gif().toBuffer()]) {
      expectFields(await decodeImage(file, { decoder: 'tensorflow' }), 0);
    }
    const webp = await encoder().webp().toBuffer();
    expect((await thrownBy(() => decodeImage(webp, { decoder: 'tensorflow' }))).code).toBe('USAGE');
    const cut = (await encoder().png().toBuffer()).subarray(0, 90);
    expect(
      (await thrownBy(() => decodeImage(cut, { decoder: 'tensorflow', name: 'cut.png' }))).message,
    ).toContain('cut.png');
  });
});

/** As PNG has it. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const UNSIGNED = 1;
const SIGNED = 2;
const FLOAT = 3;

/** RGB in one strip without compression, little-endian (TIFF 6.0, section 6). */
function plainTiff(width: number, height: number, bits: number, format: number, samples: Buffer): Buffer {
  const SHORT = 3;
  const LONG = 4;
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, 3, 8],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, 2],
    [273, LONG, 1, 20],
    [277, SHORT, 1, 3],
    [278, LONG, 1, height],
    [279, LONG, 1, samples.length],
    [339, SHORT, 3, 14],
  ];
  const head = Buffer.alloc(20);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(20 + samples.length, 4);
  for (let channel = 0; channel < 3; channel++) {
    head.writeUInt16LE(bits, 8 + 2 * channel);
    head.writeUInt16LE(format, 14 + 2 * channel);
  }
  const directory = Buffer.alloc(2 + 12 * entries.length + 4);
  directory.writeUInt16LE(entries.length);
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    const at = 2 + 12 * index;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.writeUInt32LE(value, at + 8);
  }
  return Buffer.concat([head, samples, directory]);
}
