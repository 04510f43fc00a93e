import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateScores } from '../../../src/training/evaluate/evaluate.js';
import type {
  Averages,
  ClassificationReport,
  EvaluationReport,
  MultiLabelReport,
  RegressionReport,
} from '../../../src/training/evaluate/report.js';
import { reportTables } from '../../../src/training/evaluate/report-tables.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { multiLabel } from '../../../src/transfer/heads/multi-label.js';
import { regressor } from '../../../src/transfer/heads/regressor.js';
import { thrownBy } from '../../support/thrown-by.js';
import { Lcg } from '../solve/made-features.js';

interface Golden {
  readonly classification: readonly {
    readonly examples: number;
    readonly classes: number;
    readonly sharpness: number;
    readonly missing: number;
    readonly accuracy: number;
    readonly interval: readonly [number, number];
    readonly topK: Readonly<Record<string, number>>;
    readonly balancedAccuracy: number;
    readonly macro: Averages;
    readonly weighted: Averages;
    readonly logLoss: number;
    readonly brier: number;
    readonly brierOfScikitLearn: number;
    readonly calibration: number;
    readonly perClass: Readonly<Record<'precision' | 'recall' | 'f1' | 'support', readonly number[]>>;
    readonly confusion: readonly (readonly number[])[];
  }[];
  readonly multiLabel: readonly (Pick<
    MultiLabelReport,
    'examples' | 'exactMatch' | 'hammingLoss' | 'micro' | 'macro' | 'logLoss' | 'brier'
  > & {
    readonly labels: number;
    readonly meanAveragePrecision: number;
    readonly averagePrecision: readonly number[];
    readonly f1: readonly number[];
  })[];
  readonly regression: readonly (Omit<RegressionReport, 'task' | 'mistakes' | 'r2'> & {
    readonly r2: number;
  })[];
}

const golden: Golden = JSON.parse(
  await readFile(new URL('../../golden/evaluation.json', import.meta.url), 'utf8'),
);

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `row ${index}`);
}

function classLabels(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `class ${index}`);
}

/** Scores and classes as scripts/golden/evaluation.py makes them. */
function madeUp({ examples, classes, sharpness, missing }: Golden['classification'][number]) {
  const lcg = new Lcg();
  const actual = Array.from({ length: examples }, () => Math.floor(lcg.uniform() * (classes - missing)));
  const raw = Float64Array.from({ length: examples * classes }, () => sharpness * lcg.uniform());
  actual.forEach((label, row) => {
    raw[row * classes + label] = (raw[row * classes + label] ?? 0) + sharpness * 0.3;
  });
  const scores = Float32Array.from(raw, (value, at) => {
    const start = at - (at % classes);
    const sum = raw.subarray(start, start + classes).reduce((all, one) => all + Math.exp(one), 0);
    return Math.exp(value) / sum;
  });
  return { actual, scores };
}

function classReport(labels: readonly string[], scores: Float32Array, actual: readonly number[]) {
  const truth = {
    names: namesOf(actual.length),
    labels: actual.map((label) => [labels[label] ?? '']),
    targets: [],
  };
  const report = evaluateScores(classifier({ labels }), scores, truth);
  if (report.task !== 'classification') throw new Error('a classifier is evaluated by classes');
  return report;
}

function expectAverages(found: Averages, expected: Averages): void {
  expect(found.precision).toBeCloseTo(expected.precision, 10);
  expect(found.recall).toBeCloseTo(expected.recall, 10);
  expect(found.f1).toBeCloseTo(expected.f1, 10);
}

