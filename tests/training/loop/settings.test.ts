/** What the settings of option 2 do, on a network that is trained in a second. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tf } from '../../../src/runtime/tensorflow.js';
import { AdaptedModel, type TrainOptions } from '../../../src/training/adapted-model.js';
import type { FeatureProgress } from '../../../src/training/features/feature-progress.js';
import { depthRates } from '../../../src/training/loop/depth-rates.js';
import type { FineTuneReport } from '../../../src/training/train-report.js';
import { readAdapted } from '../../../src/transfer/adapted/read-adapted.js';
import { openBackbone } from '../../../src/transfer/backbone.js';
import { hashParameters } from '../../../src/transfer/freeze-audit.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { stripes, stripesHead, stripesNetwork } from './stripes.js';

type FineTune = NonNullable<TrainOptions['fineTune']>;

/** Trains; @returns what it says and all numbers of network and head. */
async function run(
  fineTune: FineTune,
  { train = 'all', data = stripes(24), featureCache = undefined as string | undefined, filters = 4 } = {},
): Promise<{ report: FineTuneReport; numbers: number[]; model: AdaptedModel }> {
  const backbone = await openBackbone(await stripesNetwork(filters));
  const model = new AdaptedModel(backbone, stripesHead(), { featureCache });
  const { fineTuned } = await model.fit(data, { seed: 5, train, fineTune });
  if (fineTuned === undefined) throw new Error('it trains all');
  const parameters = [...backbone.network.parameters.values()].flatMap(({ value }) => [...value.dataSync()]);
  const head = [...model.fitted.parameters.values()].flatMap(({ data: values }) => [...values]);
  model.dispose();
  return { report: fineTuned, numbers: [...parameters, ...head], model };
}

function distance(one: readonly number[], other: readonly number[]): number {
  expect(one).toHaveLength(other.length);
  return Math.max(...one.map((value, at) => Math.abs(value - (other[at] ?? Number.NaN))));
}

const WAYS = [
  ['as a graph', 20],
  ['operation by operation', 4],
] as const;

describe('batches in parts', () => {
  it.each(WAYS)('give the same weights as whole ones, %s', async (_, epochs) => {
    const settings = { epochs, batchSize: 8, optimizer: 'sgd', learningRate: 0.01 } as const;
    const whole = await run(settings);
    const parts = await run({ ...settings, accumulate: 3 });
    expect(parts.report.way).toBe(epochs === 20 ? 'graph' : 'eager');
    expect(parts.report.accumulate).toBe(3);
    expect(distance(parts.numbers, whole.numbers)).toBeLessThan(1e-5);
    expect(distance(parts.numbers, (await run({ ...settings, epochs: epochs - 1 })).numbers)).toBeGreaterThan(
      1e-4,
    );
  });
});

describe('rates that fall with depth', () => {
  it('are the same both ways, and change early layers less', async () => {
    const backbone = await openBackbone(await stripesNetwork());
    const names = [...backbone.network.parameters.keys()];
    const rates = depthRates(backbone.network, names, 0.01);
    const rateOf = (layer: string) => rates.get(names.find((name) => name.startsWith(layer)) ?? '');
    expect(rateOf('conv1')).toBeCloseTo(0.01, 12);
    expect(rateOf('norm1')).toBeCloseTo(0.1, 12);
    expect(rateOf('conv2')).toBeCloseTo(1, 12);
    backbone.dispose();
    const settings = { epochs: 8, batchSize: 8, optimizer: 'sgd', learningRate: 0.01 } as const;
    const [eager, graph] = [
      await run({ ...settings, depthRate: 0.01 }),
      await run({ ...settings, depthRate: 0.01 }, { data: stripes(25) }),
    ];
    expect([eager.report.way, graph.report.way]).toEqual(['eager', 'graph']);
    const plain = await run(settings);
    const start = await run({ ...settings, learningRate: 1e-12 });
    // conv1 has 3 x 3 x 3 x 4 weights and comes first.
    const moved = (numbers: readonly number[]) =>
      distance(numbers.slice(0, 108), start.numbers.slice(0, 108));
    for (const { numbers } of [eager, graph]) expect(moved(numbers)).toBeLessThan(moved(plain.numbers) / 10);
  });
});

describe('early stopping', () => {
  it('watches examples that are not learnt from, and keeps the weights that were best on them', async () => {
    const seen: number[] = [];
    const { report } = await run({
      epochs: 200,
      batchSize: 8,
      learningRate: 0.05,
      earlyStopping: { share: 0.25, patience: 4 },
      onProgress: ({ watched }) => seen.push(watched?.epoch ?? -1),
    });
    const { watched, bestEpoch = -1, losses } = report;
    expect(seen[0]).toBe(0);
    expect(watched.map(({ epoch }) => epoch)).toEqual(watched.map((_, index) => index));
    expect(watched).toHaveLength(losses.length + 1);
    expect(Math.min(...watched.map(({ loss }) => loss))).toBe(watched[bestEpoch]?.loss);
    if (losses.length < 200) expect(losses.length - bestEpoch).toBe(4);
    expect(watched[bestEpoch]?.accuracy).toBe(1);
  });

  it('keeps the new head alone where training makes everything worse', async () => {
    const { report, numbers } = await run({
      epochs: 6,
      batchSize: 8,
      learningRate: 10,
      optimizer: 'sgd',
      clipNorm: 1000,
      earlyStopping: { share: 0.25, patience: 2 },
    });
    expect(report.bestEpoch).toBe(0);
    expect(report.losses).toHaveLength(2);
    const untouched = await run({ epochs: 1, batchSize: 100, learningRate: 1e-30 });
    // Of the network; the head of 6 x 2 weights and 2 biases has seen three quarters of the examples.
    expect(distance(numbers.slice(0, -14), untouched.numbers.slice(0, -14))).toBeLessThan(1e-20);
  });
});

