/** Evaluation of any number of labels an example. */
import { averagePrecision } from './average-precision.js';
import { averagesOf, type Counts, meanAverages } from './class-counts.js';
import { mean } from './mean.js';
import { LEAST_PROBABILITY, type Outcome } from './outcome.js';
import type { LabelMistake, MultiLabelReport } from './report.js';

const THRESHOLD = 0.5;

export function evaluateLabels(outcome: Outcome, mostMistakes: number): MultiLabelReport {
  const { head, names, scores, targets } = outcome;
  const { labels, outputs } = head;
  const examples = names.length;
  const decisions = Array.from(scores, (probability, at) => {
    const applies = targets[at] === 1;
    return { probability, applies, said: probability > THRESHOLD, example: Math.floor(at / outputs), at };
  });
  const classes = labels.map((label, index) => {
    const own = decisions.filter(({ at }) => at % outputs === index);
    const counts = countsOf(own);
    const precision = averagePrecision(
      own.map(({ probability }) => probability),
      own.map(({ applies }) => applies),
    );
    return { label, support: counts.true, ...averagesOf(counts), averagePrecision: precision };
  });
  const precisions = classes.flatMap((one) => (one.averagePrecision === null ? [] : [one.averagePrecision]));
  const wrong = decisions.filter(({ applies, said }) => applies !== said);
  return {
    task: 'multi-label',
    examples,
    labels,
    threshold: THRESHOLD,
    exactMatch: 1 - new Set(wrong.map(({ example }) => example)).size / examples,
    hammingLoss: wrong.length / decisions.length,
    meanAveragePrecision: precisions.length === 0 ? null : mean(precisions),
    micro: averagesOf(countsOf(decisions)),
    macro: meanAverages(
      classes,
      labels.map(() => 1),
    ),
    logLoss: mean(
      decisions.map(
        ({ probability, applies }) =>
          -Math.log(Math.max(applies ? probability : 1 - probability, LEAST_PROBABILITY)),
      ),
    ),
    brier: mean(decisions.map(({ probability, applies }) => (probability - (applies ? 1 : 0)) ** 2)),
    classes,
    mistakes: wrong
      .map(
        ({ probability, applies, example, at }): LabelMistake => ({
          name: names[example] ?? '',
          label: labels[at % outputs] ?? '',
          applies,
          probability,
        }),
      )
      .sort((a, b) => Math.abs(b.probability - THRESHOLD) - Math.abs(a.probability - THRESHOLD))
      .slice(0, mostMistakes),
  };
}

function countsOf(decisions: readonly { readonly applies: boolean; readonly said: boolean }[]): Counts {
  return {
    hits: decisions.filter(({ applies, said }) => applies && said).length,
    said: decisions.filter(({ said }) => said).length,
    true: decisions.filter(({ applies }) => applies).length,
  };
}