describe.each(golden.classification)('$examples examples of $classes classes', (wanted) => {
  const { actual, scores } = madeUp(wanted);
  const labels = classLabels(wanted.classes);
  const report = classReport(labels, scores, actual);

  it('are measured as scikit-learn does', () => {
    expect(report.accuracy).toBeCloseTo(wanted.accuracy, 12);
    expect(report.interval.low).toBeCloseTo(wanted.interval[0], 10);
    expect(report.interval.high).toBeCloseTo(wanted.interval[1], 10);
    expect(Object.fromEntries(report.topK.map(({ k, accuracy }) => [String(k), accuracy]))).toEqual(
      wanted.topK,
    );
    expect(report.balancedAccuracy).toBeCloseTo(wanted.balancedAccuracy, 12);
    expectAverages(report.macro, wanted.macro);
    expectAverages(report.weighted, wanted.weighted);
    expect(report.logLoss).toBeCloseTo(wanted.logLoss, 6);
    expect(report.brier).toBeCloseTo(wanted.brier, 6);
    expect(report.brier).toBeCloseTo(wanted.brierOfScikitLearn, 6);
    expect(report.calibration.error).toBeCloseTo(wanted.calibration, 6);
    expect(report.confusion).toEqual(wanted.confusion);
    report.classes.forEach(({ precision, recall, f1, support }, index) => {
      expect(precision).toBeCloseTo(wanted.perClass.precision[index] ?? Number.NaN, 12);
      expect(recall).toBeCloseTo(wanted.perClass.recall[index] ?? Number.NaN, 12);
      expect(f1).toBeCloseTo(wanted.perClass.f1[index] ?? Number.NaN, 12);
      expect(support).toBe(wanted.perClass.support[index]);
    });
  });

  it('list their most confident mistakes', () => {
    const wrong = actual.flatMap((label, row) => {
      const own = [...scores.subarray(row * wanted.classes, (row + 1) * wanted.classes)];
      const confidence = Math.max(...own);
      const said = own.indexOf(confidence);
      return said === label
        ? []
        : [{ name: `row ${row}`, label: labels[label], predicted: labels[said], confidence }];
    });
    wrong.sort((a, b) => b.confidence - a.confidence);
    expect(report.mistakes).toEqual(wrong.slice(0, 20));
  });
});

describe.each(golden.multiLabel)('$examples examples with $labels labels', (wanted) => {
  it('are measured as scikit-learn does', () => {
    const lcg = new Lcg();
    const count = wanted.examples * wanted.labels;
    const applies = Array.from({ length: count }, () => lcg.uniform() < 0.3);
    const scores = Float32Array.from(applies, (yes) => {
      const value = (0.6 * lcg.uniform() + (yes ? 0.35 : 0)) * 20;
      return Math.round(value) / 20 + 0.01;
    });
    const labels = classLabels(wanted.labels);
    const names = namesOf(wanted.examples);
    const own = names.map((_, row) => labels.filter((_, index) => applies[row * wanted.labels + index]));
    const report = evaluateScores(multiLabel({ labels }), scores, { names, labels: own, targets: [] });
    if (report.task !== 'multi-label') throw new Error('several labels are evaluated as such');
    expect(report.exactMatch).toBeCloseTo(wanted.exactMatch, 12);
    expect(report.hammingLoss).toBeCloseTo(wanted.hammingLoss, 12);
    expect(report.meanAveragePrecision).toBeCloseTo(wanted.meanAveragePrecision, 10);
    expectAverages(report.micro, wanted.micro);
    expectAverages(report.macro, wanted.macro);
    expect(report.logLoss).toBeCloseTo(wanted.logLoss, 6);
    expect(report.brier).toBeCloseTo(wanted.brier, 6);
    report.classes.forEach(({ averagePrecision, f1 }, index) => {
      expect(averagePrecision).toBeCloseTo(wanted.averagePrecision[index] ?? Number.NaN, 10);
      expect(f1).toBeCloseTo(wanted.f1[index] ?? Number.NaN, 10);
    });
    expect(report.mistakes[0]?.applies).toBe((report.mistakes[0]?.probability ?? 0) < 0.5);
  });
});

