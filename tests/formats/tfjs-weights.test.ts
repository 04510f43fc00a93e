import { symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfToFloat } from '../../src/formats/half-float.js';
import { readTfjsModel } from '../../src/formats/tfjs-model.js';
import { readTfjsWeights, type StoredWeight } from '../../src/formats/tfjs-weights.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';
import { type PlainTensor, tinyCard, weightBytes, writeTfjs } from './tiny-tfjs.js';

const card = tinyCard('tfjs-graph');

interface Group {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly weights: readonly object[];
}

async function write(...groups: Group[]): Promise<string> {
  const folder = await temporaryFolder('tfjs-weights');
  for (const { files } of groups)
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  const weightsManifest = groups.map(({ files, weights }) => ({ paths: Object.keys(files), weights }));
  await writeFile(join(folder, 'model.json'), JSON.stringify({ modelTopology: {}, weightsManifest }));
  return folder;
}

async function read(folder: string, wanted?: (name: string) => boolean): Promise<StoredWeight[]> {
  const found: StoredWeight[] = [];
  const model = await readTfjsModel(folder, card);
  for await (const weight of readTfjsWeights(model, ({ name }) => wanted?.(name) ?? true)) found.push(weight);
  return found;
}

const bytesOf = (array: { readonly buffer: ArrayBufferLike }) => new Uint8Array(array.buffer);

