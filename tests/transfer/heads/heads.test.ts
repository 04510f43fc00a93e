import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/data/random.js';
import type { Weight, Weights } from '../../../src/formats/weight.js';
import { type Tensor, type Tensor2D, tf } from '../../../src/runtime/tensorflow.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { FittedHead } from '../../../src/transfer/heads/fitted-head.js';
import type { Head } from '../../../src/transfer/heads/head.js';
import { HEAD_KINDS, readHead } from '../../../src/transfer/heads/head-kinds.js';
import { meanLoss } from '../../../src/transfer/heads/loss.js';
import { multiLabel } from '../../../src/transfer/heads/multi-label.js';
import { nearestMean } from '../../../src/transfer/heads/nearest-mean.js';
import { nearestNeighbours } from '../../../src/transfer/heads/nearest-neighbours.js';
import { regressor } from '../../../src/transfer/heads/regressor.js';
import { foldStandard, standardised, standardOf } from '../../../src/transfer/heads/standardise.js';
import { float32 } from '../../../src/transfer/heads/weight-data.js';
import { thrownBy } from '../../support/thrown-by.js';

const labels = ['cat', 'dog', 'cow'];
const HEADS: readonly [string, Head][] = [
  ['linear', classifier({ labels })],
  ['hidden', classifier({ labels, hidden: 7, dropout: 0.5 })],
  ['multi-label', multiLabel({ labels })],
  ['regression', regressor()],
  ['nearest-mean', nearestMean({ labels })],
  ['nearest-neighbours', nearestNeighbours({ labels, k: 2 })],
];
const WIDTH = 5;

/** Numbers of the right shapes, not trained. */
function numbersFor(head: Head, random: Random): Weights {
  const shapes = [...head.shapes(WIDTH)].map(([name, shape]): [string, Weight] => {
    const sizes = shape.map((size) => size ?? 6);
    const length = sizes.reduce((product, size) => product * size, 1);
    if (name === 'classes') {
      return [
        name,
        { shape: sizes, dtype: 'int32', data: Int32Array.from({ length }, () => random.below(3)) },
      ];
    }
    const value = () => (name === 'spread' ? 0.1 + random.uniform() : random.normal());
    return [name, float32(sizes, Float32Array.from({ length }, value))];
  });
  return new Map(shapes);
}

function featuresFor(rows: number, random: Random): Float32Array {
  return Float32Array.from({ length: rows * WIDTH }, () => random.normal());
}

