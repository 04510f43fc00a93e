import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import { describeFiles } from '../../../src/registry/describe/describe-files.js';
import { readSafetensorsHeader } from '../../../src/registry/describe/safetensors.js';
import { type Folder, safetensors, temporaryFolder } from './tiny-files.js';

let folder: Folder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const tensor = (dtype: string, shape: number[], start: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

describe('safetensors', () => {
  it('counts parameters and types, and names the network from config.json', async () => {
    const weights = await folder.add(
      'a/model.safetensors',
      safetensors(
        {
          __metadata__: { format: 'pt' },
          kernel: tensor('F16', [3, 4], 0, 24),
          bias: tensor('F16', [4], 24, 32),
          ids: tensor('I64', [1, 2], 32, 48),
        },
        48,
      ),
    );
    const config = await folder.add(
      'a/config.json',
      JSON.stringify({ architectures: ['BertModel'], num_hidden_layers: 6, hidden_size: 384 }),
    );
    const described = await describeFiles([weights, config]);
    expect(described.format).toEqual({ name: 'safetensors', detail: '3 tensors: 2 F16, 1 I64' });
    expect(described.parameters).toBe(18);
    expect(described.architecture).toBe('BertModel: 6 layers, hidden 384');
    expect(described.roles).toEqual({ 'a/model.safetensors': 'weights', 'a/config.json': 'configuration' });
    expect(described.unknown.some((sentence) => sentence.startsWith('input:'))).toBe(true);
  });

  it('adds up the parts of a network that was split', async () => {
    const parts = [
      await folder.add('s/model-00001-of-00002.safetensors', safetensors({ a: tensor('F32', [2], 0, 8) }, 8)),
      await folder.add(
        's/model-00002-of-00002.safetensors',
        safetensors({ b: tensor('F32', [3], 0, 12) }, 12),
      ),
    ];
    expect((await describeFiles(parts)).parameters).toBe(5);
  });

  it.each([
    ['a header longer than the file', () => Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d])],
    ['a header of 200 terabytes', () => Buffer.from([0, 0, 0, 0, 0, 200, 0, 0, 0x7b, 0x7d])],
    ['a header that is cut off', () => safetensors('{"a":', 4)],
    [
      'overlapping tensors',
      () => safetensors({ a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 4, 12) }, 12),
    ],
    [
      'two tensors at one place',
      () => safetensors({ a: tensor('U8', [4], 0, 4), b: tensor('U8', [4], 0, 4) }, 4),
    ],
    ['a hole', () => safetensors({ a: tensor('U8', [4], 0, 4), b: tensor('U8', [4], 8, 12) }, 12)],
    ['bytes after the last tensor', () => safetensors({ a: tensor('U8', [4], 0, 4) }, 8)],
    ['an end outside the file', () => safetensors({ a: tensor('F32', [8], 0, 32) }, 8)],
    ['other bytes than the shape needs', () => safetensors({ a: tensor('F32', [3], 0, 8) }, 8)],
    ['an end before the start', () => safetensors({ a: tensor('U8', [0], 4, 0) }, 4)],
    ['a negative offset', () => safetensors({ a: tensor('U8', [4], -4, 0) }, 4)],
    ['a negative dimension', () => safetensors({ a: tensor('U8', [-1, -4], 0, 4) }, 4)],
    [
      'a product of dimensions beyond all numbers',
      () => safetensors({ a: tensor('U8', [2 ** 40, 2 ** 40], 0, 4) }, 4),
    ],
    ['an unknown type', () => safetensors({ a: tensor('constructor', [4], 0, 4) }, 4)],
    ['metadata that is not text', () => safetensors({ __metadata__: { a: 1 } }, 0)],
    ['a list for a header', () => safetensors('{}]'.padStart(3), 0)],
    ['a tensor with another field', () => safetensors({ a: { ...tensor('U8', [4], 0, 4), load: 'x' } }, 4)],
  ])('refuses %s', async (_, make) => {
    const file = await folder.add('bad.safetensors', make());
    await expect(describeFiles([file])).rejects.toMatchObject({ code: 'INTEGRITY' });
  });

  it('takes any valid layout and refuses it when one byte of data is missing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(5), { maxLength: 3 }), { minLength: 1, maxLength: 6 }),
        async (shapes) => {
          let end = 0;
          const header = Object.fromEntries(
            shapes.map((shape, index) => {
              const start = end;
              end += 2 * shape.reduce((product, size) => product * size, 1);
              return [`t${index}`, tensor('BF16', shape, start, end)];
            }),
          );
          const whole = await folder.add('any.safetensors', safetensors(header, end));
          const read = await readSafetensorsHeader(whole);
          expect([...read.tensors.values()].map(({ shape }) => shape)).toEqual(shapes);
          if (end === 0) return;
          const short = await folder.add('any.safetensors', safetensors(header, end - 1));
          await expect(readSafetensorsHeader(short)).rejects.toBeInstanceOf(ZooError);
        },
      ),
      { numRuns: 60 },
    );
  });
});
