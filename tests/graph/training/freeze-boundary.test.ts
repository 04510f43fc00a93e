/** Training from what is frozen: the same as from the examples, and without what lies before. */
import { describe, expect, it } from 'vitest';
import type { NativeTraining } from '../../../src/graph/native-training.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import { openNetwork } from '../../../src/transfer/open-network.js';
import { realModel } from '../../support/real-model.js';
import { thrownBy } from '../../support/thrown-by.js';
import type { Batch } from './eager-training.js';
import { FROZEN, type Frozen, mixing } from './frozen-networks.js';
import { crossEntropy, TINY_NETWORKS, type Tiny, targets } from './tiny-networks.js';
import {
  batchOf,
  difference,
  everythingIsFreed,
  freeBatches,
  type Given,
  made,
  optionsFor,
  run,
  tensorCounts,
  training,
  weightsOf,
} from './trainings.js';

const TOLERANCE = 1e-6;
const RATE = 0.05;

everythingIsFreed();

const SIZE = 6;

/** What is frozen of each batch, its rows computed in batches of other examples and another order. */
async function frozenOf(native: NativeTraining, batches: readonly Batch[]): Promise<Tensor[][]> {
  const names = Object.keys(batches[0]?.inputs ?? {});
  const together = (order: number[]) =>
    tf.tidy(() =>
      Object.fromEntries(
        names.map((name) => [
          name,
          tf.gather(
            tf.concat(batches.map(({ inputs }) => inputs[name] ?? tf.scalar(0))),
            tf.tensor1d(order, 'int32'),
          ),
        ]),
      ),
    );
  const count = batches.length * SIZE;
  // 7 has no divisor in common with the number of examples, so that each comes once.
  const order = Array.from({ length: count }, (_, index) => (index * 7 + 3) % count);
  const chunks = [order.slice(0, 5), order.slice(5, 6), order.slice(6)];
  const parts: Tensor[][] = [];
  for (const chunk of chunks) {
    const inputs = together(chunk);
    parts.push(await native.frozen(inputs));
    tf.dispose(inputs);
  }
  const frozen = batches.map((_, batch) =>
    Array.from({ length: parts[0]?.length ?? 0 }, (_, index) =>
      tf.tidy(() => {
        const all = tf.concat(parts.flatMap((part) => part[index] ?? []));
        const rows = Array.from({ length: SIZE }, (_, row) => order.indexOf(batch * SIZE + row));
        return tf.gather(all, tf.tensor1d(rows, 'int32'));
      }),
    ),
  );
  tf.dispose(parts);
  return frozen;
}

describe.each(Object.entries(FROZEN))('training %s', (_, { make, trained, boundary }: Frozen) => {
  it('cuts at the smallest place', async () => {
    await training(make, { trainable: trained }, async (native) => {
      expect(native.boundary?.map(({ shape }) => shape)).toEqual(boundary);
      for (const { shape, dtype, bytes } of native.boundary ?? []) {
        expect(dtype).toBe('float32');
        expect(bytes).toBe(4 * shape.reduce((product, size) => product * size, 1));
      }
    });
  });

  it.each([1, 3])('from there on in %i parts is training from the examples', async (accumulate) => {
    const given: Given = {
      trainable: trained,
      accumulate,
      optimizer: { kind: 'adam', epsilon: 1e-4 },
      clipNorm: 0.5,
      rates: new Map([['head.bias', 3]]),
    };
    await training(make, given, async (native, tiny) => {
      const batches = [0, 1, 2, 3].map((step) => batchOf(tiny, step, SIZE));
      const frozen = await frozenOf(native, batches);
      const expected = await run(native, batches, RATE);
      await training(make, given, async (other) => {
        const losses: number[] = [];
        for (const [step, tensors] of frozen.entries()) {
          const wanted = batches[step]?.targets ?? tf.scalar(0);
          losses.push(await other.stepFrom(tensors, wanted, RATE, { seed: step }));
        }
        losses.forEach((loss, step) => {
          expect(Math.abs(loss - (expected.losses[step] ?? Number.NaN)), `${step}`).toBeLessThan(TOLERANCE);
        });
        expect(expected.losses[3]).not.toBeCloseTo(expected.losses[0] ?? 0, 3);
        expect(difference(await weightsOf(other), expected.weights)).toBeLessThan(TOLERANCE);
        // What was frozen at the beginning still is.
        const [predicted, predictedFrom] = [
          await native.predict(batches[2]?.inputs ?? {}),
          await other.predictFrom(frozen[2] ?? []),
        ];
        const farthest = tf.tidy(() => tf.max(tf.abs(tf.sub(predicted, predictedFrom))).arraySync());
        expect(farthest).toBeLessThan(TOLERANCE * 10);
        tf.dispose([predicted, predictedFrom]);
      });
      tf.dispose(frozen);
      freeBatches(batches);
    });
  });
});

