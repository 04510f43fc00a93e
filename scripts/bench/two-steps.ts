/**
 * Both steps of transfer learning: a small convnet is pre-trained on the digits 0 to 4, then 5 to 9 are learnt from few
 * examples, as in Keras's example mnist_transfer_cnn.
 *
 *   npx tsx scripts/bench/two-steps.ts [--data dataset/mnist] [--counts 1,5,10,50,100,all] [--seeds 5] [--epochs 5]
 *     [--ways 'option 1']
 *
 * All ways learn from the same examples and are tested on the same ones: the published test part, else a fifth that is
 * set aside. Few examples are learnt from in as many epochs as give 200 steps.
 */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Dataset } from '../../src/data/dataset.js';
import { keepLabels } from '../../src/data/keep-labels.js';
import { publishedParts } from '../../src/data/make-dataset.js';
import { sampleDataset } from '../../src/data/sample-dataset.js';
import { splitDataset } from '../../src/data/split-dataset.js';
import { cardDigest } from '../../src/registry/canonical-card.js';
import type { Card } from '../../src/registry/card.js';
import { AdaptedModel, type TrainOptions } from '../../src/training/adapted-model.js';
import { openZoo } from '../../src/training/adapting-zoo.js';
import type { EvaluationReport } from '../../src/training/evaluate/report.js';
import { openBackbone } from '../../src/transfer/backbone.js';
import { classifier } from '../../src/transfer/heads/classifier.js';
import type { Head } from '../../src/transfer/heads/head.js';
import { CHECKOUT_HOME } from '../../tests/support/checkout-home.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'dataset/mnist' },
    counts: { type: 'string', default: '1,5,10,50,100,all' },
    seeds: { type: 'string', default: '5' },
    epochs: { type: 'string', default: '5' },
    /** Only those whose names have this in them. */
    ways: { type: 'string', default: '' },
    home: { type: 'string', default: CHECKOUT_HOME },
  },
});

const FIRST = ['0', '1', '2', '3', '4'];
const SECOND = ['5', '6', '7', '8', '9'];
const ARCHITECTURE = 'convnet';
const EPOCHS = Number(values.epochs);
/** As Keras's example. */
const BATCH = 128;
const SMALL_BATCH = 16;
const FEWEST_STEPS = 200;
/** Of what is set aside to test with where a data set is not published in two parts. */
const PARTS_SEED = 2026;

const zoo = await openZoo({ home: values.home });
const whole = await zoo.data(values.data);
const { train: pool, test } =
  publishedParts(whole) ?? splitDataset(whole, { validation: 0, test: 0.2, seed: PARTS_SEED });
const later = { pool: keepLabels(pool, SECOND), test: keepLabels(test, SECOND) };
const folder = join(tmpdir(), `two-steps-${process.pid}`);

function accuracyOf(report: EvaluationReport): number {
  return report.task === 'classification' ? report.accuracy : Number.NaN;
}

/** Batches and epochs for so many examples. */
function pace(examples: number): { readonly batchSize: number; readonly epochs: number } {
  const batchSize = examples > 1000 ? BATCH : SMALL_BATCH;
  return { batchSize, epochs: Math.max(EPOCHS, Math.ceil(FEWEST_STEPS / Math.ceil(examples / batchSize))) };
}

async function preTrain(): Promise<Card> {
  const begun = performance.now();
  const train = keepLabels(pool, FIRST);
  const network = await zoo.train(ARCHITECTURE, train, { epochs: EPOCHS, batchSize: BATCH });
  try {
    const { report } = await network.evaluate(keepLabels(test, FIRST));
    const share = (100 * accuracyOf(report)).toFixed(2);
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    const { way } = network.report;
    process.stderr.write(
      `pre-trained on ${train.examples.length} examples: ${share} % (${way}, ${seconds} s)\n`,
    );
    return await network.save(folder, { name: 'digits-0-4' });
  } finally {
    network.dispose();
  }
}

async function adapted(card: Card, cut: string, head: Head, train: Dataset, options: TrainOptions) {
  const backbone = await openBackbone({ folder, card, digest: cardDigest(card), cut, pooling: 'none' });
  const model = new AdaptedModel(backbone, head);
  try {
    await model.fit(train, options);
    return accuracyOf((await model.evaluate(later.test)).report);
  } finally {
    model.dispose();
  }
}

/** By cross-validation, which one example of a class does not allow. */
function cOf({ examples }: Dataset): number | undefined {
  return examples.length > SECOND.length ? undefined : 1;
}

type Way = (card: Card, train: Dataset, seed: number) => Promise<number>;

const WAYS: Readonly<Record<string, Way>> = {
  'option 1: a new output layer': (card, train, seed) => {
    return adapted(card, 'relu3', classifier({ labels: SECOND }), train, { seed, c: cOf(train) });
  },
  'option 1: one layer on the convolutions': (card, train, seed) => {
    return adapted(card, 'flatten', classifier({ labels: SECOND }), train, { seed, c: cOf(train) });
  },
  'option 1: both dense layers': (card, train, seed) => {
    const head = classifier({ labels: SECOND, hidden: 128, dropout: 0.5, scaling: 'none' });
    return adapted(card, 'flatten', head, train, { seed, solver: 'adam', ...pace(train.examples.length) });
  },
  'option 2: all layers': (card, train, seed) => {
    const head = classifier({ labels: SECOND, scaling: 'unit-length' });
    const fineTune = { learningRate: 1e-3, ...pace(train.examples.length) };
    return adapted(card, 'relu3', head, train, { seed, c: cOf(train), train: 'all', fineTune });
  },
  'from scratch': async (_, train, seed) => {
    const network = await zoo.train(ARCHITECTURE, train, { seed, ...pace(train.examples.length) });
    try {
      return accuracyOf((await network.evaluate(later.test)).report);
    } finally {
      network.dispose();
    }
  },
};

function spread(shares: readonly number[]): string {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  if (shares.length === 1) return (100 * mean).toFixed(2);
  const square = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (shares.length - 1);
  return `${(100 * mean).toFixed(1)} ± ${(100 * Math.sqrt(square)).toFixed(1)}`;
}

try {
  const card = await preTrain();
  const ways = Object.entries(WAYS).filter(([name]) => name.includes(values.ways));
  const names = ways.map(([name]) => name);
  process.stdout.write(`| a class | ${names.join(' | ')} |\n|${' ---: |'.repeat(names.length + 1)}\n`);
  for (const count of values.counts.split(',')) {
    const seeds = count === 'all' ? 1 : Number(values.seeds);
    const cells: string[] = [];
    for (const [name, way] of ways) {
      const begun = performance.now();
      const shares: number[] = [];
      for (let seed = 0; seed < seeds; seed++) {
        const train = count === 'all' ? later.pool : sampleDataset(later.pool, Number(count), seed).sample;
        shares.push(await way(card, train, seed));
      }
      cells.push(spread(shares));
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      process.stderr.write(`${count} a class, ${name}: ${cells.at(-1)} (${seconds} s)\n`);
    }
    process.stdout.write(`| ${count} | ${cells.join(' | ')} |\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
  await zoo.close();
}
