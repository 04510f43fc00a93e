import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../../src/runtime/tensorflow.js';
import { fitHead } from '../../../src/training/solve/fit-head.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { multiLabel } from '../../../src/transfer/heads/multi-label.js';
import { nearestMean } from '../../../src/transfer/heads/nearest-mean.js';
import { nearestNeighbours } from '../../../src/transfer/heads/nearest-neighbours.js';
import { regressor } from '../../../src/transfer/heads/regressor.js';
import { thrownBy } from '../../support/thrown-by.js';
import { accuracyOf, digits, Lcg, mixture, predictedOf, type Split, tableOf } from './made-features.js';

interface Golden {
  readonly mixtures: Record<string, [number, number, number, number, number]>;
  readonly probes: readonly {
    readonly name: string;
    readonly fixed: readonly { c: number; accuracy: number; first: number[]; last: number[]; norm: number }[];
    readonly chosen: readonly { c: number; accuracy: number }[];
    readonly balanced: readonly number[];
    readonly nearestNeighbours: { accuracy: number; predicted: number[]; votes: number[] };
    readonly nearestMean: { accuracy: number; predicted: number[] };
  }[];
  readonly multiLabel: {
    readonly labels: readonly number[][];
    readonly fixed: readonly { c: number; first: number[]; last: number[]; sum: number }[];
  };
  readonly ridge: { readonly fixed: readonly { c: number; r2: number; first: number[] }[] };
}

const golden: Golden = JSON.parse(
  await readFile(new URL('../../golden/heads.json', import.meta.url), 'utf8'),
);
const splits = new Map<string, Split>();
beforeAll(async () => {
  for (const count of [5, 20, 30, 100]) splits.set(`digits-${count}`, await digits(count));
  for (const [name, shape] of Object.entries(golden.mixtures)) splits.set(name, mixture(...shape));
});

function splitOf(name: string): Split {
  const split = splits.get(name);
  if (split === undefined) throw new Error(`no features named ${name}`);
  return split;
}

function labelsOf({ classes }: Split): string[] {
  return Array.from({ length: Math.max(...classes) + 1 }, (_, index) => String(index));
}

function expectNear(found: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, index) => {
    expect(Math.abs((found[index] ?? Number.NaN) - value)).toBeLessThan(tolerance);
  });
}

describe.each(golden.probes)('a probe equals scikit-learn on $name', (probe) => {
  it.each(probe.fixed)('with C = $c', async ({ c, accuracy, first, last, norm }) => {
    const split = splitOf(probe.name);
    const labels = labelsOf(split);
    const { fitted, evidence } = await fitHead(classifier({ labels }), split.train, { c });
    expect(evidence).toMatchObject({
      solver: 'lbfgs',
      c,
      chosenBy: 'given',
      converged: true,
      validation: null,
    });
    const scores = fitted.scores(split.test.features, split.classes.length);
    expect(accuracyOf(scores, split.classes)).toBeCloseTo(accuracy, 6);
    // With next to no penalty the minimum is flat, and float32 finds another point of it.
    const tolerance = c > 10 ? 5e-3 : 2e-5;
    expectNear(scores.subarray(0, labels.length), first, tolerance);
    expectNear(scores.subarray(scores.length - labels.length), last, tolerance);
    const kernel = fitted.parameters.get('kernel')?.data ?? [];
    expect(Math.abs(Math.hypot(...kernel) / norm - 1)).toBeLessThan(tolerance);
  });

  it('with C from cross-validation, within half a point', async () => {
    const split = splitOf(probe.name);
    const { fitted, evidence } = await fitHead(classifier({ labels: labelsOf(split) }), split.train);
    const accuracy = accuracyOf(fitted.scores(split.test.features, split.classes.length), split.classes);
    const theirs = probe.chosen.map((one) => one.accuracy);
    expect(accuracy).toBeGreaterThanOrEqual(
      theirs.reduce((sum, one) => sum + one, 0) / theirs.length - 0.005,
    );
    expect(evidence).toMatchObject({ chosenBy: 'cross-validation', converged: true, notes: [] });
    expect(evidence.tried.map((one) => one.c)).toHaveLength(9);
    expect(evidence.validation).toMatchObject({ method: 'k-fold', folds: 5, score: 'accuracy' });
    const best = Math.max(...evidence.tried.map((one) => one.mean));
    expect(evidence.validation?.mean).toBe(best);
    expect(evidence.tried.find((one) => one.c === evidence.c)?.mean).toBe(best);
  });

  it('with balanced classes', async () => {
    const split = splitOf(probe.name);
    const labels = labelsOf(split);
    const { train } = split;
    const rows = [...train.names.keys(), 0, 1, 2];
    const unbalanced = tableOf(
      rows.map((row) => train.features.subarray(row * train.width, (row + 1) * train.width)),
      rows.map((row) => train.labels[row] ?? []),
    );
    const { fitted } = await fitHead(classifier({ labels }), unbalanced, { c: 1, classWeights: 'balanced' });
    const scores = fitted.scores(split.test.features, split.classes.length);
    // Their scaler has not seen the three rows that come twice, so it is near and not equal.
    expectNear(scores.subarray(0, labels.length), probe.balanced, 0.02);
    const plain = await fitHead(classifier({ labels }), unbalanced, { c: 1 });
    const own = plain.fitted.scores(split.test.features, split.classes.length);
    expect(own.subarray(0, labels.length)).not.toEqual(scores.subarray(0, labels.length));
  });

  it('and so do the nearest neighbours and the nearest means', async () => {
    const split = splitOf(probe.name);
    const labels = labelsOf(split);
    const neighbours = await fitHead(nearestNeighbours({ labels }), split.train);
    const votes = neighbours.fitted.scores(split.test.features, split.classes.length);
    predictedOf(votes, split.classes.length)
      .slice(0, 100)
      .forEach((predicted, row) => {
        // Theirs takes the first class where all three differ, ours that of the nearest.
        if ((probe.nearestNeighbours.votes[row] ?? 0) > 0.5) {
          expect(predicted).toBe(probe.nearestNeighbours.predicted[row]);
        }
      });
    expect(accuracyOf(votes, split.classes)).toBeGreaterThanOrEqual(probe.nearestNeighbours.accuracy - 0.02);
    const means = await fitHead(nearestMean({ labels }), split.train);
    const scores = means.fitted.scores(split.test.features, split.classes.length);
    expect(predictedOf(scores, split.classes.length).slice(0, 100)).toEqual(probe.nearestMean.predicted);
    expect(accuracyOf(scores, split.classes)).toBeCloseTo(probe.nearestMean.accuracy, 6);
  });
});

