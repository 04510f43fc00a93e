import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import type { Dataset } from '../../../src/data/dataset.js';
import { readTable } from '../../../src/data/read-table.js';
import { readSafetensors } from '../../../src/formats/safetensors/read-safetensors.js';
import { writeSafetensors } from '../../../src/formats/safetensors/write-safetensors.js';
import { extractFeatures, saveFeatures } from '../../../src/training/features/extract-features.js';
import { csvPath } from '../../../src/training/features/feature-file.js';
import { mergeFeatures } from '../../../src/training/features/merge-features.js';
import { parseShard, shardBlocks } from '../../../src/training/features/shard.js';
import type { FeatureOptions } from '../../../src/training/features/stream-features.js';
import { type Backbone, openBackbone } from '../../../src/transfer/backbone.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { dataset, example, picture, pictures } from '../../transfer/sample-data.js';
import { tinyImageNetwork } from '../../transfer/tiny-network.js';

let backbone: Backbone;
let folder: string;

beforeAll(async () => {
  backbone = await openBackbone(await tinyImageNetwork());
});
beforeEach(async () => {
  folder = await temporaryFolder('merge');
});
afterAll(() => backbone.dispose());

const path = (name: string) => join(folder, `${name}.safetensors`);
const both = async (file: string) => [await readFile(file, 'hex'), await readFile(csvPath(file), 'utf8')];

async function parts(data: Dataset, count: number, options: FeatureOptions = {}): Promise<string[]> {
  const files: string[] = [];
  for (let index = 1; index <= count; index++) {
    const file = path(`part-${index}`);
    await saveFeatures(backbone, data, file, { batchSize: 4, ...options, shard: { index, count } });
    files.push(file);
  }
  return files;
}

describe('a file of features', () => {
  it('is safetensors with a table of names, labels and digests beside it', async () => {
    const odd = example('a "b", c.png', () => picture(50), ['x;y, z']);
    const several = { ...example('two\nlines', () => picture(51)), labels: ['one', 'two'] };
    const number = { ...example('3', () => picture(52)), target: 2.5 };
    const data = dataset('image', [...pictures(3).examples, odd, several, number]);
    const result = await saveFeatures(backbone, data, path('all'), { batchSize: 4 });
    expect(result).toEqual({ rows: 6, width: 4, computed: 6, unreadable: [] });
    const { weights, metadata } = await readSafetensors(path('all'));
    const table = await extractFeatures(backbone, data, { batchSize: 4 });
    expect([...weights.keys()]).toEqual(['features']);
    expect(weights.get('features')).toMatchObject({ shape: [6, 4], dtype: 'float32', data: table.features });
    expect(metadata).toMatchObject({
      network: 'image/tiny-eye@1.0.0',
      examples: '6',
      unreadable: '[]',
      backbone: backbone.identity,
    });
    const rows = [];
    for await (const { cells } of readTable(csvPath(path('all')))) rows.push({ ...cells });
    expect(rows.map(({ name }) => name)).toEqual(data.examples.map(({ name }) => name));
    expect(rows.map(({ label }) => label)).toEqual(['even', 'odd', 'even', 'x;y, z', 'one;two', '2.5']);
    expect(rows[4]?.sha256).toBe(await several.digest());
  });

  it('has the same bytes whether its numbers were computed, cached or interrupted', async () => {
    const cache = await temporaryFolder('features');
    await saveFeatures(backbone, pictures(15), path('fresh'), { batchSize: 4 });
    await saveFeatures(backbone, pictures(15), path('stored'), { batchSize: 4, cache });
    const cached = await saveFeatures(backbone, pictures(15), path('cached'), { batchSize: 4, cache });
    expect(cached.computed).toBe(0);
    expect(await both(path('stored'))).toEqual(await both(path('fresh')));
    expect(await both(path('cached'))).toEqual(await both(path('fresh')));
  });
});

