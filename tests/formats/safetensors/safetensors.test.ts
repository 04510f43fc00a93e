import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import { openSafetensors, readSafetensors } from '../../../src/formats/safetensors/read-safetensors.js';
import { SafetensorsWriter } from '../../../src/formats/safetensors/safetensors-writer.js';
import { writeSafetensors } from '../../../src/formats/safetensors/write-safetensors.js';
import type { Weight } from '../../../src/formats/weight.js';
import golden from '../../golden/safetensors-files.json' with { type: 'json' };
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder('safetensors');
});
afterAll(removeTemporaryFolders);

interface GoldenTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (string | number)[];
}

function goldenCase(name: string): { bytes: Buffer; tensors: [string, GoldenTensor][]; metadata: object } {
  const found = golden.cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return {
    bytes: Buffer.from(found.base64, 'base64'),
    tensors: Object.entries<GoldenTensor>(found.tensors),
    metadata: found.metadata,
  };
}

/** Bits of float32 as eight hex digits, other numbers as they are. */
function valuesOf({ data, dtype }: Weight): (string | number)[] {
  if (dtype !== 'float32') return [...data];
  return [...new Uint32Array(data.buffer)].map((bits) => bits.toString(16).padStart(8, '0'));
}

/** A file with a header of any text in front of `data`. */
async function fileOf(header: unknown, data: Uint8Array): Promise<string> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  const path = join(folder, 'made.safetensors');
  await writeFile(path, Buffer.concat([prefix, text, data]));
  return path;
}

