/** Trajectories of native optimisers: against Keras, and against formulas written down in the test. */
import { describe, expect, it } from 'vitest';
import type { Optimizer } from '../../../src/graph/native-training.js';
import golden from '../../golden/optimizers.json' with { type: 'json' };
import { trainEagerly } from './eager-training.js';
import { TINY_NETWORKS } from './tiny-networks.js';
import {
  batchOf,
  difference,
  freeBatches,
  freeOptions,
  type Given,
  made,
  optionsFor,
  run,
} from './trainings.js';

/** Of weights and losses, which are of about 1. */
const TOLERANCE = 1e-5;
const RATE = 0.05;
const STEPS = [0, 1, 2, 3, 4];

const KERNELS = ['kernel', 'head.kernel'];
const LIKE_KERAS: Readonly<Record<keyof typeof golden.cases, Given>> = {
  sgd: { optimizer: { kind: 'sgd' } },
  momentum: { optimizer: { kind: 'sgd', momentum: 0.9 } },
  adam: { optimizer: { kind: 'adam' } },
  adamw: { optimizer: { kind: 'adamw', decay: 0.1, decayed: KERNELS } },
  clipped: { optimizer: { kind: 'adam' }, clipNorm: 0.1 },
};

describe('five steps', () => {
  it.each(Object.entries(golden.cases))('are those of Keras: %s', async (name, expected) => {
    const tiny = TINY_NETWORKS.dense();
    const options = optionsFor(tiny, LIKE_KERAS[name as keyof typeof golden.cases]);
    const training = await made(tiny, options);
    const batches = STEPS.map((step) => batchOf(tiny, step));
    const { losses, weights } = await run(training, batches, RATE);
    losses.forEach((loss, step) => {
      expect(Math.abs(loss - (expected.losses[step] ?? Number.NaN)), `step ${step}`).toBeLessThan(TOLERANCE);
    });
    const names = ['kernel', 'bias', 'head.kernel', 'head.bias'];
    const inKeras = new Map(names.map((each, index) => [each, expected.weights[index] ?? []]));
    expect(difference(weights, inKeras)).toBeLessThan(TOLERANCE);
    training.dispose();
    freeOptions(options);
    freeBatches(batches);
    tiny.network.dispose();
  });

  const optimizers: readonly Optimizer[] = [
    { kind: 'sgd', momentum: 0.8 },
    { kind: 'adam', epsilon: 1e-5 },
    {
      kind: 'adamw',
      beta1: 0.8,
      beta2: 0.95,
      epsilon: 1e-5,
      decay: 0.2,
      decayed: ['first', 'words', 'kernel'],
    },
  ];
  const cases = Object.entries(TINY_NETWORKS).flatMap(([name, make]) =>
    optimizers.map((optimizer) => [name, optimizer.kind, make, optimizer] as const),
  );

  it.each(cases)('are those without a graph: %s by %s', async (_, __, make, optimizer) => {
    const tiny = make();
    const rates = new Map([['head.kernel', 2]]);
    const options = optionsFor(tiny, { optimizer, rates });
    const training = await made(tiny, options);
    const batches = STEPS.map((step) => batchOf(tiny, step));
    const found = await run(training, batches, RATE);
    const expected = trainEagerly(tiny.network, options, batches, RATE);
    expect(found.losses.at(-1)).not.toBeCloseTo(found.losses[0] ?? 0, 3);
    found.losses.forEach((loss, step) => {
      expect(Math.abs(loss - (expected.losses[step] ?? Number.NaN)), `step ${step}`).toBeLessThan(TOLERANCE);
    });
    expect(difference(found.weights, expected.weights)).toBeLessThan(TOLERANCE);
    training.dispose();
    freeOptions(options);
    freeBatches(batches);
    tiny.network.dispose();
  });
});
