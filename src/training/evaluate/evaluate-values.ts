/** Evaluation of a number for each example. */
import type { Outcome } from './outcome.js';
import type { RegressionReport } from './report.js';

export function evaluateValues({ names, scores, targets }: Outcome, mostMistakes: number): RegressionReport {
  const examples = names.length;
  const rows = names.map((name, example) => {
    const [target, predicted] = [targets[example] ?? 0, scores[example] ?? 0];
    return { name, target, predicted, error: predicted - target };
  });
  const mean = (pick: (row: (typeof rows)[number]) => number) =>
    rows.reduce((sum, row) => sum + pick(row), 0) / examples;
  const centre = mean(({ target }) => target);
  const variance = mean(({ target }) => (target - centre) ** 2);
  const squared = mean(({ error }) => error * error);
  return {
    task: 'regression',
    examples,
    r2: examples < 2 || variance === 0 ? null : 1 - squared / variance,
    meanAbsoluteError: mean(({ error }) => Math.abs(error)),
    rootMeanSquaredError: Math.sqrt(squared),
    bias: mean(({ error }) => error),
    mistakes: rows
      .toSorted((a, b) => Math.abs(b.error) - Math.abs(a.error))
      .slice(0, mostMistakes)
      .map(({ name, target, predicted }) => ({ name, target, predicted })),
  };
}