describe('other losses equal scikit-learn', () => {
  const names = ['a', 'b', 'c'];

  it.each(golden.multiLabel.fixed)('several labels with C = $c', async ({ c, first, last, sum }) => {
    const { train, test, classes } = splitOf('digits-30');
    const labels = golden.multiLabel.labels.map((row) => names.filter((_, index) => row[index] === 1));
    const { fitted } = await fitHead(multiLabel({ labels: names }), { ...train, labels }, { c });
    const scores = fitted.scores(test.features, classes.length);
    expectNear(scores.subarray(0, 3), first, 2e-5);
    expectNear(scores.subarray(-3), last, 2e-5);
    expect(scores.reduce((all, score) => all + score, 0) / sum).toBeCloseTo(1, 5);
  });

  it.each(golden.ridge.fixed)('a number with C = $c', async ({ c, first }) => {
    const { train, test, classes } = splitOf('digits-30');
    const { fitted, evidence } = await fitHead(regressor(), train, { c });
    // Theirs is fitted to the digits themselves, ours to standardised ones; the penalty is the same.
    expectNear(fitted.scores(test.features, classes.length).subarray(0, 5), first, 1e-3);
    expect(evidence.converged).toBe(true);
  });

  it('chooses C for labels and numbers by their loss', async () => {
    const { train } = splitOf('digits-30');
    const labels = golden.multiLabel.labels.map((row) => names.filter((_, index) => row[index] === 1));
    const several = await fitHead(multiLabel({ labels: names }), { ...train, labels });
    const number = await fitHead(regressor(), train);
    for (const { evidence } of [several, number]) {
      expect(evidence.validation?.loss).toBe(Math.min(...evidence.tried.map((one) => one.loss)));
    }
    expect(several.evidence.validation?.score).toBe('microF1');
    expect(number.evidence.validation).toMatchObject({ score: 'r2', method: 'k-fold' });
    expect(number.evidence.validation?.mean).toBeGreaterThan(0.4);
  });
});

