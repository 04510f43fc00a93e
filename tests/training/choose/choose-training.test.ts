/** `train: 'auto'`: which way wins, why, and that trying leaves nothing behind. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { rawImage } from '../../../src/data/image/raw-image.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { AdaptedModel } from '../../../src/training/adapted-model.js';
import { type Backbone, openBackbone } from '../../../src/transfer/backbone.js';
import { hashParameters } from '../../../src/transfer/freeze-audit.js';
import { dataset, example } from '../../transfer/sample-data.js';
import { LABELS, stripes, stripesHead, stripesNetwork } from '../loop/stripes.js';

/** Red and blue pictures: any features tell them apart. */
function colours(count: number): Dataset {
  return dataset(
    'image',
    Array.from({ length: count }, (_, index) => {
      const strong = 180 + ((index * 7) % 40);
      const pixel = index % 2 === 0 ? [strong, 20, 20] : [20, 20, strong];
      const load = () =>
        rawImage(
          8,
          8,
          Uint8Array.from({ length: 8 * 8 * 3 }, (_, at) => pixel[at % 3] ?? 0),
        );
      return example(`${index}.png`, load, [LABELS[index % 2] ?? '']);
    }),
  );
}

let backbone: Backbone;
let model: AdaptedModel;

beforeEach(async () => {
  backbone = await openBackbone(await stripesNetwork());
  model = new AdaptedModel(backbone, stripesHead());
});
afterEach(() => model.dispose());

const FINE_TUNE = { epochs: 30, learningRate: 0.01, batchSize: 8 };

it('trains all where that is better by more than the standard error', async () => {
  const folds: number[] = [];
  const report = await model.fit(stripes(60, 0, 200), {
    ...{ train: 'auto', seed: 5, fineTune: FINE_TUNE },
    onChoosing: ({ done }) => folds.push(done),
  });
  expect(report).toMatchObject({ train: 'all', fineTuned: { epochs: 30 } });
  const { compared, reason } = report.choice ?? {};
  expect(reason).toMatch(/better by more than the standard error/);
  expect(compared).toMatchObject({ examples: 60, folds: 3 });
  const { all = 0, head = 0, standardError = 0 } = compared ?? {};
  expect(all - head).toBeGreaterThan(standardError);
  expect(folds).toEqual([0, 1, 2, 3]);
});

it('keeps the head alone where nothing is left to win, and the network as it was', async () => {
  const before = await hashParameters(backbone.network);
  const tensors = tf.memory().numTensors;
  const report = await model.fit(colours(30), { train: 'auto', seed: 5, fineTune: FINE_TUNE });
  expect(report).toMatchObject({ train: 'head', fineTuned: undefined });
  expect(report.choice?.compared).toMatchObject({ head: 1, all: 1, standardError: 0 });
  expect(report.choice?.reason).toMatch(/not better/);
  expect(await hashParameters(backbone.network)).toEqual(before);
  expect(tf.memory().numTensors).toBe(tensors);
  expect((await model.evaluate(colours(10))).report).toMatchObject({ accuracy: 1 });
});

it('does not compare on too few', async () => {
  const report = await model.fit(stripes(11), { train: 'auto', fineTune: FINE_TUNE });
  expect(report).toMatchObject({
    train: 'head',
    choice: { compared: undefined, reason: expect.stringMatching(/^5 examples of the rarest class/) },
  });
});

it('gives the same with the same seed', async () => {
  const choices = [];
  for (let round = 0; round < 2; round++) {
    const own = new AdaptedModel(await openBackbone(await stripesNetwork()), stripesHead());
    choices.push((await own.fit(stripes(24), { train: 'auto', seed: 3, fineTune: FINE_TUNE })).choice);
    own.dispose();
  }
  expect(choices[1]).toEqual(choices[0]);
});