describe('parts put together', () => {
  it.each([1, 2, 3, 5, 9])('%i of them give the bytes of one machine', async (count) => {
    // 23 examples are 6 blocks: 9 parts of which three are empty.
    const data = pictures(23);
    await saveFeatures(backbone, data, path('whole'), { batchSize: 4 });
    const files = await parts(data, count);
    const result = await mergeFeatures(files.toReversed(), path('merged'));
    expect(result).toEqual({ rows: 23, width: 4, parts: count });
    expect(await both(path('merged'))).toEqual(await both(path('whole')));
  });

  it('also where some can not be read', async () => {
    const data = dataset(
      'image',
      pictures(20).examples.map((one, index) =>
        index % 7 === 0
          ? { ...one, load: () => Promise.reject(new ZooError('DATA', `${one.name} is broken`)) }
          : one,
      ),
    );
    await saveFeatures(backbone, data, path('whole'), { batchSize: 4, tolerate: 0.5 });
    await mergeFeatures(await parts(data, 3, { tolerate: 0.5 }), path('merged'));
    expect(await both(path('merged'))).toEqual(await both(path('whole')));
    expect(JSON.parse((await readSafetensors(path('merged'))).metadata.unreadable ?? '')).toHaveLength(3);
  });

  it('one that is missing, there twice, whole, or of something else is refused', async () => {
    const data = pictures(20);
    const [one = '', two = '', three = ''] = await parts(data, 3);
    const refused = async (...files: string[]) => {
      const error = await thrownBy(() => mergeFeatures(files, path('merged')));
      expect(error.exitCode).toBe(7);
      return error;
    };
    expect(await refused(one, three)).toMatchObject({ message: 'Parts are missing', found: 'without 2' });
    expect((await refused(one, two, two, three)).message).toBe('Part 2/3 is there twice');
    await saveFeatures(backbone, data, path('whole'), { batchSize: 4 });
    expect((await refused(path('whole'))).message).toMatch(/is whole already$/);
    const others: [string, Promise<unknown>][] = [
      [
        'batch size',
        saveFeatures(backbone, data, path('other-1'), { batchSize: 5, shard: { index: 2, count: 3 } }),
      ],
      [
        'number of examples',
        saveFeatures(backbone, pictures(21), path('other-2'), {
          batchSize: 4,
          shard: { index: 2, count: 3 },
        }),
      ],
    ];
    const renamed = dataset(
      'image',
      data.examples.map((entry) => ({ ...entry, labels: ['same'] })),
    );
    others.push([
      'list of examples',
      saveFeatures(backbone, renamed, path('other-3'), { batchSize: 4, shard: { index: 2, count: 3 } }),
    ]);
    const flat = await openBackbone({ ...(await tinyImageNetwork()), cut: 'conv' });
    others.push([
      'cut, pooling or version of the network',
      saveFeatures(flat, data, path('other-4'), { batchSize: 4, shard: { index: 2, count: 3 } }),
    ]);
    for (const [index, [what, saved]] of others.entries()) {
      await saved;
      expect((await refused(one, path(`other-${index + 1}`), three)).message).toBe(
        `These parts don't go together: another ${what}`,
      );
    }
    flat.dispose();
    await saveFeatures(backbone, data, path('quarter'), { batchSize: 4, shard: { index: 2, count: 4 } });
    expect((await refused(one, path('quarter'), three)).message).toMatch(/another number of parts/);
  });

  it('files that hold no features, or lack their table, are refused and nothing is written', async () => {
    const [one = '', two = ''] = await parts(pictures(8), 2);
    await writeSafetensors(
      path('weights'),
      new Map([['w', { shape: [2], dtype: 'float32', data: new Float32Array(2) }]]),
    );
    expect((await thrownBy(() => mergeFeatures([one, path('weights')], path('merged')))).code).toBe('DATA');
    expect((await thrownBy(() => mergeFeatures([one, path('nowhere')], path('merged')))).code).toBe(
      'NOT_FOUND',
    );
    expect((await thrownBy(() => mergeFeatures([], path('merged')))).code).toBe('USAGE');
    await writeFile(csvPath(two), 'something,else\n');
    expect((await thrownBy(() => mergeFeatures([one, two], path('merged')))).code).toBe('DATA');
    await rm(csvPath(two));
    expect((await thrownBy(() => mergeFeatures([one, two], path('merged')))).code).toBe('NOT_FOUND');
    await expect(readFile(path('merged'))).rejects.toThrow('ENOENT');
    await expect(readFile(csvPath(path('merged')))).rejects.toThrow('ENOENT');
  });
});

describe('shards', () => {
  it('cover all blocks once, in order and evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 200 }), (blocks, count) => {
        const ranges = Array.from({ length: count }, (_, at) =>
          shardBlocks({ index: at + 1, count }, blocks),
        );
        let next = 0;
        for (const [first, end] of ranges) {
          expect(first).toBe(next);
          expect(end - first).toBeGreaterThanOrEqual(Math.floor(blocks / count));
          expect(end - first).toBeLessThanOrEqual(Math.ceil(blocks / count));
          next = end;
        }
        expect(next).toBe(blocks);
      }),
    );
  });

  it('are written I/N, from 1', async () => {
    expect(parseShard('2/8')).toEqual({ index: 2, count: 8 });
    for (const text of ['0/8', '9/8', '1', '1/0', 'a/b', '1/8/2', '-1/8', '1.5/8', '', ' 1/8']) {
      expect((await thrownBy(() => parseShard(text))).code, text).toBe('USAGE');
    }
  });
});
