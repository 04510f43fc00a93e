/** How good a head is on examples that it has not seen. */
import { ZooError } from '../../core/errors.js';
import type { FittedHead } from '../../transfer/heads/fitted-head.js';
import type { Head } from '../../transfer/heads/head.js';
import { encodeTargets, type Truth } from '../../transfer/heads/targets.js';
import { evaluateClasses } from './evaluate-classes.js';
import { evaluateLabels } from './evaluate-labels.js';
import { evaluateValues } from './evaluate-values.js';
import type { EvaluationReport } from './report.js';

export interface EvaluateOptions {
  /** Mistakes that are listed. Default 20. */
  readonly mistakes?: number | undefined;
}

/**
 * Scores a table of features and compares with what is known about it.
 * @throws ZooError `DATA` for features of another width, features that are no numbers, no examples, and labels that the
 *   head doesn't know.
 */
export function evaluate(
  fitted: FittedHead,
  table: Truth & { readonly features: Float32Array },
  options: EvaluateOptions = {},
): EvaluationReport {
  const scores = fitted.scores(table.features, table.names.length);
  return evaluateScores(fitted.head, scores, table, options);
}

/**
 * The same for scores that are there already.
 * @param scores [examples, outputs] of the head: probabilities, or values of a regression.
 * @throws ZooError `DATA`.
 */
export function evaluateScores(
  head: Head,
  scores: Float32Array,
  truth: Truth,
  options: EvaluateOptions = {},
): EvaluationReport {
  const { names } = truth;
  if (names.length === 0) {
    throw new ZooError('DATA', 'There are no examples to evaluate', { expected: 'at least one example' });
  }
  if (scores.length !== names.length * head.outputs) {
    throw new ZooError('DATA', 'Scores and examples do not belong together', {
      expected: names.length * head.outputs,
      found: scores.length,
    });
  }
  const bad = scores.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) {
    throw new ZooError(
      'DATA',
      `The answer for ${names[Math.floor(bad / head.outputs)]} is not a finite number`,
      {
        found: String(scores[bad]),
        hint: 'Look at this example: silence, an empty picture or a damaged file can give such features.',
      },
    );
  }
  const outcome = { head, names, scores, targets: encodeTargets(head, truth) };
  const mistakes = options.mistakes ?? 20;
  switch (head.task) {
    case 'classification':
      return evaluateClasses(outcome, mistakes);
    case 'multi-label':
      return evaluateLabels(outcome, mistakes);
    case 'regression':
      return evaluateValues(outcome, mistakes);
  }
}
