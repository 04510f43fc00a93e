import { describe, expect, it } from 'vitest';
import { nativeTraining, type Optimizer } from '../../../src/graph/native-training.js';
import { Randomness } from '../../../src/graph/training/randomness.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import { temporaryFolder as makeFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { trainEagerly } from './eager-training.js';
import { crossEntropy, numbers, TINY_NETWORKS, type Tiny, targets } from './tiny-networks.js';
import {
  batchOf,
  difference,
  everythingIsFreed,
  freeBatches,
  freeOptions,
  type Given,
  made,
  numbersOf,
  optionsFor,
  run,
  tensorCounts,
  training,
  weightsOf,
} from './trainings.js';

const TOLERANCE = 1e-5;
const RATE = 0.05;
const ADAM: Optimizer = { kind: 'adam', epsilon: 1e-5 };
const MOMENTUM: Optimizer = { kind: 'sgd', momentum: 0.9 };

everythingIsFreed();

describe('a training session', () => {
  it.each([1, 2, 5, 11])('takes batches of %i examples, whatever it was traced with', async (size) => {
    await training(TINY_NETWORKS.convolutions, { optimizer: MOMENTUM }, async (native, tiny) => {
      const batches = [0, 1].map((step) => batchOf(tiny, step, size));
      const found = await run(native, batches, RATE);
      const options = optionsFor(tiny, { optimizer: MOMENTUM });
      const expected = trainEagerly(tiny.network, options, batches, RATE);
      expect(difference(found.weights, expected.weights)).toBeLessThan(TOLERANCE);
      freeOptions(options);
      freeBatches(batches);
    });
  });

  it('takes other lengths of texts where all sizes are open', async () => {
    await training(TINY_NETWORKS.attention, { open: 'all', optimizer: MOMENTUM }, async (native, tiny) => {
      expect(native.open).toBe('all');
      const ids = tf.tidy(() =>
        tf.cast(
          tf
            .range(0, 4 * 11, 1, 'int32')
            .reshape([4, 11])
            .mod(11),
          'int32',
        ),
      );
      const batches = [{ inputs: { ids }, targets: targets(4, 1) }];
      const found = await run(native, batches, RATE);
      const options = optionsFor(tiny, { optimizer: MOMENTUM });
      const expected = trainEagerly(tiny.network, options, batches, RATE);
      expect(difference(found.weights, expected.weights)).toBeLessThan(TOLERANCE);
      freeOptions(options);
      freeBatches(batches);
    });
  });

  it.each([2, 3, 4])(
    'trains a batch in %i parts as it does at once, clipping what they give together',
    async (parts) => {
      const given: Given = { optimizer: ADAM, clipNorm: 0.2 };
      await training(TINY_NETWORKS.convolutions, given, async (whole, tiny) => {
        const batches = [0, 1, 2].map((step) => batchOf(tiny, step, 7));
        const expected = await run(whole, batches, RATE);
        await training(TINY_NETWORKS.convolutions, { ...given, accumulate: parts }, async (native) => {
          const found = await run(native, batches, RATE);
          expect(difference(found.weights, expected.weights)).toBeLessThan(TOLERANCE);
          found.losses.forEach((loss, step) => {
            expect(Math.abs(loss - (expected.losses[step] ?? Number.NaN))).toBeLessThan(TOLERANCE);
          });
          // A batch of one has no parts.
          const single = batchOf(tiny, 4, 1);
          expect(await native.step(single.inputs, single.targets, 0)).toBeGreaterThan(0);
          freeBatches([single]);
        });
        freeBatches(batches);
      });
    },
  );

  it('clips by the norm of all gradients together, and leaves shorter ones alone', async () => {
    const normOfChange = async (clipNorm: number | undefined) => {
      let norm = 0;
      await training(TINY_NETWORKS.dense, { clipNorm }, async (native, tiny) => {
        const batches = [batchOf(tiny, 0)];
        const old = await weightsOf(native);
        const { weights } = await run(native, batches, 1);
        norm = Math.hypot(
          ...[...weights].flatMap(([name, values]) =>
            values.map((value, index) => value - (old.get(name)?.[index] ?? Number.NaN)),
          ),
        );
        freeBatches(batches);
      });
      return norm;
    };
    const free = await normOfChange(undefined);
    expect(free).toBeGreaterThan(0.1);
    expect(await normOfChange(free * 1.5)).toBeCloseTo(free, 5);
    expect(await normOfChange(free / 3)).toBeCloseTo(free / 3, 5);
  });

  it.each([
    ['sgd', MOMENTUM],
    ['adam', ADAM],
  ] as const)('goes on from saved weights and slots as if it had not stopped: %s', async (_, optimizer) => {
    await training(TINY_NETWORKS.convolutions, { optimizer }, async (native, tiny) => {
      const batches = [0, 1, 2, 3].map((step) => batchOf(tiny, step));
      await run(native, batches.slice(0, 2), RATE);
      const [weights, slots] = [await native.weights(), await native.slots()];
      const uninterrupted = await run(native, batches.slice(2), RATE);
      // What was saved is not changed by the steps that came after.
      expect([...slots.values()].map(({ steps }) => steps)).toEqual([...slots].map(() => 2));
      await training(TINY_NETWORKS.convolutions, { optimizer }, async (other) => {
        await other.load(weights, slots);
        expect(await run(other, batches.slice(2), RATE)).toEqual(uninterrupted);
        await other.load(weights);
        const anew = await run(other, batches.slice(2), RATE);
        expect(difference(anew.weights, uninterrupted.weights)).toBeGreaterThan(1e-3);
      });
      tf.dispose([
        ...weights.values(),
        ...[...slots.values()].flatMap(({ tensors }) => Object.values(tensors)),
      ]);
      freeBatches(batches);
    });
  });

  it('counts the steps of each parameter, so that one that comes later begins as a new one', async () => {
    const tiny = TINY_NETWORKS.dense();
    const batches = [0, 1, 2].map((step) => batchOf(tiny, step));
    const headOnly = optionsFor(tiny, { optimizer: ADAM, trainable: [] });
    const first = await made(tiny, headOnly);
    await run(first, batches.slice(0, 2), RATE);
    const [weights, slots] = [await first.weights(), await first.slots()];
    await training(TINY_NETWORKS.dense, { optimizer: ADAM }, async (native) => {
      await native.load(weights, slots);
      await run(native, batches.slice(2), RATE);
      const later = await native.slots();
      expect(later.get('head.kernel')?.steps).toBe(3);
      expect(later.get('kernel')?.steps).toBe(1);
      // At its first step Adam moves a weight by the rate, whatever the gradient.
      const moved = numbersOf(await native.weights()).get('kernel') ?? [];
      const old = [...(tiny.network.parameters.get('kernel')?.value.dataSync() ?? [])];
      const distances = moved.map((value, index) => Math.abs(value - (old[index] ?? Number.NaN)));
      expect(Math.max(...distances)).toBeGreaterThan(RATE * 0.99);
      expect(Math.max(...distances)).toBeLessThan(RATE * 1.001);
      tf.dispose([...later.values()].flatMap(({ tensors }) => Object.values(tensors)));
    });
    first.dispose();
    tf.dispose([
      ...weights.values(),
      ...[...slots.values()].flatMap(({ tensors }) => Object.values(tensors)),
    ]);
    freeBatches(batches);
    freeOptions(headOnly);
    tiny.network.dispose();
  });

  it('predicts with the weights of the moment', async () => {
    await training(TINY_NETWORKS.dense, {}, async (native, tiny) => {
      const batches = [batchOf(tiny, 0)];
      const wanted = batches[0]?.inputs ?? {};
      const initial = await native.predict(wanted);
      await run(native, batches, 0.5);
      const trained = await native.predict(wanted);
      const [features] = tiny.network.forward(wanted, ['hidden']);
      expect(initial.arraySync()).toEqual(features?.arraySync());
      expect(trained.arraySync()).not.toEqual(initial.arraySync());
      tf.dispose([initial, trained, features].flatMap((tensor) => tensor ?? []));
      freeBatches(batches);
    });
  });

  it('draws dropout from the seed of the step, as it is drawn without a graph', async () => {
    const loss: Given['loss'] = (features, wanted, head, random) =>
      crossEntropy(random.dropout(random.dropout(features, 0.3), 0.5), wanted, head);
    await training(TINY_NETWORKS.dense, { loss }, async (native, tiny) => {
      const batches = [0, 1, 2].map((step) => batchOf(tiny, step, 40));
      const [batch] = batches;
      if (batch === undefined) throw new Error('no batch');
      const drawn = async (seed: number) => native.step(batch.inputs, batch.targets, 0, { seed });
      expect(await drawn(3)).toBe(await drawn(3));
      expect(await drawn(3)).not.toBe(await drawn(4));
      const found = await run(native, batches, RATE);
      const options = optionsFor(tiny, { loss });
      expect(
        difference(found.weights, trainEagerly(tiny.network, options, batches, RATE).weights),
      ).toBeLessThan(TOLERANCE);
      freeOptions(options);
      freeBatches(batches);
    });
  });

  it('needs the same memory after 200 steps', async () => {
    await training(TINY_NETWORKS.convolutions, { optimizer: ADAM, accumulate: 2 }, async (native, tiny) => {
      const batch = batchOf(tiny, 0, 64);
      const steps = async (count: number) => {
        for (let step = 0; step < count; step++) await native.step(batch.inputs, batch.targets, 1e-3);
        return { tensors: tensorCounts(), memory: process.memoryUsage.rss() };
      };
      const early = await steps(50);
      const late = await steps(150);
      expect(late.tensors).toEqual(early.tensors);
      expect(late.memory - early.memory).toBeLessThan(16 * 2 ** 20);
      freeBatches([batch]);
    });
  });

  it('refuses what does not fit, and is not changed by it', async () => {
    await training(TINY_NETWORKS.dense, { optimizer: ADAM }, async (native, tiny) => {
      const old = await weightsOf(native);
      const { inputs, targets: wanted } = batchOf(tiny, 0);
      const [wide, ids] = [numbers(3, 6, 5), tf.ones([6, 4], 'int32')];
      for (const x of [wide, ids]) {
        expect(await thrownBy(() => native.step({ x }, wanted, RATE))).toMatchObject({
          code: 'DATA',
          expected: '[any, 4]',
        });
      }
      expect(await thrownBy(() => native.step(inputs, wide, RATE))).toMatchObject({ code: 'DATA' });
      const fewer = targets(5, 0);
      expect(await thrownBy(() => native.step(inputs, fewer, RATE))).toMatchObject({ code: 'DATA' });
      expect(await thrownBy(() => native.step(inputs, wanted, RATE, { seed: -1 }))).toMatchObject({
        code: 'USAGE',
      });
      const loads = [
        native.load(new Map([['kernel', wide]])),
        native.load(new Map([['cernel', wide]])),
        native.load(new Map(), new Map([['kernel', { steps: 1, tensors: { m: wide, v: wide } }]])),
      ];
      for (const load of loads) expect(await thrownBy(() => load)).toMatchObject({ code: 'DATA' });
      expect(difference(await weightsOf(native), old)).toBe(0);
      native.dispose();
      expect(await thrownBy(() => native.step(inputs, wanted, RATE))).toMatchObject({ code: 'USAGE' });
      tf.dispose([...Object.values(inputs), wanted, wide, ids, fewer]);
    });
  });
});

