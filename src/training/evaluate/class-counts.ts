/** Precision, recall and F1 from counts. What would be a division by zero is 0. */
import type { Averages } from './report.js';

export interface Counts {
  /** Said and true. */
  readonly hits: number;
  readonly said: number;
  readonly true: number;
}

export function averagesOf({ hits, said, true: support }: Counts): Averages {
  return {
    precision: said === 0 ? 0 : hits / said,
    recall: support === 0 ? 0 : hits / support,
    f1: said + support === 0 ? 0 : (2 * hits) / (said + support),
  };
}

/** Mean with weights; zeros where the weights sum to 0. */
export function meanAverages(all: readonly Averages[], weights: readonly number[]): Averages {
  const sum = weights.reduce((total, weight) => total + weight, 0) || 1;
  const mean = (pick: (one: Averages) => number) =>
    all.reduce((total, one, index) => total + pick(one) * (weights[index] ?? 0), 0) / sum;
  return {
    precision: mean((one) => one.precision),
    recall: mean((one) => one.recall),
    f1: mean((one) => one.f1),
  };
}
