/** Both ways of training are the same but for rounding. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Tensor2D, tf } from '../../../src/runtime/tensorflow.js';
import { eagerTrainer } from '../../../src/training/loop/eager-trainer.js';
import { graphTrainer } from '../../../src/training/loop/graph-trainer.js';
import { OPTIMIZERS, optimizerOf } from '../../../src/training/loop/optimizer.js';
import type { Trainer, TrainerOptions } from '../../../src/training/loop/trainer.js';
import { type Backbone, openBackbone } from '../../../src/transfer/backbone.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { type Batch, disposeBatch } from '../../../src/transfer/prepare/preparer.js';
import { picture } from '../../transfer/sample-data.js';
import { tinyImageNetwork } from '../../transfer/tiny-network.js';

const LABELS = ['a', 'b', 'c'];

async function examples(
  backbone: Backbone,
  from: number,
  count: number,
): Promise<{ batch: Batch; targets: Tensor2D }> {
  const { preparer } = backbone;
  const all = Array.from({ length: count }, (_, index) => preparer.prepare(picture(from + index)));
  const batch = preparer.batch(await Promise.all(all));
  const classes = Array.from({ length: count }, (_, index) =>
    LABELS.map((_, label) => (label === index % 3 ? 1 : 0)),
  );
  return { batch, targets: tf.tensor2d(classes, [count, 3]) };
}

function partsOf(backbone: Backbone, changes: Partial<TrainerOptions> = {}): TrainerOptions {
  const head = changes.head ?? classifier({ labels: LABELS, scaling: 'unit-length' });
  const kernel = Float32Array.from({ length: 12 }, (_, index) => Math.sin(index));
  const start = new Map([
    ['kernel', { shape: [4, 3], dtype: 'float32', data: kernel }],
    ['bias', { shape: [3], dtype: 'float32', data: new Float32Array(3) }],
  ] as const);
  const trainable = [...backbone.network.parameters.values()]
    .filter((one) => one.trainable)
    .map(({ name }) => name);
  return {
    backbone,
    head,
    start,
    trainable,
    given: [],
    optimizer: optimizerOf('adam'),
    clipNorm: 1,
    ...changes,
  };
}

/** Losses of steps with batches of several sizes, the head and the network's values afterwards. */
async function run(trainer: Trainer, backbone: Backbone) {
  const losses: number[] = [];
  for (const [step, size] of [6, 6, 3, 6, 5].entries()) {
    const { batch, targets } = await examples(backbone, 10 * step, size);
    losses.push(await trainer.step({ batch }, targets, 0.05, step));
    disposeBatch(batch);
    targets.dispose();
  }
  const head = [...(await trainer.finish()).values()].flatMap(({ data }) => [...data]);
  const network = [...backbone.network.parameters.values()].flatMap(({ value }) => [...value.dataSync()]);
  return { losses, numbers: [...head, ...network] };
}

describe('graph and eager', () => {
  let tensors = 0;
  beforeAll(() => {
    tf.scalar(1).dispose();
    tensors = tf.memory().numTensors;
  });
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

  it.each(OPTIMIZERS)('take the same steps with %s', async (name) => {
    const tiny = await tinyImageNetwork();
    const [one, two] = [await openBackbone(tiny), await openBackbone(tiny)];
    const changes = { optimizer: optimizerOf(name, name === 'adamw' ? 0.1 : undefined) };
    const example = await examples(two, 0, 2);
    const graph = await graphTrainer(partsOf(two, changes), example, (reason) => expect.fail(reason));
    if (graph === undefined) throw new Error('it becomes a graph');
    const eager = await run(eagerTrainer(partsOf(one, changes)), one);
    const native = await run(graph, two);
    for (const [step, loss] of native.losses.entries()) expect(loss).toBeCloseTo(eager.losses[step] ?? 0, 5);
    expect(native.numbers).toHaveLength(eager.numbers.length);
    for (const [at, value] of native.numbers.entries()) expect(value).toBeCloseTo(eager.numbers[at] ?? 0, 5);
    expect(Math.abs((native.losses.at(-1) ?? 0) - (native.losses[0] ?? 0))).toBeGreaterThan(1e-3);
    disposeBatch(example.batch);
    example.targets.dispose();
    one.dispose();
    two.dispose();
  });

  it.each([['a network that waits', { given: ['somewhere'] }, /waits for values/]] as const)(
    'says why there is no graph for %s',
    async (_, changes, reason) => {
      const backbone = await openBackbone(await tinyImageNetwork());
      const example = await examples(backbone, 0, 2);
      const reasons: string[] = [];
      expect(
        await graphTrainer(partsOf(backbone, changes), example, (why) => reasons.push(why)),
      ).toBeUndefined();
      expect(reasons.join()).toMatch(reason);
      disposeBatch(example.batch);
      example.targets.dispose();
      backbone.dispose();
    },
  );
});
