import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { withCopies } from '../../../src/training/features/augmented-copies.js';
import { extractFeatures } from '../../../src/training/features/extract-features.js';
import { openBackbone } from '../../../src/transfer/backbone.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { dataset, example, pictures, texts, tone } from '../../transfer/sample-data.js';
import { tinyImageNetwork } from '../../transfer/tiny-network.js';

const contents = (data: Dataset) => Promise.all(data.examples.map((one) => one.load()));
const digests = (data: Dataset) => Promise.all(data.examples.map((one) => one.digest()));

describe('copies', () => {
  it('stand behind their example with its labels, and differ from it and from each other', async () => {
    const data = withCopies(pictures(3), { copies: 2, seed: 1 });
    expect(data.examples.map(({ name }) => name)).toEqual([
      '0.png',
      '0.png#1',
      '0.png#2',
      '1.png',
      '1.png#1',
      '1.png#2',
      '2.png',
      '2.png#1',
      '2.png#2',
    ]);
    expect(data.examples.map(({ labels }) => labels[0])).toEqual([
      'even',
      'even',
      'even',
      'odd',
      'odd',
      'odd',
      'even',
      'even',
      'even',
    ]);
    const all = await contents(data);
    expect(all[0]).toEqual((await contents(pictures(1)))[0]);
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(9);
    expect(new Set(await digests(data)).size).toBe(9);
  });

  it('are the same for the same seed, wherever their example stands; another seed gives others', async () => {
    const [few, more] = [pictures(2), pictures(4)];
    const copies = (data: Dataset, seed: number) => withCopies(data, { copies: 1, seed });
    expect((await contents(copies(more, 5))).slice(0, 4)).toEqual(await contents(copies(few, 5)));
    expect((await digests(copies(more, 5))).slice(0, 4)).toEqual(await digests(copies(few, 5)));
    const [, first] = await contents(copies(few, 5));
    const [, other] = await contents(copies(few, 6));
    expect(other).not.toEqual(first);
  });

  it('of recordings are noisy, moved or louder', async () => {
    const data = withCopies(dataset('audio', [example('a.wav', () => tone(440, 800))]), {
      copies: 2,
      seed: 3,
    });
    const [plain, one, two] = await contents(data);
    expect(one).not.toEqual(plain);
    expect(two).not.toEqual(one);
    expect(one).toMatchObject({ kind: 'audio', sampleRate: 8000 });
  });

  it('there are none of texts, and none when none are wanted', async () => {
    const data = pictures(2);
    expect(withCopies(data, { copies: 0, seed: 1 })).toBe(data);
    expect((await thrownBy(() => withCopies(texts('a'), { copies: 1, seed: 1 }))).code).toBe('DATA');
    for (const copies of [-1, 1.5, 101]) {
      expect((await thrownBy(() => withCopies(data, { copies, seed: 1 }))).code).toBe('USAGE');
    }
  });
});

it('their features are cached like any others, and apart from those of another rule', async () => {
  const cache = await temporaryFolder('features');
  const backbone = await openBackbone(await tinyImageNetwork());
  const run = async (options: Parameters<typeof withCopies>[1]) =>
    (await extractFeatures(backbone, withCopies(pictures(5), options), { cache, batchSize: 4 })).computed;
  expect(await run({ copies: 2, seed: 1 })).toBe(15);
  expect(await run({ copies: 2, seed: 1 })).toBe(0);
  expect(await run({ copies: 2, seed: 2 })).toBe(15);
  expect(await run({ copies: 2, seed: 1, image: { flip: true } })).toBe(15);
  backbone.dispose();
});
