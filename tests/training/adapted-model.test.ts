import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { rawImage } from '../../src/data/image/raw-image.js';
import { subset } from '../../src/data/make-dataset.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { AdaptedModel } from '../../src/training/adapted-model.js';
import { type Backbone, openBackbone } from '../../src/transfer/backbone.js';
import { classifier } from '../../src/transfer/heads/classifier.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { dataset, example, pictures, texts } from '../transfer/sample-data.js';
import { tinyImageNetwork } from '../transfer/tiny-network.js';

const LABELS = ['dark', 'light'];

/** Plain pictures of two shades, each a little different. */
function shades(count: number): Dataset {
  return dataset(
    'image',
    Array.from({ length: count }, (_, index) => {
      const shade = (index % 2 === 0 ? 30 : 210) + index;
      const load = () => rawImage(8, 8, new Uint8Array(8 * 8 * 3).fill(shade));
      return example(`${index}.png`, load, [LABELS[index % 2] ?? '']);
    }),
  );
}

let backbone: Backbone;
let model: AdaptedModel;

beforeEach(async () => {
  backbone = await openBackbone(await tinyImageNetwork());
  model = new AdaptedModel(backbone, classifier({ labels: LABELS }));
});

afterEach(() => model.dispose());

describe('before it was trained', () => {
  it('can not be asked, measured or saved', async () => {
    await expect(model.predictEach(shades(1)).next()).rejects.toMatchObject({
      code: 'USAGE',
      hint: 'Call fit first.',
    });
    await expect(model.evaluate(shades(2))).rejects.toMatchObject({ code: 'USAGE' });
    const folder = join(await temporaryFolder('adapted'), 'm');
    await expect(model.save(folder)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('fit', () => {
  it('learns, and leaves no tensor and no changed weight behind', async () => {
    const before = [...backbone.network.parameters].map(([name, { value }]) => [name, [...value.dataSync()]]);
    const tensors = tf.memory().numTensors;
    const report = await model.fit(shades(12));
    expect(report).toMatchObject({ computed: 12, copies: 0, seed: 0 });
    expect(report.evidence.validation?.mean).toBe(1);
    expect(tf.memory().numTensors).toBe(tensors);
    const after = [...backbone.network.parameters].map(([name, { value }]) => [name, [...value.dataSync()]]);
    expect(after).toEqual(before);
    expect((await model.evaluate(shades(20))).report).toMatchObject({ accuracy: 1, examples: 20 });
  });

  it('fails when a frozen weight changes meanwhile, and stays untrained', async () => {
    const [name = '', parameter] = [...backbone.network.parameters][0] ?? [];
    if (parameter === undefined) throw new Error('it has parameters');
    let changed = false;
    const onFeatures = () => {
      if (changed) return;
      changed = true;
      backbone.network.assign(name, tf.onesLike(parameter.value));
    };
    await expect(model.fit(shades(12), { onFeatures })).rejects.toMatchObject({ code: 'FAILED' });
    expect(() => model.fitted).toThrow('has not been trained');
  });

  it('refuses what the network can not see, other labels, and layers that are not there', async () => {
    await expect(model.fit(texts('a', 'b'))).rejects.toMatchObject({ code: 'DATA' });
    await expect(model.fit(pictures(6))).rejects.toMatchObject({ code: 'DATA' });
    await expect(model.fit(shades(6), { train: 'nowhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends with the reason of the signal', async () => {
    const reason = new Error('enough');
    await expect(model.fit(shades(6), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('never separates copies and equal examples in cross-validation', async () => {
    // Twice the same six: leaving one of a pair out would be asking for what was learnt.
    const once = shades(6);
    const twice = subset(once, [
      ...once.examples,
      ...once.examples.map((one) => ({ ...one, name: `again/${one.name}` })),
    ]);
    const report = await model.fit(twice, { copies: 1, c: 1 });
    expect(report).toMatchObject({ computed: 24, data: { examples: 12 }, copies: 1 });
    // Six groups can't fill ten folds, as 24 rows could.
    const { evidence } = await model.fit(twice, { copies: 1, c: 1, folds: 10 });
    expect(evidence.validation?.folds).toBeLessThanOrEqual(6);
  });
});

describe('save', () => {
  it('names no file of the person and no path of the machine', async () => {
    const data = { ...shades(12), origin: '/home/jane/secret project/shades' };
    await model.fit(data);
    const { report } = await model.evaluate(data);
    const folder = join(await temporaryFolder('adapted'), 'My Shades (2)');
    const card = await model.save(folder, { evaluation: report });
    expect(card).toMatchObject({ name: 'my-shades-2', base: { reference: 'image/tiny-eye@1.0.0' } });
    const details = await readFile(join(folder, 'adapted.json'), 'utf8');
    expect(JSON.parse(details)).toMatchObject({
      data: { origin: 'shades', examples: 12 },
      metrics: { evaluation: { accuracy: 1 } },
    });
    expect(details).not.toMatch(/jane|secret|\.png/);
  });
});
