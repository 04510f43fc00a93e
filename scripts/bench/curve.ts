/**
 * The lecture's curve: accuracy of option 1, option 2 and training from scratch over the number of examples of each class.
 *
 *   npx tsx scripts/bench/curve.ts [--data dataset/digits] [--counts 1,5,10,50] [--seeds 5] [--home FOLDER]
 *
 * MobileNetV2 on pictures of 64 pixels, cut where its card says. Option 1 and the head of option 2 are linear on features
 * of unit length; option 2 then trains all 156 tensors that have a gradient, for 10 epochs and at least 60 steps. From
 * scratch learns the demo's small convnet. Tested on the same 50 pictures of each class throughout.
 */
import { parseArgs } from 'node:util';
import { sampleDataset } from '../../src/data/sample-dataset.js';
import { openTensorFlow } from '../../src/runtime/tensorflow.js';
import type { AdaptedModel } from '../../src/training/adapted-model.js';
import { openZoo } from '../../src/training/adapting-zoo.js';
import { classifier } from '../../src/transfer/heads/classifier.js';
import { CHECKOUT_HOME } from '../../tests/support/checkout-home.js';
import { convnetFromScratch, type PixelRow, pixelsOf } from '../demo/baselines.mjs';
import { enlarge } from './accuracy/pixels.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'dataset/digits' },
    counts: { type: 'string', default: '1,5,10,50' },
    seeds: { type: 'string', default: '5' },
    home: { type: 'string', default: CHECKOUT_HOME },
  },
});

const BATCH = 16;
const SIZE = { height: 64, width: 64 };
const zoo = await openZoo({ home: values.home });
const { tf } = openTensorFlow({ home: values.home });
const whole = await zoo.data(values.data);
const { labels } = whole;
const { sample: test, rest } = sampleDataset(whole, 50, 2026);
/** Two convolutions and poolings need 10 pixels and more: 8 become 24. */
const enlarged = (row: PixelRow) => enlarge(row, row.width < 16 ? 3 : 1);
const testPixels = (await pixelsOf(test)).map(enlarged);

async function accuracyOf(model: AdaptedModel): Promise<number> {
  const { report } = await model.evaluate(test);
  return report.task === 'classification' ? report.accuracy : Number.NaN;
}

async function measure(count: number, seed: number): Promise<[number, number, number]> {
  const { sample: train } = sampleDataset(rest, count, seed);
  const backbone = await zoo.backbone('mobilenet-v2', { prepare: { size: SIZE } });
  const model = backbone.withHead(classifier({ labels, scaling: 'unit-length' }));
  try {
    // One example of a class can't be cross-validated.
    const c = count < 2 ? 1 : undefined;
    await model.fit(train, { seed, c });
    const probe = await accuracyOf(model);
    const epochs = Math.max(10, Math.ceil((60 * BATCH) / train.examples.length));
    await model.fit(train, { seed, c, train: 'all', fineTune: { epochs, batchSize: BATCH } });
    const tuned = await accuracyOf(model);
    const pixels = (await pixelsOf(train)).map(enlarged);
    const scratch = await convnetFromScratch(tf, pixels, testPixels, { classes: labels.length, seed });
    return [probe, tuned, scratch];
  } finally {
    model.dispose();
  }
}

function spread(shares: readonly number[]): string {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const square = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / Math.max(1, shares.length - 1);
  return `${(100 * mean).toFixed(1)} ± ${(100 * Math.sqrt(square)).toFixed(1)}`;
}

process.stdout.write('| a class | option 1 | option 2 | from scratch |\n| ---: | ---: | ---: | ---: |\n');
for (const count of values.counts.split(',').map(Number)) {
  const runs: [number, number, number][] = [];
  for (let seed = 0; seed < Number(values.seeds); seed++) runs.push(await measure(count, seed));
  const columns = [0, 1, 2].map((column) => spread(runs.map((run) => run[column] ?? Number.NaN)));
  process.stdout.write(`| ${count} | ${columns.join(' | ')} |\n`);
}
await zoo.close();
