/** Answers for examples, in order, while the next ones are decoded. */
import type { Dataset } from '../../data/dataset.js';
import { streamExamples } from '../../data/stream.js';
import type { Prepared, Preparer } from '../../transfer/prepare/preparer.js';

/** Whatever gives one row of numbers an example: a network with its own classes, or an adapted model. */
export interface Scorer {
  readonly preparer: Preparer;
  /** One name a column; empty where the columns are values. */
  readonly labels: readonly string[];
  /** [examples, columns], row-major. */
  scores(prepared: readonly Prepared[]): Promise<Float32Array>;
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
 * One prediction an example, in the order of the data set. An example that can't be read, or does not fit, gets an
 * `error`; the others go on.
 * @throws the signal's reason; ZooError of the network.
 */
export async function* predict(
  scorer: Scorer,
  dataset: Dataset,
  options: PredictOptions = {},
): AsyncGenerator<Prediction> {
  const { batchSize = 32, signal } = options;
  const streamed = streamExamples(dataset, {
    ahead: 2 * batchSize,
    tolerate: 1,
    transform: (raw) => scorer.preparer.prepare(raw),
    signal,
  });
  let waiting: { name: string; prepared?: Prepared; error?: string }[] = [];
  for await (const { example, value, error } of streamed) {
    waiting.push(
      error === undefined
        ? { name: example.name, prepared: value }
        : { name: example.name, error: error.message },
    );
    if (waiting.length < batchSize) continue;
    yield* answer(scorer, waiting, options);
    waiting = [];
  }
  yield* answer(scorer, waiting, options);
}

async function* answer(
  scorer: Scorer,
  waiting: readonly { name: string; prepared?: Prepared; error?: string }[],
  { top = 5 }: PredictOptions,
): AsyncGenerator<Prediction> {
  const prepared = waiting.flatMap((one) => (one.prepared === undefined ? [] : [one.prepared]));
  const scores = prepared.length === 0 ? new Float32Array() : await scorer.scores(prepared);
  const columns = prepared.length === 0 ? 0 : scores.length / prepared.length;
  let row = 0;
  for (const { name, error } of waiting) {
    if (error !== undefined) {
      yield { name, top: [], error };
      continue;
    }
    const own = scores.subarray(row * columns, ++row * columns);
    if (scorer.labels.length === 0) yield { name, top: [], values: [...own] };
    else yield { name, top: best(own, scorer.labels, top) };
  }
}

function best(scores: Float32Array, labels: readonly string[], top: number): Answer[] {
  return [...scores]
    .map((probability, index) => ({ label: labels[index] ?? String(index), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
