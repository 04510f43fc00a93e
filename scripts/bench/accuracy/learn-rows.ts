/** Ways to learn from a table that has a row for every example of a trial. */
import type { Dataset } from '../../../src/data/dataset.js';
import { evaluateScores } from '../../../src/training/evaluate/evaluate.js';
import { C_GRID } from '../../../src/training/solve/choose-c.js';
import { fitHead } from '../../../src/training/solve/fit-head.js';
import type { FitOptions, HeadFit, LabelledFeatures } from '../../../src/training/solve/fit-options.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import type { FittedHead } from '../../../src/transfer/heads/fitted-head.js';
import type { Head } from '../../../src/transfer/heads/head.js';
import { nearestMean } from '../../../src/transfer/heads/nearest-mean.js';
import { nearestNeighbours } from '../../../src/transfer/heads/nearest-neighbours.js';
import type { Contestant, Draw, Score } from './trial.js';

/** Rows of a draw's two parts. Some are made anew for each draw: word weights know the training part only. */
export type RowsOf = (draw: Draw) => Promise<{ train: LabelledFeatures; test: LabelledFeatures }>;

export type MakeHead = (labels: readonly string[]) => Head;

/** The heads that are compared, by what the tables call them. */
export const HEADS = {
  'linear, standardised': (labels) => classifier({ labels }),
  'linear, unit length': (labels) => classifier({ labels, scaling: 'unit-length' }),
  'hidden layer of 64': (labels) => classifier({ labels, hidden: 64 }),
  'nearest mean': (labels) => nearestMean({ labels }),
  'nearest neighbour': (labels) => nearestNeighbours({ labels, k: 1 }),
  '3 nearest neighbours': (labels) => nearestNeighbours({ labels, k: 3 }),
} as const satisfies Record<string, MakeHead>;

/** Rows for examples by their names, out of a table of all. */
export function rowsFrom(table: LabelledFeatures): RowsOf {
  const places = new Map(table.names.map((name, index) => [name, index]));
  const pick = ({ examples }: Dataset): LabelledFeatures => {
    const { width } = table;
    const features = new Float32Array(examples.length * width);
    examples.forEach(({ name }, at) => {
      const place = places.get(name);
      if (place === undefined) throw new Error(`there are no features of ${name}`);
      features.set(table.features.subarray(place * width, (place + 1) * width), at * width);
    });
    return {
      names: examples.map(({ name }) => name),
      labels: examples.map(({ labels }) => labels),
      targets: examples.map(({ target }) => target),
      features,
      width,
    };
  };
  return async ({ train, test }) => ({ train: pick(train), test: pick(test) });
}

export function headContestant(
  name: string,
  rows: RowsOf,
  make: MakeHead,
  options: FitOptions = {},
): Contestant {
  return {
    name,
    async run(draw) {
      const { train, test } = await rows(draw);
      const { fitted, evidence } = await fitHead(make(draw.train.labels), train, {
        ...options,
        seed: draw.seed,
      });
      const byFolds = evidence.chosenBy === 'cross-validation' && evidence.c !== null;
      const chosen = byFolds ? `C = ${Number(evidence.c.toPrecision(2))}` : undefined;
      return { accuracy: accuracyOf(fitted, test), chosen };
    },
  };
}

/** Both scalings of the linear head, with the same values of C to choose from: .01 to 100. */
export function linearContestants(name: string, rows: RowsOf): Contestant[] {
  return (['linear, standardised', 'linear, unit length'] as const).map((kind) =>
    headContestant(`${name}; ${kind}`, rows, HEADS[kind], { grid: C_GRID }),
  );
}

/** Both scalings, and unit length with the zoo's own, which go to 100,000 there. */
export function linearWithLongGrid(name: string, rows: RowsOf): Contestant[] {
  const kind = 'linear, unit length';
  const long = headContestant(`${name}; ${kind}, C to 100,000`, rows, HEADS[kind]);
  return [...linearContestants(name, rows), long];
}

/** The heads that are not linear, to compare with. */
export function otherHeads(name: string, rows: RowsOf): Contestant[] {
  return (['hidden layer of 64', 'nearest mean', 'nearest neighbour', '3 nearest neighbours'] as const).map(
    (kind) => headContestant(`${name}; ${kind}`, rows, HEADS[kind]),
  );
}

/** The label of the nearest training row by Euclidean distance. */
export function nearestContestant(name: string, rows: RowsOf): Contestant {
  return {
    name,
    async run(draw): Promise<Score> {
      const { train, test } = await rows(draw);
      const { labels } = draw.train;
      const scores = new Float32Array(test.names.length * labels.length);
      for (let row = 0; row < test.names.length; row++) {
        const label = train.labels[nearestRow(train, test, row)]?.[0] ?? '';
        scores[row * labels.length + labels.indexOf(label)] = 1;
      }
      return { accuracy: balanced(evaluateScores(classifier({ labels }), scores, test)) };
    },
  };
}

export function accuracyOf(fitted: FittedHead, test: LabelledFeatures): number {
  return balanced(evaluateScores(fitted.head, fitted.scores(test.features, test.names.length), test));
}

/** The most probable label of each row. */
export function predictedLabels({ fitted }: HeadFit, test: LabelledFeatures): string[] {
  const { labels } = fitted.head;
  const scores = fitted.scores(test.features, test.names.length);
  return test.names.map((_, row) => {
    const own = scores.subarray(row * labels.length, (row + 1) * labels.length);
    return labels[own.indexOf(Math.max(...own))] ?? '';
  });
}

export function balanced(report: ReturnType<typeof evaluateScores>): number {
  if (report.task !== 'classification') throw new Error('only classes are compared here');
  return report.balancedAccuracy;
}

/** Each column with mean 0 and deviation 1 over the training rows, so that none decides a distance alone. */
export function standardised(rows: RowsOf): RowsOf {
  return async (draw) => {
    const { train, test } = await rows(draw);
    const { width } = train;
    const count = train.names.length;
    const means = new Float64Array(width);
    const deviations = new Float64Array(width);
    train.features.forEach((value, at) => {
      means[at % width] = (means[at % width] ?? 0) + value / count;
    });
    train.features.forEach((value, at) => {
      const column = at % width;
      deviations[column] = (deviations[column] ?? 0) + (value - (means[column] ?? 0)) ** 2 / count;
    });
    const scale = (table: LabelledFeatures): LabelledFeatures => ({
      ...table,
      features: table.features.map((value, at) => {
        const column = at % width;
        return (value - (means[column] ?? 0)) / (Math.sqrt(deviations[column] ?? 0) || 1);
      }),
    });
    return { train: scale(train), test: scale(test) };
  };
}

function nearestRow(train: LabelledFeatures, test: LabelledFeatures, row: number): number {
  const { width } = train;
  let best = { distance: Number.POSITIVE_INFINITY, row: 0 };
  for (let candidate = 0; candidate < train.names.length; candidate++) {
    let distance = 0;
    for (let at = 0; at < width; at++) {
      distance +=
        ((train.features[candidate * width + at] ?? 0) - (test.features[row * width + at] ?? 0)) ** 2;
    }
    if (distance < best.distance) best = { distance, row: candidate };
  }
  return best.row;
}
