/** Both steps: a network that was trained from scratch is the base of adapted models. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { keepLabels } from '../../../src/data/keep-labels.js';
import { sampleDataset } from '../../../src/data/sample-dataset.js';
import type { Evaluation } from '../../../src/training/adapted-model.js';
import { type AdaptingZoo, openZoo } from '../../../src/training/adapting-zoo.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { CHECKOUT_HOME } from '../../support/checkout-home.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const FIRST = ['0', '1', '2', '3', '4'];
const SECOND = ['5', '6', '7', '8', '9'];

let zoo: AdaptingZoo;
let digits: Dataset;
let root = '';

beforeEach(async () => {
  root = await temporaryFolder('base');
  const checkout = await openZoo({ home: CHECKOUT_HOME });
  digits = await checkout.data('dataset/digits');
  await checkout.close();
  zoo = await openZoo({ home: join(root, 'home'), cwd: root });
});

afterEach(() => zoo.close());

const accuracyOf = ({ report }: Evaluation) =>
  report.task === 'classification' ? report.accuracy : Number.NaN;

async function preTrain(folder: string, seed = 0): Promise<void> {
  const { sample } = sampleDataset(keepLabels(digits, FIRST), 60, 0);
  const network = await zoo.train('convnet', sample, { epochs: 10, seed });
  await network.save(join(root, folder));
  network.dispose();
}

describe('a network of our own as a base', () => {
  const learnt = () => sampleDataset(keepLabels(digits, SECOND), 20, 0);

  it.each([
    ['with new dense layers', { cut: 'flatten', hidden: 64, train: 'head' }],
    ['with all layers trained', { cut: 'relu3', hidden: undefined, train: 'all' }],
  ] as const)(
    'learns other digits %s, and is loaded again without its folder',
    async (_, { cut, hidden, train }) => {
      await preTrain('first');
      const { sample, rest } = learnt();
      const backbone = await zoo.backbone('first/card.json', { cut });
      const scaling = train === 'all' ? 'unit-length' : 'standardise';
      const model = backbone.withHead(classifier({ labels: SECOND, hidden, scaling }));
      await model.fit(sample, { train, epochs: 30, fineTune: { epochs: 3 } });
      const evaluation = await model.evaluate(rest);
      expect(accuracyOf(evaluation)).toBeGreaterThan(0.85);
      const card = await model.save(join(root, 'second'));
      model.dispose();
      expect(card.base?.reference).toMatch(/^image\/first@1\.0\.0-t[0-9a-f]{8}$/);
      expect(card.license.weights).toBe('NONE');
      // The adapted model finds its base in the cache.
      await rm(join(root, 'first'), { recursive: true });
      const loaded = await zoo.load('second');
      expect(await loaded.evaluate(rest)).toEqual(evaluation);
      loaded.dispose();
    },
  );

  it('is another one after another training, and both stay', async () => {
    const { sample, rest } = learnt();
    const scores: number[] = [];
    for (const [seed, name] of ['one', 'two'].entries()) {
      await rm(join(root, 'first'), { recursive: true, force: true });
      await preTrain('first', seed);
      const backbone = await zoo.backbone('first/card.json');
      const model = backbone.withHead(classifier({ labels: SECOND }));
      await model.fit(sample);
      scores.push(accuracyOf(await model.evaluate(rest)));
      await model.save(join(root, name));
      model.dispose();
    }
    const versions = (await zoo.list()).map(({ name, version }) => `${name}@${version}`);
    expect(new Set(versions).size).toBe(2);
    for (const [index, name] of ['one', 'two'].entries()) {
      const loaded = await zoo.load(name);
      expect(accuracyOf(await loaded.evaluate(rest))).toBe(scores[index]);
      loaded.dispose();
    }
  });

  it('is not taken with other bytes than its card says', async () => {
    await preTrain('first');
    const path = join(root, 'first', 'group1-shard1of1.bin');
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    await writeFile(path, bytes);
    await expect(zoo.backbone('first/card.json')).rejects.toMatchObject({ code: 'INTEGRITY' });
  });
});
