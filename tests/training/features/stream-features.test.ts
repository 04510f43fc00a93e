import { readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import type { Dataset, Example } from '../../../src/data/dataset.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { extractFeatures } from '../../../src/training/features/extract-features.js';
import type { FeatureProgress } from '../../../src/training/features/feature-progress.js';
import type { FeatureTable } from '../../../src/training/features/feature-table.js';
import { type FeatureOptions, streamFeatures } from '../../../src/training/features/stream-features.js';
import { type Backbone, openBackbone } from '../../../src/transfer/backbone.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { dataset, example, picture, pictures, tone } from '../../transfer/sample-data.js';
import { tinyAudioNetwork, tinyImageNetwork } from '../../transfer/tiny-network.js';

let backbone: Backbone;
let cache: string;

beforeEach(async () => {
  backbone = await openBackbone(await tinyImageNetwork());
  cache = await temporaryFolder('features');
});

afterEach(() => backbone.dispose());

const bytes = (table: FeatureTable) => Buffer.from(table.features.buffer).toString('hex');
const bad = (name: string): Example => ({
  ...example(name, () => picture(999)),
  load: async () => {
    throw new ZooError('DATA', `${name} is broken`);
  },
});
const withBad = (count: number, ...places: number[]): Dataset =>
  dataset(
    'image',
    pictures(count).examples.map((one, index) => (places.includes(index) ? bad(one.name) : one)),
  );

describe('a table of features', () => {
  it('holds names, labels and one vector an example, in the order of the data set', async () => {
    const data = pictures(11);
    const table = await extractFeatures(backbone, data, { batchSize: 4 });
    expect(table.names).toEqual(data.examples.map(({ name }) => name));
    expect(table.labels[3]).toEqual(['odd']);
    expect(table).toMatchObject({ width: 4, computed: 11, unreadable: [] });
    expect(table.features).toHaveLength(44);
    const alone = await backbone.featuresOf([await backbone.preparer.prepare(picture(7))]);
    for (const [at, value] of alone.entries()) expect(table.features[7 * 4 + at]).toBeCloseTo(value, 5);
  });

  it('is empty for nothing', async () => {
    expect(await extractFeatures(backbone, pictures(0), { cache })).toMatchObject({ names: [], computed: 0 });
  });

  it('refuses another modality before it asks for an example, and options out of range', async () => {
    const ear = await openBackbone(await tinyAudioNetwork());
    expect((await thrownBy(() => extractFeatures(ear, pictures(2)))).exitCode).toBe(7);
    ear.dispose();
    for (const options of [
      { batchSize: 0 },
      { batchSize: 5000 },
      { batchSize: 1.5 },
      { tolerate: 2 },
      { tolerate: Number.NaN },
    ]) {
      expect((await thrownBy(() => extractFeatures(backbone, pictures(2), options))).code).toBe('USAGE');
    }
  });

  it('200 batches leave as many tensors as one', async () => {
    const counts = new Set<number>();
    for await (const _ of streamFeatures(backbone, pictures(400), { batchSize: 2, cache }))
      counts.add(tf.memory().numTensors);
    expect(counts.size).toBe(1);
  });

  it('many examples go one way, whatever part of them is asked for and whatever is cached', async () => {
    const data = pictures(130);
    const whole = await extractFeatures(backbone, data, { batchSize: 16 });
    expect(tf.node.getNumOfSavedModels()).toBe(1);
    const parts: string[] = [];
    for (const index of [1, 2, 3]) {
      const fresh = await openBackbone(await tinyImageNetwork());
      const options = { batchSize: 16, cache, shard: { index, count: 3 } };
      const part = await extractFeatures(fresh, data, options);
      expect(bytes(await extractFeatures(fresh, data, options))).toBe(bytes(part));
      parts.push(bytes(part));
      fresh.dispose();
    }
    expect(parts.join('')).toBe(bytes(whole));
    // The same pictures as a small data set of their own go the other way, and are cached apart.
    const first = pictures(16);
    const options = { batchSize: 16, cache };
    expect((await extractFeatures(backbone, first, options)).computed).toBe(16);
    expect((await extractFeatures(backbone, first, options)).computed).toBe(0);
  });

  it('tells how far it is', async () => {
    const seen: FeatureProgress[] = [];
    await extractFeatures(backbone, pictures(10), {
      batchSize: 4,
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.map(({ done, total, cached }) => [done, total, cached])).toEqual([
      [4, 10, 0],
      [8, 10, 0],
      [10, 10, 0],
    ]);
    expect(seen.at(-1)?.perSecond).toBeGreaterThan(0);
    expect(seen.at(-1)?.secondsLeft).toBe(0);
  });
});

describe('examples that can not be read', () => {
  it('are listed with their reasons, up to the share that is tolerated', async () => {
    const data = withBad(10, 2, 3, 9);
    const table = await extractFeatures(backbone, data, { batchSize: 4, tolerate: 0.3, cache });
    expect(table.unreadable).toEqual(
      [2, 3, 9].map((at) => ({ name: `${at}.png`, reason: `${at}.png is broken` })),
    );
    expect(table.names).toHaveLength(7);
    expect(table.features).toHaveLength(28);
    const again = await extractFeatures(backbone, data, { batchSize: 4, tolerate: 0.3, cache });
    expect(again).toEqual({ ...table, computed: 0 });
  });

  it('beyond it the run ends, with the list, and the share counts what the cache knows', async () => {
    const data = withBad(10, 2, 3, 9);
    for (let run = 0; run < 2; run++) {
      const error = await thrownBy(() =>
        extractFeatures(backbone, data, { batchSize: 4, tolerate: 0.2, cache }),
      );
      expect(error).toMatchObject({ code: 'DATA', exitCode: 7, expected: 'at most 2 of 10' });
      expect(error.found).toContain('9.png is broken');
    }
    expect((await thrownBy(() => extractFeatures(backbone, withBad(10, 5)))).expected).toBe(
      'at most 0 of 10',
    );
  });

  it('a batch of nothing else is no obstacle', async () => {
    const table = await extractFeatures(backbone, withBad(6, 2, 3), { batchSize: 2, tolerate: 1, cache });
    expect(table.names).toEqual(['0.png', '1.png', '4.png', '5.png']);
  });

  it('an error that is not about the example is not swallowed', async () => {
    const broken: Example = {
      ...example('x', () => picture(1)),
      load: () => Promise.reject(new TypeError('a fault')),
    };
    await expect(extractFeatures(backbone, dataset('image', [broken]), { tolerate: 1 })).rejects.toThrow(
      'a fault',
    );
  });
});

describe('the cache', () => {
  /** A network that can't run any more: whatever it is asked for has to come from elsewhere. */
  async function without(data: Dataset, options: FeatureOptions): Promise<FeatureTable> {
    const gone = await openBackbone(await tinyImageNetwork());
    gone.dispose();
    return extractFeatures(gone, data, options);
  }

  it('a second run runs no network and reads no example', async () => {
    const first = await extractFeatures(backbone, pictures(10), { batchSize: 4, cache });
    const unloadable = dataset(
      'image',
      pictures(10).examples.map((one) => ({ ...one, load: async () => Promise.reject(new Error('read')) })),
    );
    const second = await without(unloadable, { batchSize: 4, cache });
    expect(second.computed).toBe(0);
    expect(bytes(second)).toBe(bytes(first));
    expect(await readdir(cache)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.safetensors$/)]);
    await expect(without(pictures(10), { batchSize: 4 })).rejects.toThrow();
  });

  it('is another for other examples, another order, cut, pooling, preparation or batch size; not for other names', async () => {
    const run = async (data: Dataset, options: FeatureOptions = {}, other: Backbone = backbone) =>
      (await extractFeatures(other, data, { batchSize: 4, cache, ...options })).computed;
    const data = pictures(6);
    expect(await run(data)).toBe(6);
    const renamed = dataset(
      'image',
      data.examples.map((one) => ({ ...one, name: `other-${one.name}`, labels: ['x'] })),
    );
    expect(await run(renamed)).toBe(0);
    expect(await run(dataset('image', data.examples.toReversed()))).toBe(6);
    expect(await run(pictures(7))).toBe(7);
    expect(await run(data, { batchSize: 3 })).toBe(6);
    const tiny = await tinyImageNetwork();
    for (const options of [{ cut: 'conv' }, { cut: 'conv', pooling: 'max' as const }]) {
      const other = await openBackbone({ ...tiny, ...options });
      expect(await run(data, {}, other)).toBe(6);
      other.dispose();
    }
    expect(await run(data)).toBe(0);
  });

  it('goes on where an interrupted run ended', async () => {
    const whole = await extractFeatures(backbone, pictures(20), { batchSize: 4 });
    const stop = new AbortController();
    const options = { batchSize: 4, cache, signal: stop.signal };
    await expect(async () => {
      for await (const block of streamFeatures(backbone, pictures(20), options))
        if (block.index === 2) stop.abort(new Error('enough'));
    }).rejects.toThrow('enough');
    const [parts] = await readdir(cache);
    expect(parts).toMatch(/^[0-9a-f]{64}\.parts$/);
    const progress: FeatureProgress[] = [];
    const rest = await extractFeatures(backbone, pictures(20), {
      batchSize: 4,
      cache,
      onProgress: (one) => progress.push(one),
    });
    expect(rest.computed).toBe(8);
    expect(progress.at(-1)).toMatchObject({ done: 20, cached: 12 });
    expect(bytes(rest)).toBe(bytes(whole));
    expect(await readdir(cache)).toHaveLength(1);
    expect((await without(pictures(20), { batchSize: 4, cache })).computed).toBe(0);
  });

  it('a consumer that leaves early loses nothing either', async () => {
    for await (const block of streamFeatures(backbone, pictures(20), { batchSize: 4, cache }))
      if (block.index === 1) break;
    expect((await extractFeatures(backbone, pictures(20), { batchSize: 4, cache })).computed).toBe(12);
  });

  it.each([
    [
      'a bit that flipped',
      async (file: string) => {
        const content = await readFile(file);
        content[content.length - 2] = (content.at(-2) ?? 0) ^ 4;
        await writeFile(file, content);
      },
    ],
    ['an end that is missing', async (file: string) => truncate(file, 300)],
    ['something else', async (file: string) => writeFile(file, 'not features')],
    ['nothing', async (file: string) => writeFile(file, '')],
  ])('computes again what is damaged: %s', async (_, damage) => {
    const first = await extractFeatures(backbone, pictures(10), { batchSize: 4, cache });
    const [name = ''] = await readdir(cache);
    await damage(join(cache, name));
    const second = await extractFeatures(backbone, pictures(10), { batchSize: 4, cache });
    expect(second.computed).toBe(10);
    expect(bytes(second)).toBe(bytes(first));
    expect((await without(pictures(10), { batchSize: 4, cache })).computed).toBe(0);
  });

  it('does not take the finished file of another extraction', async () => {
    await extractFeatures(backbone, pictures(8), { batchSize: 4, cache });
    const [first = ''] = await readdir(cache);
    await extractFeatures(backbone, dataset('image', pictures(8).examples.toReversed()), {
      batchSize: 4,
      cache,
    });
    const second = (await readdir(cache)).find((name) => name !== first) ?? '';
    await writeFile(join(cache, second), await readFile(join(cache, first)));
    const again = await extractFeatures(backbone, dataset('image', pictures(8).examples.toReversed()), {
      batchSize: 4,
      cache,
    });
    expect(again.computed).toBe(8);
  });

  it('parts that nobody went on with for a month are removed', async () => {
    for await (const _ of streamFeatures(backbone, pictures(20), { batchSize: 4, cache })) break;
    const [parts = ''] = await readdir(cache);
    const old = new Date(Date.now() - 40 * 24 * 3600 * 1000);
    await utimes(join(cache, parts), old, old);
    await extractFeatures(backbone, pictures(4), { batchSize: 4, cache });
    expect(await readdir(cache)).not.toContain(parts);
  });

  it('two runs at once end with the same file', async () => {
    const run = () => extractFeatures(backbone, pictures(30), { batchSize: 4, cache });
    const [one, two] = await Promise.all([run(), run()]);
    expect(bytes(two)).toBe(bytes(one));
    expect(await readdir(cache)).toHaveLength(1);
  });
});

it('recordings of several windows take one row each, in whatever batches they come', async () => {
  const ear = await openBackbone(await tinyAudioNetwork());
  const data = dataset(
    'audio',
    [1, 7, 3, 40, 2].map((windows, index) =>
      example(`${index}.wav`, () => tone(200 + 100 * index, 400 * windows)),
    ),
  );
  const many = await extractFeatures(ear, data, { batchSize: 4 });
  const single = await extractFeatures(ear, data, { batchSize: 1 });
  expect(many.features).toHaveLength(5 * 6);
  for (const [at, value] of many.features.entries()) expect(single.features[at]).toBeCloseTo(value, 5);
  ear.dispose();
});