describe.each(golden.regression)('$examples numbers', (wanted) => {
  it('are measured as scikit-learn does', () => {
    const lcg = new Lcg();
    const targets = Array.from({ length: wanted.examples }, () => 10 * lcg.uniform());
    const scores = Float32Array.from(targets, (target) => target + 2 * lcg.uniform() - 0.8);
    const truth = { names: namesOf(wanted.examples), labels: [], targets };
    const report = evaluateScores(regressor(), scores, truth);
    if (report.task !== 'regression') throw new Error('numbers are evaluated as such');
    expect(report.r2).toBeCloseTo(wanted.r2, 6);
    expect(report.meanAbsoluteError).toBeCloseTo(wanted.meanAbsoluteError, 6);
    expect(report.rootMeanSquaredError).toBeCloseTo(wanted.rootMeanSquaredError, 6);
    expect(report.bias).toBeCloseTo(wanted.bias, 6);
    const errors = report.mistakes.map(({ target, predicted }) => Math.abs(target - predicted));
    expect(errors).toEqual(errors.toSorted((a, b) => b - a));
  });
});

/** Probabilities and classes of any kind. */
const outcomes = fc
  .integer({ min: 2, max: 6 })
  .chain((classes) =>
    fc
      .array(
        fc.tuple(
          fc.nat({ max: classes - 1 }),
          fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: classes, maxLength: classes }),
        ),
        { minLength: 1, maxLength: 40 },
      )
      .map((rows) => ({ classes, rows })),
  );

function reportOf(
  classes: number,
  rows: readonly (readonly [number, readonly number[]])[],
): ClassificationReport {
  const scores = Float32Array.from(
    rows.flatMap(([, raw]) => {
      const sum = raw.reduce((all, one) => all + one + 1e-3, 0);
      return raw.map((one) => (one + 1e-3) / sum);
    }),
  );
  return classReport(
    classLabels(classes),
    scores,
    rows.map(([label]) => label),
  );
}