describe('a boundary', () => {
  const { make, trained } = FROZEN['one of two branches'] as Frozen;

  it('takes batches of any size, mixed with steps from examples', async () => {
    await training(make, { trainable: trained }, async (native, tiny) => {
      await training(make, { trainable: trained }, async (other) => {
        for (const size of [1, 2, 5, 9]) {
          const batch = batchOf(tiny, size, size);
          const frozen = await native.frozen(batch.inputs);
          expect(frozen.map(({ shape }) => shape)).toEqual([
            [size, 5, 5, 2],
            [size, 3, 3, 3],
          ]);
          const loss = await other.step(batch.inputs, batch.targets, RATE);
          const found =
            size === 2
              ? native.step(batch.inputs, batch.targets, RATE)
              : native.stepFrom(frozen, batch.targets, RATE);
          expect(Math.abs((await found) - loss)).toBeLessThan(TOLERANCE);
          tf.dispose(frozen);
          freeBatches([batch]);
        }
        expect(difference(await weightsOf(native), await weightsOf(other))).toBeLessThan(TOLERANCE);
        const slots = [await native.slots(), await other.slots()];
        expect(slots.map((each) => [...each.values()].map(({ steps }) => steps))).toEqual([
          [4, 4, 4, 4],
          [4, 4, 4, 4],
        ]);
      });
    });
  });

  it('draws dropout as a step from examples does', async () => {
    const loss: Given['loss'] = (features, wanted, head, random) =>
      crossEntropy(random.dropout(features, 0.4), wanted, head);
    await training(make, { trainable: trained, loss }, async (native, tiny) => {
      const batch = batchOf(tiny, 0, 40);
      const frozen = await native.frozen(batch.inputs);
      const draw = (seed: number) => native.stepFrom(frozen, batch.targets, 0, { seed });
      const expected = await native.step(batch.inputs, batch.targets, 0, { seed: 7 });
      expect(Math.abs((await draw(7)) - expected)).toBeLessThan(TOLERANCE);
      expect(Math.abs((await draw(8)) - expected)).toBeGreaterThan(1e-4);
      tf.dispose(frozen);
      freeBatches([batch]);
    });
  });

  it('keeps no tensors over 20 steps', async () => {
    await training(make, { trainable: trained, accumulate: 2 }, async (native, tiny) => {
      const batch = batchOf(tiny, 0, SIZE);
      const frozen = await native.frozen(batch.inputs);
      const counts = tensorCounts();
      for (let step = 0; step < 20; step++) {
        await native.stepFrom(frozen, batch.targets, RATE);
        tf.dispose([await native.predictFrom(frozen), ...(await native.frozen(batch.inputs))]);
      }
      expect(tensorCounts()).toEqual(counts);
      tf.dispose(frozen);
      freeBatches([batch]);
    });
  });

  it('is where texts of any length are pooled, if only the head trains', async () => {
    await training(TINY_NETWORKS.attention, { open: 'all', trainable: [] }, async (native) => {
      expect(native.open).toBe('all');
      expect(native.boundary).toEqual([{ shape: [6], dtype: 'float32', bytes: 24 }]);
    });
  });

  it('may be what is predicted', async () => {
    await training(make, { trainable: [], predict: (features) => features }, async (native, tiny) => {
      const { inputs, targets: wanted } = batchOf(tiny, 0, SIZE);
      const frozen = await native.frozen(inputs);
      const predicted = await native.predictFrom(frozen);
      expect(predicted.arraySync()).toEqual(frozen[0]?.arraySync());
      tf.dispose([...frozen, predicted]);
      freeBatches([{ inputs, targets: wanted }]);
    });
  });

  it.each<[string, () => Tiny, Given]>([
    ['all is trained', TINY_NETWORKS.convolutions, {}],
    ['only what is cheap is frozen', TINY_NETWORKS.convolutions, { trainable: ['first'] }],
    [
      'frozen tensors are of any length',
      TINY_NETWORKS.attention,
      { open: 'all', trainable: ['intermediate.bias'] },
    ],
    ['examples depend on each other', mixing, { trainable: ['last'] }],
  ])('is not there where %s, and training works without', async (_, network, given) => {
    await training(network, given, async (native, tiny) => {
      expect(native.boundary).toBeUndefined();
      const batch = batchOf(tiny, 0, SIZE);
      const refused = [
        native.frozen(batch.inputs),
        native.stepFrom([batch.targets], batch.targets, RATE),
        native.predictFrom([batch.targets]),
      ];
      for (const each of refused) expect(await thrownBy(() => each)).toMatchObject({ code: 'USAGE' });
      expect(await native.step(batch.inputs, batch.targets, RATE)).toBeGreaterThan(0);
      freeBatches([batch]);
    });
  });

  it('refuses what does not fit, and is not changed by it', async () => {
    await training(make, { trainable: trained }, async (native, tiny) => {
      const { inputs, targets: wanted } = batchOf(tiny, 0, SIZE);
      const old = await weightsOf(native);
      const frozen = await native.frozen(inputs);
      const [first, second] = frozen;
      if (first === undefined || second === undefined) throw new Error('two tensors are frozen');
      const [fewer, whole, wide] = [tf.slice(second, 0, 5), tf.cast(first, 'int32'), tf.ones([SIZE, 5])];
      for (const wrong of [[first], [second, first], [whole, second], [first, fewer]]) {
        expect(await thrownBy(() => native.stepFrom(wrong, wanted, RATE))).toMatchObject({ code: 'DATA' });
        expect(await thrownBy(() => native.predictFrom(wrong))).toMatchObject({ code: 'DATA' });
      }
      const others = targets(4, 0);
      expect(await thrownBy(() => native.stepFrom(frozen, others, RATE))).toMatchObject({
        code: 'DATA',
        found: '6, 6, 4',
      });
      expect(await thrownBy(() => native.stepFrom(frozen, wide, RATE))).toMatchObject({ code: 'DATA' });
      expect(await thrownBy(() => native.stepFrom(frozen, wanted, RATE, { seed: -1 }))).toMatchObject({
        code: 'USAGE',
      });
      expect(await thrownBy(() => native.frozen({ x: wide }))).toMatchObject({ code: 'DATA' });
      expect(difference(await weightsOf(native), old)).toBe(0);
      tf.dispose([...frozen, fewer, whole, wide, others]);
      freeBatches([{ inputs, targets: wanted }]);
    });
  });
});