describe.each(HEADS)('the %s head', (kind, head) => {
  it('is in the table, and comes back from its description', () => {
    expect(head.kind).toBe(kind);
    expect(HEAD_KINDS.map((one) => one.kind)).toContain(kind);
    const description: unknown = JSON.parse(JSON.stringify(head.describe()));
    const again = readHead(description);
    expect(again.describe()).toEqual(head.describe());
    expect(again).toMatchObject({ task: head.task, labels: head.labels, outputs: head.outputs });
  });

  it('gives probabilities or values for each example, whatever stands beside it', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 9 }), (seed, rows) => {
        const random = Random.seeded(seed);
        const fitted = new FittedHead(head, WIDTH, numbersFor(head, random));
        const features = featuresFor(rows, random);
        const scores = fitted.scores(features, rows);
        expect(scores).toHaveLength(rows * head.outputs);
        for (let row = 0; row < rows; row++) {
          const own = scores.subarray(row * head.outputs, (row + 1) * head.outputs);
          const alone = fitted.scores(features.slice(row * WIDTH, (row + 1) * WIDTH), 1);
          expect(alone).toEqual(own);
          if (head.activation === 'none') continue;
          for (const score of own) expect(score >= 0 && score <= 1).toBe(true);
          if (head.activation === 'softmax') expect(own.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 5);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('permuted outputs give permuted scores', () => {
    if (head.outputs < 2) return;
    const random = Random.seeded(1);
    const order = [2, 0, 1];
    const numbers = numbersFor(head, random);
    const features = featuresFor(8, random);
    const moved = new Map([...numbers].map(([name, weight]) => [name, permuted(name, weight, order)]));
    const before = new FittedHead(head, WIDTH, numbers).scores(features, 8);
    const after = new FittedHead(head, WIDTH, moved).scores(features, 8);
    before.forEach((score, at) => {
      const to = Math.floor(at / 3) * 3 + order.indexOf(at % 3);
      expect(after[to]).toBeCloseTo(score, 5);
    });
  });

  it('refuses numbers that are not its own', async () => {
    const numbers = numbersFor(head, Random.seeded(1));
    const [first] = numbers.keys();
    const bad: [string, Weights][] = [
      ['missing', new Map([...numbers].slice(1))],
      ['another', new Map(numbers).set('extra', float32([1], Float32Array.of(1)))],
      ['of another shape', new Map(numbers).set(first ?? '', float32([1, 1, 1], Float32Array.of(1)))],
      [
        'too few',
        new Map([...numbers].map(([name, weight]) => [name, { ...weight, data: new Float32Array(0) }])),
      ],
      [
        'infinite',
        new Map(
          [...numbers].map(([name, weight]) => [name, { ...weight, data: weight.data.map(() => 1 / 0) }]),
        ),
      ],
    ];
    for (const [what, weights] of bad) {
      if (what === 'infinite' && weights.get(first ?? '')?.dtype === 'int32') continue;
      expect((await thrownBy(() => new FittedHead(head, WIDTH, weights))).code, what).toBe('INTEGRITY');
    }
    const fitted = new FittedHead(head, WIDTH, numbers);
    expect((await thrownBy(() => fitted.scores(new Float32Array(WIDTH + 1), 1))).code).toBe('DATA');
  });
});

/** Outputs in another order: the last axis of kernels and biases, the first of means, the values of classes. */
function permuted(name: string, weight: Weight, order: readonly number[]): Weight {
  if (name === 'classes') return { ...weight, data: weight.data.map((index) => order.indexOf(index)) };
  if (name === 'means') {
    const data = weight.data.map(
      (_, at) => weight.data[(order[Math.floor(at / WIDTH)] ?? 0) * WIDTH + (at % WIDTH)] ?? 0,
    );
    return { ...weight, data };
  }
  if (!['kernel', 'bias'].includes(name)) return weight;
  return {
    ...weight,
    data: weight.data.map((_, at) => weight.data[at - (at % 3) + (order[at % 3] ?? 0)] ?? 0),
  };
}

describe.each(HEADS.filter(([, head]) => head.differentiable !== undefined))(
  'gradients through the %s head',
  (_, head) => {
    const parts = head.differentiable;
    const { loss } = head;
    if (parts === undefined || loss === undefined) throw new Error('this head is not trained');

    it('have the same outputs as the plain arrays, and match finite differences', () => {
      const random = Random.seeded(2);
      const numbers = numbersFor(head, random);
      const features = featuresFor(6, random);
      const targets = Float32Array.from({ length: 6 * head.outputs }, (__, at) =>
        at % head.outputs === at % 2 ? 1 : 0,
      );
      const costOf = (weights: Weights) =>
        tf.tidy(() => {
          const tensors = parts.names.map((name) => tensorOf(weights, name));
          const outputs = parts.apply(tf.tensor2d(features, [6, WIDTH]), tensors);
          return meanLoss(loss, outputs, tf.tensor2d(targets, [6, head.outputs]));
        });
      const before = tf.memory().numTensors;
      const gradients = tf.tidy(() => {
        const tensors = parts.names.map((name) => tensorOf(numbers, name));
        const cost = (...parameters: Tensor[]) =>
          meanLoss(
            loss,
            parts.apply(tf.tensor2d(features, [6, WIDTH]), parameters),
            tf.tensor2d(targets, [6, head.outputs]),
          );
        return tf.grads(cost)(tensors);
      });
      parts.names.forEach((name, index) => {
        const slopes = gradients[index]?.dataSync() ?? [];
        const weight = numbers.get(name);
        for (const at of [0, (weight?.data.length ?? 1) - 1]) {
          const step = 1e-2;
          const moved = (by: number) => {
            const data = Float32Array.from(weight?.data ?? []);
            data[at] = (data[at] ?? 0) + by;
            const cost = costOf(new Map(numbers).set(name, float32(weight?.shape ?? [], data)));
            const value = cost.dataSync()[0] ?? Number.NaN;
            cost.dispose();
            return value;
          };
          expect(slopes[at]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 2);
        }
      });
      for (const gradient of gradients) gradient.dispose();
      const raw = tf.tidy(() => {
        const tensors = parts.names.map((name) => tensorOf(numbers, name));
        return activated(head, parts.apply(tf.tensor2d(features, [6, WIDTH]), tensors));
      });
      const plain = new FittedHead({ ...head, scaling: 'none' }, WIDTH, numbers).scores(features, 6);
      raw.dataSync().forEach((value, at) => {
        expect(plain[at]).toBeCloseTo(value, 5);
      });
      raw.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it('a scaling of the features can be folded into the parameters', () => {
      const random = Random.seeded(3);
      const numbers = numbersFor(head, random);
      const features = featuresFor(20, random).map((value, at) => value * (1 + (at % WIDTH)) + 3);
      const standard = standardOf(features, 20, WIDTH);
      const scaled = standardised(features, 20, standard, new Float32Array(features.length));
      const folded = new FittedHead(head, WIDTH, foldStandard(parts, numbers, standard)).scores(features, 20);
      new FittedHead(head, WIDTH, numbers).scores(scaled, 20).forEach((score, at) => {
        expect(folded[at]).toBeCloseTo(score, 4);
      });
    });
  },
);

function tensorOf(weights: Weights, name: string): Tensor {
  const weight = weights.get(name);
  if (weight === undefined) throw new Error(`no ${name}`);
  return tf.tensor(weight.data, [...weight.shape]);
}

function activated(head: Head, outputs: Tensor2D): Tensor {
  if (head.activation === 'softmax') return tf.softmax(outputs);
  return head.activation === 'sigmoid' ? tf.sigmoid(outputs) : outputs;
}

describe('dropout', () => {
  it('drops hidden units while training only, the same with the same seed', () => {
    const head = classifier({ labels, hidden: 64, dropout: 0.5 });
    const parts = head.differentiable;
    if (parts === undefined) throw new Error('it is trained');
    const numbers = parts.initial(WIDTH, Random.seeded(1));
    const outputs = (seed?: number) =>
      tf.tidy(() =>
        parts
          .apply(
            tf.ones([1, WIDTH]).as2D(1, WIDTH),
            parts.names.map((name) => tensorOf(numbers, name)),
            seed === undefined ? undefined : (units, rate) => tf.dropout(units, rate, undefined, seed),
          )
          .arraySync(),
      );
    expect(outputs(1)).toEqual(outputs(1));
    expect(outputs(1)).not.toEqual(outputs(2));
    expect(outputs(1)).not.toEqual(outputs());
  });
});

describe('the nearest neighbours', () => {
  const numbers = (rows: readonly number[][], classes: readonly number[]): Weights =>
    new Map<string, Weight>([
      ['examples', float32([rows.length, 2], Float32Array.from(rows.flat()))],
      ['classes', { shape: [classes.length], dtype: 'int32', data: Int32Array.from(classes) }],
    ]);

  it('a tie goes to the nearest, and fewer than k all vote', () => {
    const rows = [
      [1, 0],
      [0.6, 0.8],
      [0, 1],
    ];
    const head = nearestNeighbours({ labels, k: 3 });
    const scores = new FittedHead(head, 2, numbers(rows, [2, 1, 0])).scores(Float32Array.of(9, 1), 1);
    expect([...scores].indexOf(Math.max(...scores))).toBe(2);
    for (const score of scores) expect(score).toBeCloseTo(1 / 3, 2);
    const many = new FittedHead(nearestNeighbours({ labels, k: 9 }), 2, numbers(rows, [1, 1, 0]));
    expect([...many.scores(Float32Array.of(0, 5), 1)].map((score) => Math.round(score * 3))).toEqual([
      1, 2, 0,
    ]);
  });

  it('classes of a file that make no sense are refused', async () => {
    const head = nearestNeighbours({ labels });
    for (const classes of [[0, 3], [-1, 0], [0]]) {
      const fitted = new FittedHead(
        head,
        2,
        numbers(
          [
            [1, 0],
            [0, 1],
          ],
          classes,
        ),
      );
      expect((await thrownBy(() => fitted.scores(Float32Array.of(1, 1), 1))).code).toBe('INTEGRITY');
    }
  });
});

describe('refusals', () => {
  it.each([
    ['one class', () => classifier({ labels: ['a'] }), 'DATA'],
    ['none', () => multiLabel({ labels: [] }), 'DATA'],
    ['a label twice', () => nearestMean({ labels: ['a', 'b', 'a'] }), 'DATA'],
    ['an empty label', () => nearestNeighbours({ labels: ['a', ''] }), 'DATA'],
    ['no neighbours', () => nearestNeighbours({ labels, k: 0 }), 'USAGE'],
    ['half a unit', () => classifier({ labels, hidden: 0.5 }), 'USAGE'],
    ['all units dropped', () => classifier({ labels, hidden: 4, dropout: 1 }), 'USAGE'],
    ['dropout without a hidden layer', () => classifier({ labels, dropout: 0.1 }), 'USAGE'],
  ] as const)('%s', async (_, make, code) => {
    expect((await thrownBy(make)).code).toBe(code);
  });

  it('descriptions that describe nothing', async () => {
    const bad = [
      null,
      [],
      {},
      { kind: 'transformer' },
      { kind: 'linear' },
      { kind: 'linear', labels: ['a'], scaling: 'none' },
      { kind: 'linear', labels, scaling: 'none', hidden: 3 },
      { kind: 'hidden', labels, scaling: 'none', hidden: 1e9, dropout: 0 },
      { kind: 'nearest-mean', labels, scaling: 'standardise' },
    ];
    for (const one of bad) expect((await thrownBy(() => readHead(one))).code).toBe('INTEGRITY');
  });

  it('any JSON gives a head or a clear refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.constantFrom(...HEAD_KINDS), async (value, { kind }) => {
        const json = typeof value === 'object' && value !== null ? { labels, ...value, kind } : value;
        try {
          readHead(json);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ZooError', code: 'INTEGRITY' });
        }
      }),
    );
  });
});