describe('nativeTraining', () => {
  async function reasonFor(make: () => Tiny, given: Given): Promise<string> {
    const tiny = make();
    const reasons: string[] = [];
    const options = optionsFor(tiny, given);
    const native = await nativeTraining(tiny.network, {
      ...options,
      onRefusal: (reason) => reasons.push(reason),
    });
    expect(native).toBeUndefined();
    freeOptions(options);
    tiny.network.dispose();
    expect(reasons).toHaveLength(1);
    return reasons[0] ?? '';
  }

  it('refuses a loss that reads a value, which would be frozen into the graph', async () => {
    const loss: Given['loss'] = (features, wanted, head) => {
      const [largest = 1] = tf.max(tf.abs(features)).dataSync();
      return tf.mul(crossEntropy(features, wanted, head), largest);
    };
    expect(await reasonFor(TINY_NETWORKS.dense, { loss })).toMatch(/reads the value of a tensor/);
  });

  it("refuses JavaScript's random numbers", async () => {
    const loss: Given['loss'] = (features, wanted, head) =>
      crossEntropy(tf.dropout(features, 0.5), wanted, head);
    expect(await reasonFor(TINY_NETWORKS.dense, { loss })).toMatch(/can't become a native graph/);
  });

  it('names a parameter on which the loss does not depend', async () => {
    const loss: Given['loss'] = (features) => tf.mean(features);
    expect(await reasonFor(TINY_NETWORKS.dense, { loss })).toMatch(/does not depend.*head\.kernel/);
  });

  it('names an operation that has no gradient', async () => {
    const loss: Given['loss'] = (features, wanted, head) => {
      const bins = tf.engine().runKernel<Tensor>(
        'Bincount',
        {
          x: tf.cast(features.flatten(), 'int32'),
          weights: features.flatten(),
        },
        { size: 4 },
      );
      return tf.add(crossEntropy(features, wanted, head), tf.sum(bins));
    };
    expect(await reasonFor(TINY_NETWORKS.dense, { loss })).toMatch(/Bincount/);
  });

  it('refuses a graph that gives something else than the network', async () => {
    // Traced twice, then compared: the third time it is another loss.
    let calls = 0;
    const loss: Given['loss'] = (features, wanted, head) => {
      calls += 1;
      return tf.mul(crossEntropy(features, wanted, head), calls > 2 ? 2 : 1);
    };
    expect(await reasonFor(TINY_NETWORKS.dense, { loss })).toMatch(/gives something else.*loss/);
  });

  it('says what TensorFlow or the disk has against it', async () => {
    const temporaryFolder = `${await makeFolder()}/missing`;
    expect(await reasonFor(TINY_NETWORKS.attention, { temporaryFolder })).toMatch(/ENOENT/);
  });

  it('throws for options that no other way of training would take', async () => {
    const cases: readonly [Given, string][] = [
      [{ trainable: ['cernel'] }, 'NOT_FOUND'],
      [{ cut: 'hiden' }, 'NOT_FOUND'],
      [{ trainable: ['kernel', 'kernel'] }, 'USAGE'],
      [{ trainable: [], head: [] }, 'USAGE'],
      [{ clipNorm: 0 }, 'USAGE'],
      [{ accumulate: 1.5 }, 'USAGE'],
      [{ loss: (features) => features }, 'USAGE'],
    ];
    for (const [given, code] of cases) {
      const tiny = TINY_NETWORKS.dense();
      const options = optionsFor(tiny);
      expect(await thrownBy(() => made(tiny, { ...options, ...given })), JSON.stringify(given)).toMatchObject(
        {
          code,
        },
      );
      freeOptions(options);
      tiny.network.dispose();
    }
  });
});

describe('native random numbers', () => {
  it('come from the seed and their place, and dropout keeps what it should', async () => {
    tf.tidy(() => {
      const random = new Randomness(tf.tensor1d([5, 0], 'int32'));
      const x = tf.ones([1000]);
      const [first, second] = [random.dropout(x, 0.25), random.dropout(x, 0.25)];
      expect(first.arraySync()).not.toEqual(second.arraySync());
      const kept = [...first.dataSync()].filter((value) => value !== 0);
      expect(kept.every((value) => Math.abs(value - 4 / 3) < 1e-6)).toBe(true);
      expect(kept.length).toBeGreaterThan(700);
      expect(kept.length).toBeLessThan(800);
    });
    const [seed, x] = [tf.tensor1d([5, 0], 'int32'), tf.scalar(1)];
    expect(await thrownBy(() => new Randomness(seed).dropout(x, 1))).toMatchObject({ code: 'USAGE' });
    tf.dispose([seed, x]);
  });
});