describe('tensors', () => {
  test('quantised ones are widened as their converter narrowed them', async () => {
    const weights = [
      { name: 'a', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
      { name: 'b', shape: [2], dtype: 'float32', quantization: { dtype: 'uint16', scale: 0.001, min: 2 } },
      {
        name: 'c',
        shape: [2],
        dtype: 'float32',
        quantization: { dtype: 'float16', original_dtype: 'float32' },
      },
      { name: 'd', shape: [2], dtype: 'int32', quantization: { dtype: 'uint8', scale: 2.4, min: -3 } },
      { name: 'e', shape: [3], dtype: 'bool' },
    ];
    const bytes = Buffer.concat([
      Buffer.from([0, 2, 255]),
      bytesOf(Uint16Array.of(0, 65535)),
      bytesOf(Uint16Array.of(0x3c00, 0xc2ba)),
      Buffer.from([0, 10]),
      Buffer.from([1, 0, 1]),
    ]);
    const found = await read(await write({ files: { 'w.bin': bytes }, weights }));
    expect(found.map(({ dtype }) => dtype)).toEqual(['float32', 'float32', 'float32', 'int32', 'bool']);
    expect(found.map(({ data }) => Array.from(data, Number))).toEqual([
      [-1, 0, 126.5],
      [2, Math.fround(65535 * 0.001 + 2)],
      [1, -3.36328125],
      [-3, 21],
      [1, 0, 1],
    ]);
  });

  test('half precision is that of IEEE 754', () => {
    expect([0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00].map(halfToFloat)).toEqual([
      0,
      -0,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    expect(halfToFloat(0x7e01)).toBeNaN();
  });

  test('come back as they were written, wherever the files are cut, and unwanted ones are passed over', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    const tensor = fc
      .tuple(
        fc.constantFrom('float32', 'int32', 'bool', 'string'),
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
      )
      .chain(([dtype, shape]) => {
        const length = shape.reduce((product, size) => product * size, 1);
        const of: Record<string, fc.Arbitrary<number | string>> = {
          float32: fc.float(),
          int32: fc.integer(),
          bool: fc.nat({ max: 1 }),
          string: text,
        };
        const data = fc.array(of[dtype] ?? text, { minLength: length, maxLength: length });
        return data.map(
          (values): PlainTensor => ({ dtype: dtype as PlainTensor['dtype'], shape, data: values }),
        );
      });
    await fc.assert(
      fc.asyncProperty(
        fc.array(tensor, { maxLength: 6 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(),
        async (tensors, shardBytes, skip) => {
          const weights = Object.fromEntries(tensors.map((each, index) => [`w${index}`, each]));
          const { folder } = await writeTfjs('tfjs-graph', {}, weights, { shardBytes });
          const wanted = (name: string) => name !== `w${skip % 7}`;
          const found = await read(folder, wanted);
          expect(found.map(({ name }) => name)).toEqual(Object.keys(weights).filter(wanted));
          for (const { name, dtype, shape, data } of found) {
            const original = weights[name];
            expect({ dtype, shape }).toEqual({ dtype: original?.dtype, shape: original?.shape });
            const bytes = Buffer.concat(Array.isArray(data) ? data : [bytesOf(data)]);
            const expected =
              original?.dtype === 'string'
                ? Buffer.from(original.data.join(''))
                : original && weightBytes(original);
            expect(bytes).toEqual(expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('what is not as the manifest says', () => {
  const weights = [{ name: 'w', shape: [2, 3], dtype: 'float32' }];
  const bytes = bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6));

  test.each([
    ['too few bytes', bytes.subarray(0, 23), weights, 24, 23],
    ['too many bytes', Buffer.concat([bytes, bytes]), weights, 24, 48],
    [
      'a shape beyond any memory',
      bytes,
      [{ name: 'w', shape: [2 ** 31, 2 ** 20], dtype: 'float32' }],
      2 ** 53,
      24,
    ],
  ])('%s', async (_, content, specs, expected, found) => {
    const error = await thrownBy(async () =>
      read(await write({ files: { 'w.bin': content }, weights: specs })),
    );
    expect(error).toMatchObject({ code: 'INTEGRITY', expected, found });
  });

  test.each([
    [
      'more strings than there are bytes',
      Buffer.from([1, 0, 0, 0, 65]),
      [{ name: 's', shape: [2 ** 40], dtype: 'string' }],
    ],
    [
      'a string longer than its file',
      Buffer.from([255, 255, 255, 255, 65]),
      [{ name: 's', shape: [1], dtype: 'string' }],
    ],
    [
      'bytes behind the last string',
      Buffer.from([1, 0, 0, 0, 65, 66]),
      [{ name: 's', shape: [1], dtype: 'string' }],
    ],
    ['a negative size', bytes, [{ name: 'w', shape: [-6], dtype: 'float32' }]],
    ['a broken size', bytes, [{ name: 'w', shape: [1.5], dtype: 'float32' }]],
    ['an unknown type', bytes, [{ name: 'w', shape: [6], dtype: 'float8' }]],
    [
      'quantisation without scale',
      Buffer.from([1]),
      [{ name: 'w', shape: [1], dtype: 'float32', quantization: { dtype: 'uint8' } }],
    ],
    [
      'twins',
      bytes,
      [
        { name: 'w', shape: [3], dtype: 'float32' },
        { name: 'w', shape: [3], dtype: 'float32' },
      ],
    ],
  ])('%s', async (_, content, specs) => {
    const error = await thrownBy(async () =>
      read(await write({ files: { 'w.bin': content }, weights: specs })),
    );
    expect(error.code).toBe('INTEGRITY');
  });

  test('files that are missing, outside of the folder, or cut while they are read', async () => {
    const folder = await write({ files: { 'w.bin': bytes }, weights });
    const manifest = (path: string) =>
      writeFile(
        join(folder, 'model.json'),
        JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: [path], weights }] }),
      );
    for (const path of ['gone.bin', '../w.bin', '/etc/passwd', 'a\\b', 'CON']) {
      await manifest(path);
      expect(await thrownBy(() => readTfjsModel(folder, card)), path).toMatchObject({ code: 'INTEGRITY' });
    }
    await manifest('w.bin');
    const model = await readTfjsModel(folder, card);
    await truncate(join(folder, 'w.bin'), 10);
    const shortened = await thrownBy(async () => {
      for await (const weight of readTfjsWeights(model)) weight.name.at(0);
    });
    expect(shortened).toMatchObject({ code: 'INTEGRITY' });
    const empty = await temporaryFolder('empty');
    expect(await thrownBy(() => readTfjsModel(empty, card))).toMatchObject({ code: 'INTEGRITY' });
    await symlink(join(empty, 'model.json'), join(empty, 'model.json'));
    await expect(readTfjsModel(empty, card)).rejects.toMatchObject({ code: 'ELOOP' });
  });
});