describe('the same table and seed', () => {
  it('give the same bytes, whatever else went before', async () => {
    const { train } = splitOf('mixture-30');
    const head = classifier({ labels: labelsOf(splitOf('mixture-30')) });
    const one = await fitHead(head, train, { seed: 3 });
    await fitHead(head, splitOf('mixture-5').train);
    const two = await fitHead(head, train, { seed: 3 });
    expect(two.evidence).toEqual(one.evidence);
    expect(two.fitted.parameters).toEqual(one.fitted.parameters);
    const other = await fitHead(head, train, { seed: 4 });
    expect(other.evidence.validation?.scores).not.toEqual(one.evidence.validation?.scores);
  });

  it('leave TensorFlow as it was', async () => {
    const { train } = splitOf('mixture-30');
    const head = classifier({ labels: labelsOf(splitOf('mixture-30')) });
    await fitHead(head, train);
    const before = tf.memory().numTensors;
    await fitHead(head, train);
    expect(tf.memory().numTensors).toBe(before);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(fitHead(head, train, { signal })).rejects.toThrow('stopped');
    const running = new AbortController();
    const onProgress = () => running.abort(new Error('stopped later'));
    await expect(fitHead(head, train, { signal: running.signal, onProgress })).rejects.toThrow(
      'stopped later',
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('very few examples', () => {
  const labels = ['0', '1'];
  const few = (rows: readonly number[][], classes: readonly number[]) =>
    tableOf(
      rows,
      classes.map((value) => [String(value)]),
      classes,
    );

  it('leave one out where a class has fewer than five', async () => {
    const table = few(
      [
        [0, 1],
        [0.2, 1.1],
        [1, 0],
        [0.9, 0.3],
        [1.1, 0.2],
      ],
      [0, 0, 1, 1, 1],
    );
    const { evidence } = await fitHead(classifier({ labels }), table);
    expect(evidence).toMatchObject({
      chosenBy: 'cross-validation',
      validation: { method: 'leave-one-out', folds: 5, mean: 1, deviation: null, scores: [1] },
    });
  });

  it('take C = 1 and say so where a held-out class could not be known', async () => {
    const { fitted, evidence } = await fitHead(
      classifier({ labels }),
      few(
        [
          [0, 1],
          [1, 0],
        ],
        [0, 1],
      ),
    );
    expect(evidence).toMatchObject({ c: 1, chosenBy: 'default', validation: null, tried: [] });
    expect(evidence.notes).toEqual(['C is 1, unchecked: 2 of 2 classes have a single example.']);
    expect(predictedOf(fitted.scores(Float32Array.of(0.1, 2, 2, 0), 2), 2)).toEqual([0, 1]);
  });

  it('copies of one example are never on both sides', async () => {
    // Ten noisy examples without anything to learn, each ten times: separated copies would look learnable.
    const lcg = new Lcg();
    const originals = Array.from({ length: 20 }, () => lcg.normals(30));
    const rows = originals.flatMap((row) => Array.from({ length: 10 }, () => row));
    const classes = rows.map((_, index) => Math.floor(index / 10) % 2);
    const table = tableOf(
      rows,
      classes.map((value) => [String(value)]),
    );
    const groups = rows.map((_, index) => Math.floor(index / 10));
    const apart = await fitHead(classifier({ labels }), table, { c: 1, folds: 5, groups });
    const mixed = await fitHead(classifier({ labels }), table, { c: 1, folds: 5 });
    expect(mixed.evidence.validation?.mean).toBe(1);
    expect(apart.evidence.validation?.mean).toBeLessThan(0.85);
  });
});

describe('awkward features', () => {
  const labels = ['0', '1'];

  it('constant ones change nothing', async () => {
    const { train, test, classes } = splitOf('digits-20');
    const digitsLabels = labelsOf(splitOf('digits-20'));
    const plain = await fitHead(classifier({ labels: digitsLabels }), train, { c: 1 });
    const widened = (table: typeof train) =>
      tableOf(
        table.names.map((_, row) => [
          ...table.features.subarray(row * table.width, (row + 1) * table.width),
          1234.5678,
          0,
        ]),
        table.labels,
      );
    const wide = await fitHead(classifier({ labels: digitsLabels }), widened(train), { c: 1 });
    expectNear(
      wide.fitted.scores(widened(test).features, classes.length),
      [...plain.fitted.scores(test.features, classes.length)],
      1e-4,
    );
  });

  it('all constant: the shares of the classes come out', async () => {
    const rows = Array.from({ length: 40 }, () => [3, 3, 3]);
    const table = tableOf(
      rows,
      rows.map((_, index) => [index < 10 ? '0' : '1']),
    );
    const { fitted } = await fitHead(classifier({ labels }), table);
    expectNear(fitted.scores(Float32Array.of(3, 3, 3), 1), [0.25, 0.75], 1e-5);
  });

  it('separable classes stay finite with a weak penalty', async () => {
    const rows = Array.from({ length: 20 }, (_, index) => [index < 10 ? -1 : 1, index % 3]);
    const table = tableOf(
      rows,
      rows.map((_, index) => [index < 10 ? '0' : '1']),
    );
    const { fitted, evidence } = await fitHead(classifier({ labels }), table, { c: 1e6 });
    expect(evidence.converged).toBe(true);
    const scores = fitted.scores(table.features, 20);
    expect(predictedOf(scores, 20)).toEqual(rows.map((_, index) => (index < 10 ? 0 : 1)));
    expect(Math.min(...scores.filter((score) => score > 0.5))).toBeGreaterThan(0.999);
  });

  it('more features than examples give what all features give', async () => {
    const { train, test, classes } = mixture(3, 200, 8, 20, 3);
    const names = ['0', '1', '2'];
    const short = await fitHead(classifier({ labels: names }), train, { c: 1 });
    // Each example five times and a fifth of C is the same problem, too long for the short way.
    const rows = [0, 1, 2, 3, 4].flatMap(() => [...train.names.keys()]);
    const repeated = tableOf(
      rows.map((row) => train.features.subarray(row * 200, (row + 1) * 200)),
      rows.map((row) => train.labels[row] ?? []),
    );
    const long = await fitHead(classifier({ labels: names }), repeated, { c: 0.2 });
    expectNear(
      short.fitted.scores(test.features, classes.length),
      [...long.fitted.scores(test.features, classes.length)],
      1e-5,
    );
  });
});

describe('refusals', () => {
  const labels = ['cat', 'dog'];
  const table = tableOf(
    [
      [0, 1],
      [1, 0],
    ],
    [['cat'], ['dog']],
  );
  const head = classifier({ labels });

  it.each([
    ['no examples', tableOf([], []), {}, 'DATA', 'no examples'],
    ['a width that does not fit', { ...table, width: 3 }, {}, 'DATA', 'do not belong together'],
    [
      'features that are no numbers',
      { ...table, features: Float32Array.of(0, 1, Number.NaN, 0) },
      {},
      'DATA',
      'row 1',
    ],
    [
      'a class without examples',
      tableOf(
        [
          [0, 1],
          [1, 0],
        ],
        [['cat'], ['cat']],
      ),
      {},
      'DATA',
      'single example',
    ],
    [
      'an unknown label',
      tableOf(
        [
          [0, 1],
          [1, 0],
        ],
        [['cat'], ['cow']],
      ),
      {},
      'DATA',
      'does not know',
    ],
    [
      'no label',
      tableOf(
        [
          [0, 1],
          [1, 0],
        ],
        [['cat'], []],
      ),
      {},
      'DATA',
      'exactly one label',
    ],
    [
      'two labels',
      tableOf(
        [
          [0, 1],
          [1, 0],
        ],
        [['cat'], ['cat', 'dog']],
      ),
      {},
      'DATA',
      'exactly one label',
    ],
    ['C = 0', table, { c: 0 }, 'USAGE', 'value for C'],
    ['an empty grid', table, { grid: [] }, 'USAGE', 'value for C'],
    ['one fold', table, { folds: 1 }, 'USAGE', 'folds'],
    ['groups of another length', table, { groups: [1] }, 'USAGE', 'Groups'],
    ['a negative seed', table, { seed: -1, folds: 2 }, 'USAGE', 'seed'],
    ['weights of unknown classes', table, { classWeights: { cow: 1 } }, 'USAGE', 'weight of a class'],
    ['no epochs', table, { solver: 'adam', epochs: 0 }, 'USAGE', 'epochs'],
    ['a learning rate of 0', table, { solver: 'sgd', learningRate: 0 }, 'USAGE', 'learning rate'],
  ] as const)('%s', async (_, bad, options, code, message) => {
    const error = await thrownBy(() => fitHead(head, bad, options));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it('L-BFGS for other heads, weights of classes for numbers, targets that are missing', async () => {
    const hidden = classifier({ labels, hidden: 4 });
    expect((await thrownBy(() => fitHead(hidden, table, { solver: 'lbfgs' }))).code).toBe('USAGE');
    const numbers = tableOf(
      [
        [0, 1],
        [1, 0],
      ],
      [[], []],
      [1, 2],
    );
    const weighted = () => fitHead(regressor(), numbers, { classWeights: 'balanced' });
    expect((await thrownBy(weighted)).code).toBe('USAGE');
    const error = await thrownBy(() => fitHead(regressor(), { ...numbers, targets: [1, undefined] }));
    expect(error).toMatchObject({ code: 'DATA', message: 'row 1 has no value to learn' });
  });
});
