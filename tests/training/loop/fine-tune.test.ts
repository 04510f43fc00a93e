/** Option 2 on a tiny network with batch normalisation: what learns, what must not, and what is refused. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tf } from '../../../src/runtime/tensorflow.js';
import { AdaptedModel, type TrainOptions } from '../../../src/training/adapted-model.js';
import { readAdapted } from '../../../src/transfer/adapted/read-adapted.js';
import { type Backbone, openBackbone } from '../../../src/transfer/backbone.js';
import { hashParameters } from '../../../src/transfer/freeze-audit.js';
import { nearestMean } from '../../../src/transfer/heads/nearest-mean.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { LABELS, stripes, stripesHead, stripesNetwork } from './stripes.js';

const RUN: TrainOptions = {
  seed: 5,
  train: 'all',
  fineTune: { epochs: 30, learningRate: 0.01, batchSize: 8 },
};

let backbone: Backbone;
let model: AdaptedModel;

beforeEach(async () => {
  backbone = await openBackbone(await stripesNetwork());
  model = new AdaptedModel(backbone, stripesHead(), { featureCache: await temporaryFolder('features') });
});

afterEach(() => model.dispose());

describe('all layers', () => {
  it('learn, with the statistics of batch normalisation as they were, and leave no tensor behind', async () => {
    const before = await hashParameters(backbone.network);
    const tensors = tf.memory().numTensors;
    const report = await model.fit(stripes(24), RUN);
    expect(report).toMatchObject({ train: 'all', fineTuned: { epochs: 30, optimizer: { kind: 'adam' } } });
    const losses = report.fineTuned?.losses ?? [];
    expect(losses).toHaveLength(30);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 5);
    expect(tf.memory().numTensors).toBe(tensors);
    const after = await hashParameters(backbone.network);
    const kept = [...before].filter(([name, digest]) => after.get(name) === digest).map(([name]) => name);
    expect(kept.map((name) => name.split('/').at(-1)).sort()).toEqual(['moving_mean', 'moving_variance']);
    expect((await model.evaluate(stripes(20, 3))).report).toMatchObject({ accuracy: 1 });
  });

  it('give the same bytes with the same seed, and load with the weights that were trained', async () => {
    const folders = [join(await temporaryFolder('one'), 'm'), join(await temporaryFolder('two'), 'm')];
    const answers: unknown[] = [];
    for (const folder of folders) {
      const opened = await openBackbone(await stripesNetwork());
      const own = new AdaptedModel(opened, stripesHead());
      await own.fit(stripes(24), RUN);
      await own.save(folder, { published: '2026-11-27' });
      answers.push((await own.evaluate(stripes(10, 7))).report);
      own.dispose();
    }
    const [one = '', two = ''] = folders;
    for (const file of ['changed.safetensors', 'head.safetensors', 'adapted.json']) {
      expect(await readFile(join(two, file), 'hex'), file).toBe(await readFile(join(one, file), 'hex'));
    }
    const { changed, details } = await readAdapted(one);
    expect([...changed.keys()].length).toBe(5);
    expect(details.recipe).toMatchObject({ train: 'all', fineTuned: { epochs: 30 } });
    expect(answers[1]).toEqual(answers[0]);
  });
});

describe('from a layer on', () => {
  it('nothing in front of it changes', async () => {
    const before = await hashParameters(backbone.network);
    await model.fit(stripes(24), { ...RUN, train: 'conv2' });
    const after = await hashParameters(backbone.network);
    const changed = [...before].filter(([name, digest]) => after.get(name) !== digest).map(([name]) => name);
    expect(changed.length).toBe(2);
    expect(changed.every((name) => name.startsWith('conv2'))).toBe(true);
  });

  it('refuses a layer that is not there, and one with nothing behind it', async () => {
    await expect(model.fit(stripes(8), { train: 'conv3' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(model.fit(stripes(8), { train: 'pool' })).rejects.toMatchObject({ code: 'DATA' });
  });
});

describe('refusals', () => {
  it.each([
    [{ optimizer: 'adam', weightDecay: 0.1 }, 'USAGE'],
    [{ optimizer: 'adamw', weightDecay: 1 }, 'USAGE'],
    [{ epochs: 0 }, 'USAGE'],
    [{ learningRate: Number.NaN }, 'USAGE'],
    [{ accumulate: 0 }, 'USAGE'],
    [{ depthRate: 0 }, 'USAGE'],
    [{ depthRate: 1.5 }, 'USAGE'],
    [{ earlyStopping: { share: 1 } }, 'USAGE'],
    [{ earlyStopping: { patience: 0 } }, 'USAGE'],
    [{ learningRate: 1e30, optimizer: 'sgd', clipNorm: 1e30 }, 'FAILED'],
  ] as const)('of %o', async (fineTune, code) => {
    await expect(model.fit(stripes(8), { train: 'all', fineTune })).rejects.toMatchObject({ code });
  });

  it('of a head without gradients', async () => {
    const other = new AdaptedModel(backbone, nearestMean({ labels: LABELS }));
    await expect(other.fit(stripes(8), { train: 'all' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('of a signal, with its reason', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const fineTune = { epochs: 5, onProgress: () => stop.abort(reason) };
    const run = model.fit(stripes(24), { train: 'all', fineTune, signal: stop.signal });
    await expect(run).rejects.toBe(reason);
  });
});
