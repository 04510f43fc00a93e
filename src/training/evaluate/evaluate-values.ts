/** Evaluation of a number for each example. */
import { mean } from './mean.js';
import type { Outcome } from './outcome.js';
import type { RegressionReport } from './report.js';

export function evaluateValues({ names, scores, targets }: Outcome, mostMistakes: number): RegressionReport {
  const examples = names.length;
  const rows = names.map((name, example) => {
    const [target, predicted] = [targets[example] ?? 0, scores[example] ?? 0];
    return { name, target, predicted, error: predicted - target };
  });
  const centre = mean(rows.map(({ target }) => target));
  const variance = mean(rows.map(({ target }) => (target - centre) ** 2));
  const squared = mean(rows.map(({ error }) => error * error));
  return {
    task: 'regression',
    examples,
    r2: examples < 2 || variance === 0 ? null : 1 - squared / variance,
    meanAbsoluteError: mean(rows.map(({ error }) => Math.abs(error))),
    rootMeanSquaredError: Math.sqrt(squared),
    bias: mean(rows.map(({ error }) => error)),
    mistakes: rows
      .toSorted((a, b) => Math.abs(b.error) - Math.abs(a.error))
      .slice(0, mostMistakes)
      .map(({ name, target, predicted }) => ({ name, target, predicted })),
  };
}
