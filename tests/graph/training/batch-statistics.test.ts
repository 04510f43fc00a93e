/** BatchNorm on statistics of the batch: against Keras, and against the formulas written down in the test. */
import { describe, expect, it } from 'vitest';
import { type Tensor, type Tensor1D, tf } from '../../../src/runtime/tensorflow.js';
import { openNetwork } from '../../../src/transfer/open-network.js';
import golden from '../../golden/batch-statistics.json' with { type: 'json' };
import { realModel } from '../../support/real-model.js';
import { thrownBy } from '../../support/thrown-by.js';
import { trainEagerly } from './eager-training.js';
import {
  type Apply,
  asItIs,
  convolutions,
  logits,
  map,
  network,
  numbers,
  overTheMap,
  TINY_NETWORKS,
  type Tiny,
  targets,
} from './tiny-networks.js';
import {
  batchOf,
  difference,
  everythingIsFreed,
  freeBatches,
  freeOptions,
  type Given,
  made,
  optionsFor,
  run,
  training,
  weightsOf,
} from './trainings.js';

/** Of weights, statistics and losses, which are of about 1. */
const TOLERANCE = 1e-5;
const RATE = 0.05;

everythingIsFreed();

interface Kind {
  readonly maps: boolean;
  readonly scale: boolean;
  readonly center: boolean;
}

/** The network of `scripts/golden/batch-statistics.py`. */
function likeKeras({ maps, scale, center }: Kind): Tiny {
  const weights = {
    ...(scale ? { 'norm.scale': { shape: [4], k: 5 } } : {}),
    ...(center ? { 'norm.offset': { shape: [4], k: 7 } } : {}),
    'norm.mean': { shape: [4], k: 3, statistic: true },
    'norm.variance': { shape: [4], k: 11, statistic: true },
  };
  const normalise: Apply = (x, parameters) => {
    const rows = parameters.map((each) => each.as1D());
    const [mean, variance] = rows.slice(-2);
    if (mean === undefined || variance === undefined) throw new RangeError('a BatchNorm lacks statistics');
    return tf.batchNorm(
      x,
      mean,
      variance,
      center ? rows.at(-3) : undefined,
      scale ? rows[0] : undefined,
      1e-3,
    );
  };
  const shape = maps ? [null, 9, 9, 3] : [null, 7];
  const made = network({ name: 'x', shape, dtype: 'float32' }, [
    {
      name: 'first',
      weights: { first: { shape: maps ? [3, 3, 3, 4] : [7, 4], k: 13 } },
      apply: (x, [kernel = x]) =>
        maps
          ? tf.conv2d(map(x), map(kernel), 2, 'same')
          : tf.matMul(x.as2D(x.shape[0] ?? 0, 7), kernel.as2D(7, 4)),
    },
    { name: 'norm', weights, apply: normalise },
    { name: 'relu', weights: {}, apply: (x) => tf.relu(x) },
  ]);
  const inner = shape.slice(1).map((size) => size ?? 0);
  return {
    network: made,
    cut: 'relu',
    width: 4,
    trainable: ['first', ...(scale ? ['norm.scale'] : []), ...(center ? ['norm.offset'] : [])],
    pooling: maps ? overTheMap : asItIs,
    inputs: (batch, k) => ({ x: tf.tidy(() => tf.mul(numbers(k, batch, ...inner), 0.7312)) }),
  };
}

describe('five steps', () => {
  it.each(Object.entries(golden.cases))('are those of Keras: %s', async (_, expected) => {
    const tiny = likeKeras(expected);
    const normalisation = expected.normalisation === 'batch' ? 'batch' : 'stored';
    const given: Given = { normalisation, normalisationMomentum: expected.momentum, predict: logits };
    await training(
      () => tiny,
      given,
      async (native) => {
        const batches = [0, 1, 2, 3, 4].map((step) => batchOf(tiny, step));
        const { losses, weights } = await run(native, batches, RATE);
        losses.forEach((loss, step) => {
          expect(Math.abs(loss - (expected.losses[step] ?? Number.NaN)), `step ${step}`).toBeLessThan(
            TOLERANCE,
          );
        });
        const names = Object.entries(expected.weights).filter(
          ([name]) => normalisation === 'batch' || !/mean|variance/.test(name),
        );
        expect(difference(weights, new Map(names))).toBeLessThan(TOLERANCE);
        const predictions = await native.predict(batches[4]?.inputs ?? {});
        const found = new Map([['predictions', [...predictions.dataSync()]]]);
        expect(difference(found, new Map([['predictions', expected.predictions]]))).toBeLessThan(TOLERANCE);
        predictions.dispose();
        freeBatches(batches);
      },
    );
  });
});

