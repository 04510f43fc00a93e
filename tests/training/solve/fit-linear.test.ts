/** Coefficients and objectives against scikit-learn's LogisticRegression (scripts/golden/heads.py). */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { fitHead } from '../../../src/training/solve/fit-head.js';
import type { LabelledFeatures } from '../../../src/training/solve/fit-options.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { float32Of } from '../../../src/transfer/heads/weight-data.js';
import { digits, mixture, type Split, tableOf } from './made-features.js';

interface Golden {
  readonly mixtures: Record<string, [number, number, number, number, number]>;
  readonly probes: readonly {
    readonly name: string;
    readonly fixed: readonly { readonly c: number; readonly objective: number }[];
  }[];
  readonly binary: {
    readonly fixed: readonly {
      readonly c: number;
      readonly classWeights: 'balanced' | null;
      readonly objective: number;
      readonly coefficients: readonly number[];
      readonly intercept: number;
      readonly probabilities: readonly number[];
    }[];
  };
}

const golden: Golden = JSON.parse(
  await readFile(new URL('../../golden/heads.json', import.meta.url), 'utf8'),
);

describe.each(golden.probes)('the objective on $name', ({ name, fixed }) => {
  it.each(fixed)('with C = $c', async ({ c, objective }) => {
    const shape = golden.mixtures[name];
    const { train } = shape === undefined ? await digits(Number(name.split('-')[1])) : mixture(...shape);
    const labels = [...new Set(train.labels.flat())];
    const { evidence } = await fitHead(classifier({ labels }), train, { c });
    expect(Math.abs((evidence.objective ?? Number.NaN) / objective - 1)).toBeLessThan(1e-4);
  });
});

/** Threes and some of the eights, by the rows of the golden script. */
function threesAndEights({ train }: Split): LabelledFeatures {
  const rowsOf = (label: string) => [...train.names.keys()].filter((row) => train.labels[row]?.[0] === label);
  const rows = [...rowsOf('3'), ...rowsOf('8').slice(0, 12)];
  return tableOf(
    rows.map((row) => train.features.subarray(row * train.width, (row + 1) * train.width)),
    rows.map((row) => train.labels[row] ?? []),
  );
}

describe('two classes', () => {
  let split: Split;
  beforeAll(async () => {
    split = await digits(30);
  });

  it.each(golden.binary.fixed)('with C = $c and weights $classWeights', async (wanted) => {
    const { c, classWeights, objective, coefficients, intercept, probabilities } = wanted;
    const table = threesAndEights(split);
    const { fitted, evidence } = await fitHead(classifier({ labels: ['3', '8'] }), table, {
      c,
      classWeights: classWeights ?? undefined,
    });
    expect(Math.abs((evidence.objective ?? Number.NaN) / objective - 1)).toBeLessThan(1e-4);
    const kernel = float32Of(fitted.parameters, 'kernel');
    const found = coefficients.map((_, at) => (kernel[2 * at + 1] ?? 0) - (kernel[2 * at] ?? 0));
    coefficients.forEach((value, at) => {
      expect(Math.abs((found[at] ?? Number.NaN) - value)).toBeLessThan(1e-4);
    });
    const [zero = Number.NaN, one = Number.NaN] = float32Of(fitted.parameters, 'bias');
    expect(Math.abs(one - zero - intercept)).toBeLessThan(1e-3);
    const tested = split.classes.flatMap((value, row) => (value === 3 || value === 8 ? [row] : []));
    const { width } = split.test;
    const features = Float32Array.from(
      tested.flatMap((row) => [...split.test.features.subarray(row * width, (row + 1) * width)]),
    );
    const scores = fitted.scores(features, tested.length);
    probabilities.forEach((probability, row) => {
      expect(Math.abs((scores[2 * row + 1] ?? Number.NaN) - probability)).toBeLessThan(1e-4);
    });
  });
});
