import { beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../../src/runtime/tensorflow.js';
import { fitHead } from '../../../src/training/solve/fit-head.js';
import type { FitProgress } from '../../../src/training/solve/fit-options.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { thrownBy } from '../../support/thrown-by.js';
import { accuracyOf, digits, mixture, type Split, tableOf } from './made-features.js';

const ten = Array.from({ length: 10 }, (_, digit) => String(digit));
let split: Split;
beforeAll(async () => {
  split = await digits(20);
});

function numbersOf(fit: Awaited<ReturnType<typeof fitHead>>) {
  return [...fit.fitted.parameters].map(([name, { data }]) => [name, [...data]]);
}

describe('Adam and SGD', () => {
  it.each([
    ['adam', 0.03, 250],
    ['sgd', 0.05, 150],
  ] as const)('%s comes to the minimum that L-BFGS finds', async (solver, learningRate, epochs) => {
    const data = mixture(4, 16, 30, 50, 1.5);
    const labels = ten.slice(0, 4);
    const exact = await fitHead(classifier({ labels }), data.train, { c: 0.1 });
    const near = await fitHead(classifier({ labels }), data.train, {
      solver,
      c: 0.1,
      learningRate,
      epochs,
      batchSize: 120,
    });
    expect(near.evidence).toMatchObject({
      solver,
      c: 0.1,
      chosenBy: 'given',
      converged: null,
      iterations: epochs,
    });
    expect(near.evidence.objective).toBeCloseTo(exact.evidence.objective ?? 0, 2);
    const scores = (fit: typeof near) => fit.fitted.scores(data.test.features, data.classes.length);
    expect(accuracyOf(scores(near), data.classes)).toBeCloseTo(accuracyOf(scores(exact), data.classes), 1);
    const differences = scores(near).map((score, at) => Math.abs(score - (scores(exact)[at] ?? 0)));
    expect(Math.max(...differences)).toBeLessThan(0.02);
  });

  it('the same seed gives the same numbers, another one others', async () => {
    const head = classifier({ labels: ten, hidden: 16 });
    const options = { epochs: 3, seed: 5 };
    const one = numbersOf(await fitHead(head, split.train, options));
    expect(numbersOf(await fitHead(head, split.train, options))).toEqual(one);
    expect(numbersOf(await fitHead(head, split.train, { ...options, seed: 6 }))).not.toEqual(one);
  });

  it('leave TensorFlow as it was, also when they are stopped or diverge', async () => {
    const head = classifier({ labels: ten, hidden: 16 });
    const before = tf.memory().numTensors;
    await fitHead(head, split.train, { epochs: 2, folds: 2 });
    expect(tf.memory().numTensors).toBe(before);
    await fitHead(head, split.train, { epochs: 2, solver: 'sgd' });
    expect(tf.memory().numTensors).toBe(before);
    const stop = new AbortController();
    const onProgress = ({ done }: FitProgress) => {
      if (done === 2) stop.abort(new Error('stopped'));
    };
    await expect(fitHead(head, split.train, { signal: stop.signal, onProgress })).rejects.toThrow('stopped');
    expect(tf.memory().numTensors).toBe(before);
    const error = await thrownBy(() => fitHead(head, split.train, { solver: 'sgd', learningRate: 1e30 }));
    expect(error).toMatchObject({ code: 'FAILED', hint: 'Try a tenth of the learning rate.' });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a hidden layer', () => {
  it('learns what no linear head can: exclusive or', async () => {
    const corners = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ];
    const rows = Array.from({ length: 40 }, (_, index) => corners[index % 4] ?? []);
    const classes = rows.map(([a, b]) => (a === b ? 0 : 1));
    const table = tableOf(
      rows,
      classes.map((value) => [ten[value] ?? '']),
    );
    const options = { epochs: 60, learningRate: 0.02, c: 100, seed: 1 };
    const hidden = await fitHead(
      classifier({ labels: ['0', '1'], hidden: 24, dropout: 0.1 }),
      table,
      options,
    );
    expect(accuracyOf(hidden.fitted.scores(table.features, 40), classes)).toBe(1);
    const linear = await fitHead(classifier({ labels: ['0', '1'] }), table);
    expect(accuracyOf(linear.fitted.scores(table.features, 40), classes)).toBeLessThan(0.8);
  });

  it('is measured by folds when they are asked for', async () => {
    const seen: FitProgress[] = [];
    const { fitted, evidence } = await fitHead(classifier({ labels: ten, hidden: 32 }), split.train, {
      epochs: 20,
      learningRate: 0.01,
      folds: 3,
      onProgress: (progress) => seen.push(progress),
    });
    expect(evidence).toMatchObject({ solver: 'adam', c: 1, chosenBy: 'default' });
    expect(evidence.validation).toMatchObject({ method: 'k-fold', folds: 3, score: 'accuracy' });
    expect(evidence.validation?.scores).toHaveLength(3);
    expect(evidence.validation?.mean).toBeGreaterThan(0.8);
    expect(
      accuracyOf(fitted.scores(split.test.features, split.classes.length), split.classes),
    ).toBeGreaterThan(0.75);
    expect(seen.filter(({ phase }) => phase === 'cross-validation').map(({ done }) => done)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(seen.filter(({ phase }) => phase === 'training')).toHaveLength(21);
  });
});
