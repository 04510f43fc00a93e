/** Layers that are unfrozen later: the memory of those that trained before goes on, as in PyTorch (scripts/golden/unfreezing.py). */
import { expect, it } from 'vitest';
import type { Optimizer } from '../../../src/graph/native-training.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import golden from '../../golden/unfreezing.json' with { type: 'json' };
import { TINY_NETWORKS } from './tiny-networks.js';
import { batchOf, difference, freeBatches, freeOptions, made, optionsFor, weightsOf } from './trainings.js';

const TOLERANCE = 1e-5;
const RATE = 0.05;
const [EPSILON, FROZEN_STEPS, ALL_STEPS] = [1e-12, 2, 3];

const OPTIMIZERS: Readonly<Record<keyof typeof golden.cases, Optimizer>> = {
  momentum: { kind: 'sgd', momentum: 0.9 },
  adam: { kind: 'adam', epsilon: EPSILON },
  adamw: { kind: 'adamw', decay: 0.1, decayed: ['kernel', 'head.kernel'], epsilon: EPSILON },
};

it.each(Object.entries(golden.cases))('%s goes on across unfreezing', async (name, expected) => {
  const tiny = TINY_NETWORKS.dense();
  const optimizer = OPTIMIZERS[name as keyof typeof golden.cases];
  const headAlone = optionsFor(tiny, { optimizer, trainable: [] });
  const all = optionsFor(tiny, { optimizer });
  const losses: number[] = [];
  const step = async (training: Awaited<ReturnType<typeof made>>) => {
    const batch = batchOf(tiny, losses.length);
    losses.push(await training.step(batch.inputs, batch.targets, RATE));
    freeBatches([batch]);
  };
  const first = await made(tiny, headAlone);
  for (let count = 0; count < FROZEN_STEPS; count++) await step(first);
  const [weights, slots] = [await first.weights(), await first.slots()];
  first.dispose();
  const second = await made(tiny, all);
  await second.load(weights, slots);
  for (let count = 0; count < ALL_STEPS; count++) await step(second);
  losses.forEach((loss, index) => {
    expect(Math.abs(loss - (expected.losses[index] ?? Number.NaN)), `step ${index}`).toBeLessThan(TOLERANCE);
  });
  const names = ['kernel', 'bias', 'head.kernel', 'head.bias'];
  const inPyTorch = new Map(names.map((each, index) => [each, expected.weights[index] ?? []]));
  expect(difference(await weightsOf(second), inPyTorch)).toBeLessThan(TOLERANCE);
  second.dispose();
  tf.dispose([...weights.values()]);
  for (const { tensors } of slots.values()) tf.dispose(Object.values(tensors));
  freeOptions(headAlone);
  freeOptions(all);
  tiny.network.dispose();
});
