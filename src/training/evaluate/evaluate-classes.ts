/** Evaluation of one class an example. */
import { calibrationOf } from './calibration.js';
import { averagesOf, meanAverages } from './class-counts.js';
import { mean } from './mean.js';
import { LEAST_PROBABILITY, type Outcome } from './outcome.js';
import { standardError, wilsonInterval } from './proportion.js';
import type { ClassificationReport, ClassReport, Mistake } from './report.js';

const TOP_K = [2, 3, 5, 10];

export function evaluateClasses(outcome: Outcome, mostMistakes: number): ClassificationReport {
  const { head, names, scores, targets } = outcome;
  const { labels, outputs } = head;
  const examples = names.length;
  const rows = Array.from({ length: examples }, (_, example) => {
    const own = scores.subarray(example * outputs, (example + 1) * outputs);
    const actual = targets.subarray(example * outputs, (example + 1) * outputs).indexOf(1);
    return { own, actual, ranked: placeOf(own, actual), predicted: largest(own) };
  });
  const confusion = labels.map(() => labels.map(() => 0));
  for (const { actual, predicted } of rows) {
    const row = confusion[actual];
    if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
  }
  const said = labels.map((_, column) => confusion.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  const classes = labels.map((label, index): ClassReport => {
    const support = (confusion[index] ?? []).reduce((sum, count) => sum + count, 0);
    const counts = { hits: confusion[index]?.[index] ?? 0, said: said[index] ?? 0, true: support };
    return { label, support, ...averagesOf(counts) };
  });
  const right = rows.map(({ actual, predicted }) => actual === predicted);
  const accuracy = right.filter(Boolean).length / examples;
  const confidences = rows.map(({ own, predicted }) => own[predicted] ?? 0);
  const occurs = classes.map(({ support }) => (support > 0 ? 1 : 0));
  const seen = classes.map(({ support }, index) => (support > 0 || (said[index] ?? 0) > 0 ? 1 : 0));
  return {
    task: 'classification',
    examples,
    labels,
    accuracy,
    standardError: standardError(accuracy, examples),
    interval: wilsonInterval(accuracy, examples),
    topK: TOP_K.filter((k) => k < outputs).map((k) => ({
      k,
      accuracy: rows.filter(({ ranked }) => ranked < k).length / examples,
    })),
    balancedAccuracy: meanAverages(classes, occurs).recall,
    macro: meanAverages(classes, seen),
    weighted: meanAverages(
      classes,
      classes.map(({ support }) => support),
    ),
    logLoss: mean(rows.map(({ own, actual }) => -Math.log(Math.max(own[actual] ?? 0, LEAST_PROBABILITY)))),
    brier: mean(
      rows.map(({ own, actual }) =>
        own.reduce((sum, score, index) => sum + (score - (index === actual ? 1 : 0)) ** 2, 0),
      ),
    ),
    calibration: calibrationOf(confidences, right),
    classes,
    confusion,
    mistakes: rows
      .flatMap(({ actual, predicted }, example): Mistake[] => {
        if (actual === predicted) return [];
        const [label = '', answer = ''] = [labels[actual], labels[predicted]];
        const confidence = confidences[example] ?? 0;
        return [{ name: names[example] ?? '', label, predicted: answer, confidence }];
      })
      .sort((a, b) => b.confidence - a.confidence)
      .slice(0, mostMistakes),
  };
}

function largest(scores: Float32Array): number {
  let best = 0;
  scores.forEach((score, index) => {
    if (score > (scores[best] ?? 0)) best = index;
  });
  return best;
}

/** Place of a class when they are ordered by their scores, from 0; of equals the first comes first. */
function placeOf(scores: Float32Array, wanted: number): number {
  const own = scores[wanted] ?? 0;
  let place = 0;
  scores.forEach((score, index) => {
    if (score > own || (score === own && index < wanted)) place += 1;
  });
  return place;
}