describe('reading', () => {
  it.each(golden.cases.map(({ name }) => name))(
    'gives the values of the reference implementation: %s',
    async (name) => {
      const { bytes, tensors, metadata } = goldenCase(name);
      const path = join(folder, 'golden.safetensors');
      await writeFile(path, bytes);
      const read = await readSafetensors(path);
      expect(read.metadata).toEqual(metadata);
      expect([...read.weights.keys()].sort()).toEqual(tensors.map(([key]) => key).sort());
      for (const [key, tensor] of tensors) {
        const weight = read.weights.get(key);
        if (weight === undefined) throw new Error(`${key} is missing`);
        expect(weight.shape, key).toEqual(tensor.shape);
        expect(valuesOf(weight), key).toEqual(tensor.values);
        const kind = /^float|^bfloat/.test(tensor.dtype)
          ? 'float32'
          : tensor.dtype === 'bool'
            ? 'bool'
            : 'int32';
        expect(weight.dtype, key).toBe(kind);
      }
    },
  );

  it('loads wanted tensors only, so that others may be of types that it does not know', async () => {
    const header = {
      known: { dtype: 'U8', shape: [2], data_offsets: [0, 2] },
      strange: { dtype: 'F8_E4M3', shape: [3], data_offsets: [2, 5] },
    };
    const path = await fileOf(header, Uint8Array.of(7, 9, 1, 2, 3));
    const { weights } = await readSafetensors(path, { wanted: (name) => name === 'known' });
    expect([...weights]).toEqual([['known', { shape: [2], dtype: 'int32', data: Int32Array.of(7, 9) }]]);
    expect(await thrownBy(() => readSafetensors(path))).toMatchObject({ code: 'DATA', found: 'F8_E4M3' });
  });

  it('gives rows of a table without reading the rest', async () => {
    const path = join(folder, 'table.safetensors');
    const table = Float32Array.from({ length: 3000 }, (_, index) => index);
    await writeSafetensors(path, new Map([['t', { shape: [1000, 3], dtype: 'float32', data: table }]]));
    const file = await openSafetensors(path);
    try {
      expect(await file.readRows('t', 998, 1000)).toEqual({
        shape: [2, 3],
        dtype: 'float32',
        data: table.slice(2994),
      });
      await expect(file.readRows('t', 998, 1001)).rejects.toThrow(RangeError);
      expect(await thrownBy(() => file.read('u'))).toMatchObject({ code: 'NOT_FOUND', found: 't' });
    } finally {
      await file.close();
    }
  });

  it.each([
    ['I64', BigInt64Array.of(1n, 2n ** 31n)],
    ['I64', BigInt64Array.of(1n, -(2n ** 31n) - 1n)],
    ['U64', BigUint64Array.of(1n, 2n ** 31n)],
    ['U32', Uint32Array.of(1, 2 ** 31)],
    ['F64', Float64Array.of(1, 1e39)],
  ])('refuses %s values that do not fit instead of changing them', async (dtype, values) => {
    const size = values.byteLength;
    const path = await fileOf(
      { x: { dtype, shape: [2], data_offsets: [0, size] } },
      new Uint8Array(values.buffer),
    );
    const error = await thrownBy(() => readSafetensors(path));
    expect(error.code).toBe('DATA');
    expect(error.found).toBe(String(values[1]));
  });

  it('reads unsigned and 64-bit types where every value fits', async () => {
    const header = {
      u64: { dtype: 'U64', shape: [2], data_offsets: [0, 16] },
      u32: { dtype: 'U32', shape: [1], data_offsets: [16, 20] },
      u16: { dtype: 'U16', shape: [1], data_offsets: [20, 22] },
    };
    const data = Buffer.alloc(22);
    data.writeBigUInt64LE(2n ** 31n - 1n, 8);
    data.writeUInt32LE(2 ** 31 - 1, 16);
    data.writeUInt16LE(65535, 20);
    const { weights } = await readSafetensors(await fileOf(header, data));
    expect([...weights.values()].map((weight) => [...weight.data])).toEqual([
      [0, 2 ** 31 - 1],
      [2 ** 31 - 1],
      [65535],
    ]);
  });

  it.each([
    [
      'a name that is there twice',
      '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}}',
    ],
    [
      'a name that is there twice, once escaped',
      '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"\\u0061":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}}',
    ],
    ['a field that is there twice', '{"a":{"dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[0,4]}}'],
    ['spaces in front', ' {"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}'],
    ['a byte order mark', '\ufeff{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}'],
    ['something after the header', '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}{}'],
    ['offsets that are text', '{"a":{"dtype":"U8","shape":[4],"data_offsets":["0","4"]}}'],
  ])('refuses %s', async (_, header) => {
    const path = await fileOf(header, new Uint8Array(4));
    expect((await thrownBy(() => readSafetensors(path))).code).toBe('INTEGRITY');
  });

  it('takes colons, quotes and backslashes in names, and spaces at the end', async () => {
    const name = 'a":"b\\';
    const header = `${JSON.stringify({ [name]: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } })}   `;
    const { weights } = await readSafetensors(await fileOf(header, Uint8Array.of(5)));
    expect([...weights.keys()]).toEqual([name]);
  });

  it('refuses a header of more than 25 MB before it reads it', async () => {
    const path = join(folder, 'long.safetensors');
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(25_000_001n);
    await writeFile(path, Buffer.concat([prefix, Buffer.alloc(25_000_001, ' ')]));
    expect(await thrownBy(() => readSafetensors(path))).toMatchObject({
      code: 'INTEGRITY',
      found: 25_000_001,
    });
  });

  it('reads any damaged file to an error or to tensors that agree with their shapes', async () => {
    const { bytes } = goldenCase('every type');
    const path = join(folder, 'damaged.safetensors');
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(bytes.length), fc.boolean(), async (changes, length, cut) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[at] = value;
        await writeFile(path, cut ? damaged.subarray(0, length) : damaged);
        try {
          const { weights } = await readSafetensors(path);
          for (const { shape, data } of weights.values()) {
            expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ZooError);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('says so when there is no file', async () => {
    expect((await thrownBy(() => readSafetensors(join(folder, 'none')))).code).toBe('NOT_FOUND');
  });
});

describe('writing', () => {
  it('gives the bytes of the reference implementation, whatever the order of the tensors', async () => {
    const { bytes } = goldenCase('what this program writes too');
    const from = join(folder, 'from.safetensors');
    await writeFile(from, bytes);
    const { weights, metadata } = await readSafetensors(from);
    const to = join(folder, 'to.safetensors');
    for (const order of [[...weights], [...weights].reverse()]) {
      await writeSafetensors(to, new Map(order), metadata);
      expect((await readFile(to)).equals(bytes)).toBe(true);
    }
  });

  it('reads what it wrote', async () => {
    const weight = fc.oneof(
      fc.array(fc.float()).map((values): Weight => {
        return { shape: [values.length], dtype: 'float32', data: Float32Array.from(values) };
      }),
      fc.array(fc.integer()).map((values): Weight => {
        return { shape: [1, values.length, 1], dtype: 'int32', data: Int32Array.from(values) };
      }),
      fc.array(fc.boolean()).map((values): Weight => {
        return { shape: [values.length], dtype: 'bool', data: Uint8Array.from(values, Number) };
      }),
    );
    const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text !== '__metadata__');
    const path = join(folder, 'any.safetensors');
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, weight, { maxKeys: 6, noNullPrototype: true }),
        fc.dictionary(name, fc.string({ unit: 'grapheme' }), { maxKeys: 3, noNullPrototype: true }),
        async (tensors, metadata) => {
          const weights = new Map(Object.entries(tensors));
          await writeSafetensors(path, weights, metadata);
          const read = await readSafetensors(path);
          expect(new Map([...read.weights].sort())).toEqual(new Map([...weights].sort()));
          expect(read.metadata).toEqual(metadata);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves the old file and nothing else when it fails', async () => {
    const own = await temporaryFolder('safetensors-failed');
    const path = join(own, 'x.safetensors');
    const good: Weight = { shape: [2], dtype: 'float32', data: Float32Array.of(1, 2) };
    await writeSafetensors(path, new Map([['a', good]]));
    const before = await readFile(path);
    await expect(writeSafetensors(path, new Map([['a', { ...good, shape: [3] }]]))).rejects.toThrow(
      RangeError,
    );
    const gone = writeSafetensors(path, new Map([['a', good]]), { b: 'c' }, AbortSignal.abort());
    await expect(gone).rejects.toThrow('abort');
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(own)).toEqual(['x.safetensors']);
  });
});

describe('the table writer', () => {
  const rows = Float32Array.from({ length: 12 }, (_, index) => index);

  it('gives the same bytes as writing at once, however the rows are cut', async () => {
    const { bytes } = goldenCase('one table');
    const path = join(folder, 'streamed.safetensors');
    for (const cut of [3, 6, 12]) {
      const writer = await SafetensorsWriter.create(path, { name: 'features', width: 3, rows: 4 });
      for (let at = 0; at < rows.length; at += cut) await writer.append(rows.slice(at, at + cut));
      await writer.close();
      expect((await readFile(path)).equals(bytes)).toBe(true);
    }
  });

  it('needs no number of rows; then too the bytes depend on the content alone', async () => {
    const written: Buffer[] = [];
    for (const cut of [3, 12]) {
      const path = join(folder, `open-${cut}.safetensors`);
      const writer = await SafetensorsWriter.create(path, { name: 'f', width: 3, metadata: { of: 'test' } });
      for (let at = 0; at < rows.length; at += cut) await writer.append(rows.subarray(at, at + cut));
      await writer.close();
      written.push(await readFile(path));
      const read = await readSafetensors(path);
      expect(read.weights.get('f')).toEqual({ shape: [4, 3], dtype: 'float32', data: rows });
      expect(read.metadata).toEqual({ of: 'test' });
    }
    expect(written[0]?.equals(written[1] ?? Buffer.alloc(0))).toBe(true);
  });

  it('leaves nothing behind when it is given up or rows are missing', async () => {
    const own = await temporaryFolder('safetensors-given-up');
    const path = join(own, 'x.safetensors');
    const given = await SafetensorsWriter.create(path, { name: 'f', width: 3 });
    await given.append(rows);
    await given.abandon();
    const short = await SafetensorsWriter.create(path, { name: 'f', width: 3, rows: 5 });
    await short.append(rows);
    await expect(short.append(rows)).rejects.toThrow('announced');
    await expect(short.append(rows.subarray(0, 2))).rejects.toThrow('not rows of 3');
    await expect(short.close()).rejects.toThrow('4 rows of the 5');
    expect(await readdir(own)).toEqual([]);
  });
});
