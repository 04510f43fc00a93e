/** Option 2 on a real network: it learns more than the probe does, and what was trained comes back. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sampleDataset } from '../../../src/data/sample-dataset.js';
import { openZoo } from '../../../src/training/adapting-zoo.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { CHECKOUT_HOME } from '../../support/checkout-home.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

it('MobileNetV2 on 200 handwritten digits', async () => {
  const zoo = await openZoo({ home: CHECKOUT_HOME });
  try {
    const { sample: train, rest } = sampleDataset(await zoo.data('dataset/digits'), 20, 0);
    const { sample: test } = sampleDataset(rest, 30, 1);
    const backbone = await zoo.backbone('mobilenet-v2', { prepare: { size: { height: 64, width: 64 } } });
    const model = backbone.withHead(classifier({ labels: train.labels, scaling: 'unit-length' }));
    const accuracy = async (one: typeof model) => {
      const { report } = await one.evaluate(test);
      return report.task === 'classification' ? report.accuracy : 0;
    };
    await model.fit(train);
    const probe = await accuracy(model);
    const { fineTuned } = await model.fit(train, { train: 'all', fineTune: { epochs: 4 } });
    expect(fineTuned).toMatchObject({ way: 'graph', parameters: 156 });
    const tuned = await accuracy(model);
    expect(tuned).toBeGreaterThan(probe + 0.03);

    const folder = join(await temporaryFolder('adapted'), 'digits');
    await model.save(folder);
    model.dispose();
    const loaded = await zoo.load(folder);
    expect(await accuracy(loaded)).toBe(tuned);
    loaded.dispose();
  } finally {
    await zoo.close();
  }
});
