/** Features of real photographs and recordings with real networks, cached, cut into parts and put together again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { subset } from '../../../src/data/make-dataset.js';
import { openDatasetCard } from '../../../src/data/ready/open-dataset-card.js';
import { cardDigest } from '../../../src/registry/canonical-card.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { extractFeatures, saveFeatures } from '../../../src/training/features/extract-features.js';
import { csvPath } from '../../../src/training/features/feature-file.js';
import { mergeFeatures } from '../../../src/training/features/merge-features.js';
import { type Backbone, openBackbone } from '../../../src/transfer/backbone.js';
import { startFreezeAudit } from '../../../src/transfer/freeze-audit.js';
import { realModel } from '../../support/real-model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function open(name: string): Promise<Backbone> {
  const { card, folder } = await realModel(name);
  return openBackbone({ folder, card, digest: cardDigest(card) });
}

async function data(name: string) {
  const { card, folder } = await realModel(name);
  return openDatasetCard(folder, card);
}

it.each([
  ['mobilenet-v2', 'dataset/photos', 6],
  ['basic-pitch', 'dataset/instrument-flute', 4],
])('%s on %s: parts, cache and audit', async (name, set, count) => {
  const [backbone, all, folder] = [await open(name), await data(set), await temporaryFolder('real')];
  const dataset = subset(all, all.examples.slice(0, count));
  const batchSize = count / 2;
  const path = (file: string) => join(folder, `${file}.safetensors`);
  const both = async (file: string) => [
    await readFile(path(file), 'hex'),
    await readFile(csvPath(path(file)), 'utf8'),
  ];
  const audit = await startFreezeAudit(backbone.network);
  const tensors = tf.memory().numTensors;
  const cache = join(folder, 'cache');
  const whole = await saveFeatures(backbone, dataset, path('whole'), { batchSize, cache });
  expect(whole).toEqual({ rows: count, width: backbone.width, computed: count, unreadable: [] });
  for (const index of [1, 2]) {
    await saveFeatures(backbone, dataset, path(`part-${index}`), { batchSize, shard: { index, count: 2 } });
  }
  await mergeFeatures([path('part-1'), path('part-2')], path('merged'));
  expect(await both('merged')).toEqual(await both('whole'));
  await audit.verify();
  expect(tf.memory().numTensors).toBe(tensors);
  backbone.dispose();
  // The network is gone: all that is asked for is in the cache.
  const again = await extractFeatures(backbone, dataset, { batchSize, cache });
  expect(again.computed).toBe(0);
  expect(again.names).toEqual(dataset.examples.map((example) => example.name));
  expect(again.features.every(Number.isFinite)).toBe(true);
});