describe('whatever was predicted', () => {
  it('counts and shares fit together', () => {
    fc.assert(
      fc.property(outcomes, ({ classes, rows }) => {
        const report = reportOf(classes, rows);
        const cells = report.confusion.flat();
        expect(cells.reduce((sum, count) => sum + count, 0)).toBe(rows.length);
        const trace = report.confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
        expect(trace / rows.length).toBeCloseTo(report.accuracy, 12);
        expect(report.weighted.recall).toBeCloseTo(report.accuracy, 12);
        expect(report.interval.low).toBeLessThanOrEqual(report.accuracy + 1e-12);
        expect(report.interval.high).toBeGreaterThanOrEqual(report.accuracy - 1e-12);
        expect(report.calibration.bins.reduce((sum, { count }) => sum + count, 0)).toBe(rows.length);
        expect(report.calibration.error).toBeGreaterThanOrEqual(0);
        expect(report.calibration.error).toBeLessThanOrEqual(1);
        const wrong = rows.length - trace;
        expect(report.mistakes).toHaveLength(Math.min(20, wrong));
        const accuracies = [report.accuracy, ...report.topK.map(({ accuracy }) => accuracy), 1];
        expect(accuracies).toEqual(accuracies.toSorted((a, b) => a - b));
        const values = [report.logLoss, report.brier, report.standardError, ...Object.values(report.macro)];
        for (const value of values) expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });

  it('the order of the examples does not matter', () => {
    fc.assert(
      fc.property(outcomes, ({ classes, rows }) => {
        const one = reportOf(classes, rows);
        const two = reportOf(classes, rows.toReversed());
        expect(two.confusion).toEqual(one.confusion);
        expect(two.logLoss).toBeCloseTo(one.logLoss, 10);
        expect(two.calibration.error).toBeCloseTo(one.calibration.error, 10);
      }),
    );
  });
});

describe('refusals and edges', () => {
  const labels = ['a', 'b'];
  const head = classifier({ labels });

  it('no examples, scores of another length, unknown labels', async () => {
    const truth = { names: ['x'], labels: [['a']], targets: [] };
    const empty = { names: [], labels: [], targets: [] };
    expect((await thrownBy(() => evaluateScores(head, new Float32Array(0), empty))).code).toBe('DATA');
    expect((await thrownBy(() => evaluateScores(head, new Float32Array(3), truth))).code).toBe('DATA');
    const unknown = { ...truth, labels: [['c']] };
    expect((await thrownBy(() => evaluateScores(head, new Float32Array(2), unknown))).found).toBe('c');
  });

  it('answers that are no numbers, by the name of the example', async () => {
    const truth = { names: ['x', 'y'], labels: [['a'], ['b']], targets: [] };
    const error = await thrownBy(() => evaluateScores(head, Float32Array.of(0.5, 0.5, Number.NaN, 1), truth));
    expect(error).toMatchObject({ code: 'DATA', message: 'The answer for y is not a finite number' });
  });

  it('a sure mistake costs much and not everything', () => {
    const truth = { names: ['x'], labels: [['a']], targets: [] };
    const report = evaluateScores(head, Float32Array.of(0, 1), truth);
    expect(report).toMatchObject({ accuracy: 0, brier: 2, calibration: { error: 1 } });
    expect(report.task === 'classification' && report.logLoss).toBeCloseTo(15.94, 2);
  });

  it('labels that never occur have no average precision; one number has no R²', () => {
    const truth = { names: ['x'], labels: [[]], targets: [3] };
    const several = evaluateScores(multiLabel({ labels }), Float32Array.of(0.2, 0.7), truth);
    expect(several).toMatchObject({ meanAveragePrecision: null, exactMatch: 0, hammingLoss: 0.5 });
    expect(evaluateScores(regressor(), Float32Array.of(4), truth)).toMatchObject({ r2: null, bias: 1 });
  });
});

describe('tables', () => {
  const titles = (report: EvaluationReport) => reportTables(report).map(({ title }) => title);

  it('have as many cells in each row as columns', () => {
    const reports: EvaluationReport[] = golden.classification.map((wanted) => {
      const { actual, scores } = madeUp(wanted);
      return classReport(classLabels(wanted.classes), scores, actual);
    });
    const truth = { names: ['x', 'y'], labels: [['class 0'], []], targets: [3, 4] };
    reports.push(
      evaluateScores(multiLabel({ labels: classLabels(2) }), Float32Array.of(0.2, 0.7, 0.1, 0.1), truth),
    );
    reports.push(evaluateScores(regressor(), Float32Array.of(4, 4.123456), truth));
    for (const report of reports) {
      for (const { columns, rows } of reportTables(report)) {
        expect(rows.length).toBeGreaterThan(0);
        for (const row of rows) expect(row).toHaveLength(columns.length);
      }
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    }
  });

  it('show the confusion matrix, or its largest entries where it is wide', () => {
    const small = classReport(['cat', 'dog'], Float32Array.of(0.9, 0.1, 0.8, 0.2, 0.3, 0.7), [0, 1, 1]);
    const [summary, classes, confusion, mistakes] = reportTables(small);
    expect(summary?.rows[1]).toEqual(['accuracy', '66.7 % (95 %: 20.8 % to 93.9 %)']);
    expect(classes?.rows).toEqual([
      ['cat', '1', '50.0 %', '100.0 %', '66.7 %'],
      ['dog', '2', '100.0 %', '50.0 %', '66.7 %'],
    ]);
    expect(confusion?.rows).toEqual([
      ['cat', '1', '·'],
      ['dog', '1', '1'],
    ]);
    expect(mistakes?.rows).toEqual([['row 1', 'dog', 'cat', '80.0 %']]);
    const wide = Float32Array.from({ length: 13 * 2 }, (_, at) => (at % 13 === 5 ? 1 : 0));
    const report = classReport(classLabels(13), wide, [4, 4]);
    expect(titles(report)).toContain('Most frequent confusions');
    expect(reportTables(report)[2]?.rows).toEqual([['class 4', 'class 5', '2']]);
  });
});