interface Seen {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** A BatchNorm on the batch's own statistics, which are written down. */
function normaliseSeen(seen: Seen[]): Apply {
  return (x, parameters) => {
    const [scale, offset] = parameters.map((each): Tensor1D => each.as1D());
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    const count = x.size / (x.shape[3] ?? 1);
    seen.push({
      mean: [...mean.dataSync()],
      variance: [...tf.mul(variance, count / (count - 1)).dataSync()],
    });
    const normalised = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3)));
    return tf.add(tf.mul(normalised, scale ?? 1), offset ?? 0);
  };
}

const NORMS = ['before', 'first.norm', 'by-channel.norm', 'last.norm'];
const STATISTICS = NORMS.flatMap((norm) => [`${norm}.mean`, `${norm}.variance`]);

describe('statistics of the batch', () => {
  it.each([2, 6, 11])('give the gradients that formulas give, for batches of %i', async (size) => {
    const given: Given = {
      normalisation: 'batch',
      normalisationMomentum: 0.7,
      optimizer: { kind: 'sgd', momentum: 0.9 },
    };
    const tiny = convolutions();
    await training(
      () => tiny,
      given,
      async (native) => {
        const batches = [0, 1, 2].map((step) => batchOf(tiny, step, size));
        const running = new Map(STATISTICS.map((name) => [name, listOf(tiny, name)]));
        const found = await run(native, batches, RATE);
        const seen: Seen[] = [];
        const twin = convolutions(normaliseSeen(seen));
        const options = optionsFor(twin, given);
        const expected = trainEagerly(twin.network, options, batches, RATE);
        found.losses.forEach((loss, step) => {
          expect(Math.abs(loss - (expected.losses[step] ?? Number.NaN))).toBeLessThan(TOLERANCE);
        });
        seen.forEach(({ mean, variance }, index) => {
          const norm = NORMS[index % NORMS.length];
          for (const [name, batch] of [
            [`${norm}.mean`, mean] as const,
            [`${norm}.variance`, variance] as const,
          ]) {
            const old = running.get(name) ?? [];
            running.set(
              name,
              old.map((value, channel) => value * 0.7 + (batch[channel] ?? Number.NaN) * 0.3),
            );
          }
        });
        expect(seen).toHaveLength(3 * NORMS.length);
        expect(difference(found.weights, new Map([...expected.weights, ...running]))).toBeLessThan(TOLERANCE);
        twin.network.dispose();
        freeOptions(options);
        freeBatches(batches);
      },
    );
  });

  it('are those of each part of a batch that is trained in parts', async () => {
    const given: Given = { normalisation: 'batch', normalisationMomentum: 0.5 };
    const tiny = convolutions();
    await training(
      () => tiny,
      given,
      async (native) => {
        await training(convolutions, { ...given, accumulate: 2 }, async (inParts) => {
          const whole = batchOf(tiny, 0, 8);
          const halves = [0, 4].map((from) => ({
            inputs: { x: tf.slice(whole.inputs.x ?? whole.targets, from, 4) },
            targets: tf.slice(whole.targets, from, 4),
          }));
          // Without a rate nothing but the statistics changes.
          const { losses, weights } = await run(native, halves, 0);
          const found = await run(inParts, [whole], 0);
          expect(found.losses[0]).toBeCloseTo(((losses[0] ?? 0) + (losses[1] ?? 0)) / 2, 5);
          expect(difference(found.weights, weights)).toBeLessThan(TOLERANCE);
          freeBatches([whole, ...halves]);
        });
      },
    );
  });

  it('are followed by those that predictions take, and that weights give', async () => {
    const tiny = convolutions();
    await training(
      () => tiny,
      { normalisation: 'batch', normalisationMomentum: 0 },
      async (native) => {
        const { inputs, targets: wanted } = batchOf(tiny, 0);
        const initial = await native.predict(inputs);
        const [asStored] = tiny.network.forward(inputs, [tiny.cut]);
        const pooled = overTheMap(asStored ?? initial);
        expect(farthest(initial, pooled)).toBeLessThan(TOLERANCE);
        await native.step(inputs, wanted, 0);
        const later = await native.predict(inputs);
        expect(farthest(later, pooled)).toBeGreaterThan(0.01);
        const weights = await native.weights();
        for (const [name, value] of weights) {
          if (tiny.network.parameters.has(name)) tiny.network.assign(name, value);
          else value.dispose();
        }
        const [assigned] = tiny.network.forward(inputs, [tiny.cut]);
        const pooledLater = overTheMap(assigned ?? initial);
        expect(farthest(later, pooledLater)).toBeLessThan(TOLERANCE);
        tf.dispose([initial, later, pooled, pooledLater, wanted, inputs]);
        tf.dispose([asStored, assigned].flatMap((tensor) => tensor ?? []));
      },
    );
  });

  it('go on from saved ones', async () => {
    const given: Given = { normalisation: 'batch', optimizer: { kind: 'adam', epsilon: 1e-3 } };
    const tiny = convolutions();
    await training(
      () => tiny,
      given,
      async (native) => {
        const batches = [0, 1, 2].map((step) => batchOf(tiny, step));
        await run(native, batches.slice(0, 1), RATE);
        const [weights, slots] = [await native.weights(), await native.slots()];
        expect([...slots.keys()].filter((name) => STATISTICS.includes(name))).toEqual([]);
        const expected = await run(native, batches.slice(1), RATE);
        await training(convolutions, given, async (other) => {
          await other.load(weights, slots);
          expect(await run(other, batches.slice(1), RATE)).toEqual(expected);
          const wide = tf.ones([3, 3]);
          expect(await thrownBy(() => other.load(new Map([['before.mean', wide]])))).toMatchObject({
            code: 'DATA',
          });
          wide.dispose();
        });
        tf.dispose([
          ...weights.values(),
          ...[...slots.values()].flatMap(({ tensors }) => Object.values(tensors)),
        ]);
        freeBatches(batches);
      },
    );
  });

  it('are taken where scale or offset trains, and what is frozen before stays so', async () => {
    const given: Given = {
      normalisation: 'batch',
      normalisationMomentum: 0.5,
      trainable: ['by-channel', 'by-channel.norm.scale', 'last', 'last.bias', 'last.norm.offset'],
    };
    const tiny = convolutions();
    await training(
      () => tiny,
      given,
      async (native) => {
        // Predictions are another pass, but not from another boundary.
        expect(native.boundary?.map(({ shape }) => shape)).toEqual([[5, 5, 4]]);
        await training(convolutions, given, async (other) => {
          const batches = [0, 1, 2].map((step) => batchOf(tiny, step));
          const found = await run(native, batches, RATE);
          expect([...found.weights.keys()].filter((name) => STATISTICS.includes(name)).sort()).toEqual([
            'by-channel.norm.mean',
            'by-channel.norm.variance',
            'last.norm.mean',
            'last.norm.variance',
          ]);
          for (const [step, { inputs, targets: wanted }] of batches.entries()) {
            const frozen = await other.frozen(inputs);
            const loss = await other.stepFrom(frozen, wanted, RATE);
            expect(Math.abs(loss - (found.losses[step] ?? Number.NaN))).toBeLessThan(TOLERANCE);
            const [predicted, predictedFrom] = [
              await native.predict(inputs),
              await other.predictFrom(frozen),
            ];
            if (step === 2) expect(farthest(predicted, predictedFrom)).toBeLessThan(TOLERANCE);
            tf.dispose([...frozen, predicted, predictedFrom]);
          }
          expect(difference(await weightsOf(other), found.weights)).toBeLessThan(TOLERANCE);
          freeBatches(batches);
        });
      },
    );
  });

  it.each([
    [['first'], true],
    [[], false],
  ] as const)('are taken without scale and offset behind what trains: %j', async (trainable, taken) => {
    const tiny = likeKeras({ maps: true, scale: false, center: false });
    await training(
      () => tiny,
      { normalisation: 'batch', trainable },
      async (native) => {
        const names = [...(await weightsOf(native)).keys()];
        expect(names.includes('norm.mean')).toBe(taken);
      },
    );
  });

  it('stay as they are in a network without any, and where nobody asks', async () => {
    for (const [make, given] of [
      [TINY_NETWORKS.dense, { normalisation: 'batch' }],
      [TINY_NETWORKS.convolutions, {}],
    ] as const) {
      const tiny = make();
      await training(
        () => tiny,
        given,
        async (native) => {
          const batches = [batchOf(tiny, 0)];
          const { weights } = await run(native, batches, RATE);
          expect([...weights.keys()].filter((name) => !name.startsWith('head.')).sort()).toEqual(
            [...tiny.trainable].sort(),
          );
          freeBatches(batches);
        },
      );
    }
  });

  it('refuse a momentum that lets nothing follow', async () => {
    const tiny = convolutions();
    const options = optionsFor(tiny, { normalisation: 'batch', normalisationMomentum: 1 });
    expect(await thrownBy(() => made(tiny, options))).toMatchObject({ code: 'USAGE' });
    freeOptions(options);
    tiny.network.dispose();
  });
});