describe('real networks', () => {
  interface Case {
    readonly reference: string;
    readonly cut: string;
    /** Positions that are pooled. */
    readonly axes: readonly number[];
    /** What the names of trained parameters begin with. */
    readonly trained: RegExp;
    readonly boundary: readonly (readonly number[])[];
  }

  const cases: readonly Case[] = [
    {
      reference: 'mobilenet-v2',
      cut: 'features.18',
      axes: [1, 2],
      trained: /^features\.1[5-8]\./,
      boundary: [[7, 7, 160]],
    },
    {
      reference: 'resnet50',
      cut: 'avg_pool',
      axes: [],
      trained: /^(res5b_branch2[bc]|bn5b_branch2[bc]|res5c|bn5c)/,
      boundary: [
        [7, 7, 512],
        [7, 7, 2048],
      ],
    },
  ];

  it.each(cases)('$reference trains from the boundary as from the examples', async (given) => {
    const { card, folder } = await realModel(given.reference);
    const network = await openNetwork(folder, card);
    network.truncate([given.cut]);
    const all = [...network.parameters.values()].filter(({ trainable }) => trainable);
    const trainable = all.map(({ name }) => name).filter((name) => given.trained.test(name));
    const pooling = (output: Tensor) =>
      output.rank === 2 ? output.clone() : tf.mean(output, [...given.axes]);
    const batches = [2, 3].map((rows, step) => ({
      inputs: {
        [network.inputs[0]?.name ?? '']: tf.randomUniform([rows, 224, 224, 3], -1, 1, 'float32', step),
      },
      targets: targets(rows, step),
    }));
    const width = tf.tidy(() => {
      const [output] = network.forward(batches[0]?.inputs ?? {}, [given.cut]);
      return output === undefined ? 0 : (pooling(output).shape[1] ?? 0);
    });
    const tiny: Tiny = {
      network,
      cut: given.cut,
      width,
      trainable,
      pooling,
      inputs: () => ({ ...batches[0]?.inputs }),
    };
    const options = optionsFor(tiny, { optimizer: { kind: 'sgd', momentum: 0.9 } });
    const [native, other] = [await made(tiny, options), await made(tiny, options)];
    expect(native.boundary?.map(({ shape }) => shape)).toEqual(given.boundary);
    const rate = 1e-3;
    const expected = await run(native, batches, rate);
    const losses: number[] = [];
    for (const { inputs, targets: wanted } of batches) {
      const frozen = await other.frozen(inputs);
      losses.push(await other.stepFrom(frozen, wanted, rate));
      tf.dispose(frozen);
    }
    losses.forEach((loss, step) => {
      expect(Math.abs(loss / (expected.losses[step] ?? Number.NaN) - 1)).toBeLessThan(TOLERANCE);
    });
    expect(difference(await weightsOf(other), expected.weights)).toBeLessThan(TOLERANCE);
    native.dispose();
    other.dispose();
    tf.dispose([...options.head.map(({ value }) => value), options.example.targets]);
    freeBatches(batches);
    network.dispose();
  });
});
