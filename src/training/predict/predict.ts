/** Answers for examples, in order, while the next ones are decoded. */
import { checkCount } from '../../data/check-number.js';
import type { Dataset } from '../../data/dataset.js';
import { streamExamples } from '../../data/stream.js';
import type { Prepared, Preparer } from '../../transfer/prepare/preparer.js';

/** Whatever gives one row of numbers an example: a network with its own classes, or an adapted model. */
export interface Scorer {
  readonly preparer: Preparer;
  /** One name a column; empty where the columns are values. */
  readonly labels: readonly string[];
  /** [examples, columns], row-major. `of` is how many examples there are in all: many go through a native graph. */
  scores(prepared: readonly Prepared[], of: number): Promise<Float32Array>;
}

export interface Answer {
  readonly label: string;
  /** 0 to 1. */
  readonly probability: number;
}

export interface Prediction {
  /** The example's. */
  readonly name: string;
  /** The most probable labels, the best first; empty for regression. */
  readonly top: readonly Answer[];
  /** The values of a regression. */
  readonly values?: readonly number[];
  /** Why there is no answer. */
  readonly error?: string;
}

export interface PredictOptions {
  /** How many labels, at least 1. Default 5. */
  readonly top?: number | undefined;
  /** Examples that go through the network together. Default 32. */
  readonly batchSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One prediction an example, in the order of the data set. An example that can't be read, does not fit, or for which the
 * network gives no finite numbers, gets an `error`; the others go on.
 * @throws ZooError `USAGE` for options out of range; the signal's reason; ZooError of the network.
 */
export async function* predict(
  scorer: Scorer,
  dataset: Dataset,
  options: PredictOptions = {},
): AsyncGenerator<Prediction> {
  const { batchSize = 32, top = 5, signal } = options;
  checkCount('labels to answer with', top);
  checkCount('examples in a batch', batchSize);
  const streamed = streamExamples(dataset, {
    ahead: 2 * batchSize,
    tolerate: 1,
    transform: (raw) => scorer.preparer.prepare(raw),
    signal,
  });
  const { length } = dataset.examples;
  let waiting: Waiting[] = [];
  for await (const { example, value, error } of streamed) {
    waiting.push(
      error === undefined
        ? { name: example.name, prepared: value }
        : { name: example.name, error: error.message },
    );
    if (waiting.length < batchSize) continue;
    yield* answerAll(scorer, waiting, length, top);
    waiting = [];
  }
  yield* answerAll(scorer, waiting, length, top);
}

/** An example that waits for the network, or that it will never see. */
interface Waiting {
  readonly name: string;
  readonly prepared?: Prepared;
  readonly error?: string;
}

async function* answerAll(
  scorer: Scorer,
  waiting: readonly Waiting[],
  of: number,
  top: number,
): AsyncGenerator<Prediction> {
  const prepared = waiting.flatMap((one) => (one.prepared === undefined ? [] : [one.prepared]));
  const scores = prepared.length === 0 ? new Float32Array() : await scorer.scores(prepared, of);
  const columns = scores.length / Math.max(1, prepared.length);
  let row = 0;
  for (const { name, error } of waiting) {
    if (error !== undefined) {
      yield { name, top: [], error };
      continue;
    }
    yield predictionOf(name, scores.subarray(row * columns, (row + 1) * columns), scorer.labels, top);
    row += 1;
  }
}

function predictionOf(
  name: string,
  scores: Float32Array,
  labels: readonly string[],
  top: number,
): Prediction {
  if (!scores.every(Number.isFinite)) {
    return { name, top: [], error: 'The network gives no finite numbers for it' };
  }
  if (labels.length === 0) return { name, top: [], values: [...scores] };
  return { name, top: best(scores, labels, top) };
}

function best(scores: Float32Array, labels: readonly string[], top: number): Answer[] {
  return [...scores]
    .map((probability, index) => ({ label: labels[index] ?? String(index), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