describe('a learning rate that is found', () => {
  it.each(WAYS)(
    'is that with the lowest loss on examples that were kept out, the same each time, %s',
    async (_, epochs) => {
      const settings = { epochs, batchSize: 8, learningRate: 'find' } as const;
      const [one, two] = [await run(settings), await run(settings)];
      const tried = one.report.found?.tried ?? [];
      expect(tried.map(({ rate }) => rate)).toEqual([3e-5, 9e-5, 3e-4, 9e-4, 3e-3]);
      const losses = tried.map(({ loss }) => loss ?? Number.POSITIVE_INFINITY);
      expect(one.report.learningRate).toBe(tried[losses.indexOf(Math.min(...losses))]?.rate);
      expect(two.numbers).toEqual(one.numbers);
      // Nothing of the trials is left: naming the rate gives the same weights.
      expect((await run({ ...settings, learningRate: one.report.learningRate })).numbers).toEqual(
        one.numbers,
      );
    },
  );
});

describe('augmentation', () => {
  it('varies examples anew in each epoch, the same with the same seed', async () => {
    const settings = { epochs: 10, batchSize: 8, augment: {} };
    const [one, two] = [await run(settings), await run(settings)];
    expect(one.report.augmented).toBe(true);
    expect(two.numbers).toEqual(one.numbers);
    expect(distance(one.numbers, (await run({ ...settings, augment: undefined })).numbers)).toBeGreaterThan(
      1e-4,
    );
  });
});

describe('the frozen part', () => {
  it('is computed once and kept, with the same result and no tensor left', async () => {
    const settings = { epochs: 20, batchSize: 8 };
    const featureCache = await temporaryFolder('frozen');
    const counts: number[] = [];
    const onFrozen = ({ done, cached }: FeatureProgress) => counts.push(done - cached);
    const tensors = tf.memory().numTensors;
    const first = await run({ ...settings, onFrozen }, { train: 'conv2', featureCache });
    expect(first.report).toMatchObject({ way: 'graph', frozenCached: true });
    expect(counts.at(-1)).toBe(24);
    counts.length = 0;
    const again = await run({ ...settings, onFrozen, epochs: 21 }, { train: 'conv2', featureCache });
    expect(counts.at(-1)).toBe(0);
    expect(again.report.frozenCached).toBe(true);
    expect(tf.memory().numTensors).toBe(tensors);
    // Varied examples have nothing that could be kept; where they are not varied in fact, the weights are the same.
    const none = { image: { crop: false, colour: false } } as const;
    const anew = await run({ ...settings, augment: none }, { train: 'conv2' });
    expect(anew.report.frozenCached).toBe(false);
    expect(distance(anew.numbers, first.numbers)).toBeLessThan(1e-4);
    // Without a cache of features it is kept for the time of the run.
    const other = await run(settings, { train: 'conv2' });
    expect(other.report.frozenCached).toBe(true);
    expect(other.numbers).toEqual(first.numbers);
  });
});

describe('batch normalisation', () => {
  it('follows the statistics of the batches where that is asked for, and answers with what it has then', async () => {
    const settings = { epochs: 4, batchSize: 8, learningRate: 0.01 } as const;
    const backbone = await openBackbone(await stripesNetwork());
    const model = new AdaptedModel(backbone, stripesHead());
    const before = await hashParameters(backbone.network);
    const { fineTuned } = await model.fit(stripes(24), {
      ...{ seed: 5, train: 'all' },
      fineTune: { ...settings, normalisation: 'batch' },
    });
    // Five trained and two that followed, though so few steps go operation by operation otherwise.
    expect(fineTuned).toMatchObject({ normalisation: 'batch', way: 'graph', parameters: 7 });
    const after = await hashParameters(backbone.network);
    const kept = [...before].filter(([name, digest]) => after.get(name) === digest).map(([name]) => name);
    expect(kept).toEqual([]);
    const folder = join(await temporaryFolder('batch'), 'model');
    await model.save(folder, { published: '2026-11-28' });
    const { changed } = await readAdapted(folder);
    expect([...changed.keys()].filter((name) => name.includes('moving')).length).toBe(2);
    model.dispose();
    expect((await run({ ...settings, epochs: 20 })).report).toMatchObject({ normalisation: 'stored' });
  });
});

describe('memory', () => {
  it.each([
    ['as a graph', { epochs: 70, batchSize: 8 }, 24],
    ['operation by operation', { epochs: 24, batchSize: 1 }, 8],
  ] as const)('is the same after 190 steps as after ten, %s', async (_, settings, examples) => {
    const seen = new Map<number, { tensors: number; bytes: number; resident: number }>();
    const { report } = await run(
      {
        ...settings,
        onProgress({ step }) {
          const { numTensors: tensors, numBytes: bytes } = tf.memory();
          seen.set(step, { tensors, bytes, resident: process.memoryUsage.rss() });
        },
      },
      { data: stripes(examples), filters: 1024 },
    );
    expect(report.way).toBe(examples === 24 ? 'graph' : 'eager');
    const [early, late] = [seen.get(10), seen.get(190)];
    expect(late).toMatchObject({ tensors: early?.tensors, bytes: early?.bytes });
    // One map of one example, 6 x 6 of 1024 filters, left behind by each of 180 steps would be 27 MB.
    expect((late?.resident ?? Number.NaN) - (early?.resident ?? Number.NaN)).toBeLessThan(20 * 2 ** 20);
  });
});
