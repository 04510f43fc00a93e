/** Real data sets of the catalogue. Sums were computed by numpy from the same files. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { balanceOf } from '../../../src/data/balance.js';
import type { Dataset } from '../../../src/data/dataset.js';
import { publishedParts } from '../../../src/data/make-dataset.js';
import { parseIdx } from '../../../src/data/ready/idx.js';
import { openDatasetCard } from '../../../src/data/ready/open-dataset-card.js';
import type { Card } from '../../../src/registry/card.js';
import { parseCard } from '../../../src/registry/parse-card.js';
import { realModel } from '../../support/real-model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';

const FSDD = fileURLToPath(new URL('../../../../shared/data/fsdd', import.meta.url));

async function cardOf(name: string): Promise<Card> {
  const path = fileURLToPath(new URL(`../../../registry/${name}/1.0.0.json`, import.meta.url));
  return parseCard(await readFile(path, 'utf8'), path);
}

async function open(name: string): Promise<Dataset> {
  const { folder, card } = await realModel(name);
  return openDatasetCard(folder, card);
}

async function imageAt(dataset: Dataset, index: number) {
  const raw = await dataset.examples[index]?.load();
  if (raw?.kind !== 'image') throw new Error('not a picture');
  return raw;
}

describe('digits', () => {
  it('are 1,797 grey pictures, 0 to 16 spread over 0 to 255', async () => {
    const dataset = await open('dataset/digits');
    expect(dataset.origin).toBe('dataset/digits@1.0.0');
    expect(dataset.labels).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(balanceOf(dataset)).toMatchObject({ examples: 1797, smallest: 174, largest: 183, unlabelled: 0 });
    const first = await imageAt(dataset, 0);
    expect([first.width, first.height, first.grey, dataset.examples[0]?.labels]).toEqual([8, 8, true, ['0']]);
    // The file's first row begins 0,0,5,13,9,1,0,0.
    const row = [0, 0, 5, 13, 9, 1, 0, 0].map((value) => Math.round((value * 255) / 16));
    expect(Array.from(first.data.subarray(0, 24))).toEqual(row.flatMap((level) => [level, level, level]));
    expect(dataset.examples[0]?.name).toBe('digits.csv.gz:1');
    expect(new Set(await Promise.all(dataset.examples.map((example) => example.digest()))).size).toBe(1797);
  });
});

describe('mnist-5k', () => {
  it('is 500 pictures of each digit, as they are in the file', async () => {
    const dataset = await open('dataset/mnist-5k');
    expect(balanceOf(dataset)).toMatchObject({ examples: 5000, smallest: 500, largest: 500 });
    const image = await imageAt(dataset, 1234);
    expect([image.width, image.height]).toEqual([28, 28]);
    expect(dataset.examples[1234]?.labels).toEqual(['2']);
    expect(image.data.reduce((sum, level) => sum + level, 0) / 3).toBe(45575);
  });
});

describe('photos', () => {
  it('are decoded when they are asked for, and three have a class', async () => {
    const dataset = await open('dataset/photos');
    expect(dataset.labels).toEqual(['Egyptian cat', 'espresso', 'tripod']);
    expect(dataset.examples).toHaveLength(10);
    const coffee = dataset.examples.findIndex(({ labels }) => labels[0] === 'espresso');
    expect(await imageAt(dataset, coffee)).toMatchObject({ width: 600, height: 400 });
  });
});

describe('instruments', () => {
  it('have the pitch as their label, whatever take it is', async () => {
    const dataset = await open('dataset/instrument-xylophone');
    expect(dataset.labels).toEqual(['C5', 'C6', 'C7', 'C8', 'G4', 'G5', 'G6', 'G7']);
    expect(await dataset.examples[0]?.load()).toMatchObject({ kind: 'audio', sampleRate: 44_100 });
    const card = await cardOf('dataset/instrument-cello');
    const cello = await openDatasetCard('nowhere', card);
    expect(cello.labels).toEqual([...(card.classes ?? [])].sort());
    expect(cello.examples.find(({ name }) => name === 'F2 v2.wav')?.labels).toEqual(['F2']);
    expect(cello.examples).toHaveLength(37);
  });
});

describe('fsdd', () => {
  it.runIf(existsSync(FSDD))('has digits and the published parts', async () => {
    const dataset = await openDatasetCard(FSDD, await cardOf('dataset/fsdd'));
    expect(balanceOf(dataset)).toMatchObject({ examples: 3000, smallest: 300, largest: 300 });
    const parts = publishedParts(dataset);
    expect([parts?.train.examples.length, parts?.test.examples.length]).toEqual([2700, 300]);
    expect(await dataset.examples[0]?.load()).toMatchObject({ kind: 'audio', sampleRate: 8000 });
  });
});

describe('texts', () => {
  it('are read as their cards say', async () => {
    const dataset = await open('dataset/chatterbot-english');
    expect(dataset.modality).toBe('text');
    expect(dataset.labels).toHaveLength(21);
  });
});

describe('mnist', () => {
  const idx = (sizes: readonly number[], bytes: readonly number[]) => {
    const head = Buffer.from([0, 0, 8, sizes.length, ...sizes.flatMap((size) => [0, 0, 0, size])]);
    return Buffer.concat([head, Buffer.from(bytes)]);
  };

  it('has two parts in files of IDX', async () => {
    const folder = await temporaryFolder();
    for (const [stem, count] of [
      ['train', 3],
      ['t10k', 2],
    ] as const) {
      const pixels = Array.from({ length: count * 6 }, (_, index) => index);
      await writeFile(join(folder, `${stem}-images-idx3-ubyte`), idx([count, 2, 3], pixels));
      await writeFile(join(folder, `${stem}-labels-idx1-ubyte`), idx([count], [7, 1, 7].slice(0, count)));
    }
    const card = await cardOf('dataset/mnist');
    const dataset = await openDatasetCard(folder, card);
    expect(dataset.labels).toEqual(['1', '7']);
    expect(publishedParts(dataset)?.test.examples.map(({ name }) => name)).toEqual(['t10k:0', 't10k:1']);
    const image = await imageAt(dataset, 1);
    expect([image.width, image.height, Array.from(image.data.subarray(0, 6))]).toEqual([
      3,
      2,
      [6, 6, 6, 7, 7, 7],
    ]);
    await writeFile(join(folder, 't10k-labels-idx1-ubyte'), idx([3], [1, 2, 3]));
    expect((await thrownBy(() => openDatasetCard(folder, card))).code).toBe('INTEGRITY');
  });

  it('is refused where sizes lie', async () => {
    const good = idx([2, 2], [1, 2, 3, 4]);
    expect(parseIdx(good, 'a').sizes).toEqual([2, 2]);
    const wrongType = Buffer.from(good);
    wrongType[2] = 0x0d;
    for (const bad of [
      good.subarray(0, 3),
      good.subarray(0, 15),
      idx([255, 255, 255, 255], [1]),
      wrongType,
      Buffer.from('hello, you'),
    ]) {
      expect((await thrownBy(() => parseIdx(bad, 'a'))).code).toBe('INTEGRITY');
    }
  });
});

describe('mnist-10k', () => {
  it('has a file of fractions for each digit', async () => {
    const folder = await temporaryFolder();
    for (let digit = 0; digit <= 9; digit++) {
      const data = Array.from({ length: 784 * 2 }, (_, index) => (index % 256) / 255);
      await writeFile(join(folder, `${digit}.json`), JSON.stringify({ data }));
    }
    const card = await cardOf('dataset/mnist-10k');
    const dataset = await openDatasetCard(folder, card);
    expect(dataset.examples).toHaveLength(20);
    expect(dataset.examples[3]?.labels).toEqual(['1']);
    const { data } = await imageAt(dataset, 0);
    expect([data[0], data[3], data[300]]).toEqual([0, 1, 100]);
    for (const bad of [
      '{"data":[2]}',
      '{"data":{}}',
      '[]',
      '{',
      JSON.stringify({ data: new Array(784).fill(2) }),
    ]) {
      await writeFile(join(folder, '4.json'), bad);
      expect((await thrownBy(() => openDatasetCard(folder, card))).code).toBe('INTEGRITY');
    }
  });
});

describe('files that are not what their card says', () => {
  it('are refused', async () => {
    const card = await cardOf('dataset/digits');
    const folder = await temporaryFolder();
    const row = `${new Array(64).fill(3).join(',')},5\n`;
    const files = [
      gzipSync(row.replace('3', '17')),
      gzipSync(row.replace('3,', '')),
      gzipSync(row.replace('3', 'x')),
      Buffer.from(row),
    ];
    for (const bad of files) {
      await writeFile(join(folder, 'digits.csv.gz'), bad);
      expect((await thrownBy(() => openDatasetCard(folder, card))).code).toBe('INTEGRITY');
    }
    await writeFile(join(folder, 'digits.csv.gz'), gzipSync(row));
    expect((await openDatasetCard(folder, card)).labels).toEqual(['5']);
  });
});

describe('other cards', () => {
  it('that are data sets are opened as folders, and models are refused', async () => {
    const { folder } = await realModel('dataset/photos');
    const own = await temporaryFolder();
    await mkdir(join(own, 'cup'));
    await cp(join(folder, 'coffee.png'), join(own, 'cup', 'coffee.png'));
    const card: Card = { ...(await cardOf('dataset/photos')), name: 'our-cups' };
    const dataset = await openDatasetCard(own, card);
    expect([dataset.labels, dataset.origin]).toEqual([['cup'], 'dataset/our-cups@1.0.0']);
    expect((await thrownBy(async () => openDatasetCard(own, await cardOf('image/resnet50')))).code).toBe(
      'USAGE',
    );
  });
});