describe('mobilenet-v2', () => {
  it('takes statistics of pictures in all of its 52 BatchNorms', async () => {
    const { card, folder } = await realModel('mobilenet-v2');
    const made = await openNetwork(folder, card);
    made.truncate(['features.18']);
    const inputs = (batch: number) => ({
      [made.inputs[0]?.name ?? '']: tf.randomUniform([batch, 224, 224, 3], -1, 1, 'float32', 5),
    });
    const all = [...made.parameters.values()].filter(({ trainable }) => trainable);
    const tiny: Tiny = {
      network: made,
      cut: 'features.18',
      width: 1280,
      trainable: all.map(({ name }) => name),
      pooling: overTheMap,
      inputs,
    };
    const given: Given = {
      normalisation: 'batch',
      normalisationMomentum: 0,
      optimizer: { kind: 'sgd', momentum: 0.9 },
    };
    await training(
      () => tiny,
      given,
      async (native) => {
        const batch = { inputs: inputs(3), targets: targets(3, 0) };
        const { weights } = await run(native, [batch], 0);
        expect([...weights.keys()].filter((name) => /running_(mean|var)$/.test(name))).toHaveLength(104);
        const [convolved = tf.scalar(0)] = made.forward(batch.inputs, ['features.0.0']);
        const { mean, variance } = tf.moments(convolved, [0, 1, 2]);
        const count = convolved.size / 32;
        const seen = new Map([
          ['mean', [...mean.dataSync()]],
          ['var', Array.from(variance.dataSync(), (value) => (value * count) / (count - 1))],
        ]);
        tf.dispose([convolved, mean, variance]);
        const found = [...seen.keys()].map(
          (name) => [name, weights.get(`features.0.1.running_${name}`) ?? []] as const,
        );
        expect(difference(new Map(found), seen)).toBeLessThan(TOLERANCE);
        const { losses } = await run(native, [batch, batch, batch, batch], 0.01);
        expect(losses[3]).toBeLessThan((losses[0] ?? 0) * 0.9);
        freeBatches([batch]);
      },
    );
  });
});

function farthest(a: Tensor, b: Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] ?? Number.NaN);
}

function listOf(tiny: Tiny, name: string): number[] {
  return [...(tiny.network.parameters.get(name)?.value.dataSync() ?? [])];
}
