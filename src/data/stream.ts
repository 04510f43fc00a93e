/** Decoding that runs ahead of whoever uses the examples, in order and with bounded memory. */
import { ZooError } from '../core/errors.js';
import { checkCount, mostUnreadable } from './check-number.js';
import type { Dataset, Example, Raw } from './dataset.js';
import { fewOf } from './few-of.js';

export interface StreamOptions<T> {
  /** Results that may wait for the consumer, those under way included. Default 16. */
  readonly ahead?: number | undefined;
  /** Examples that are decoded at the same time. Default 4, the size of Node's thread pool. */
  readonly concurrency?: number | undefined;
  /** Share of examples, 0 … 1, that may be unreadable; the data set's own by default. 1 never gives up. */
  readonly tolerate?: number | undefined;
  /** Runs right after decoding, so that only what it gives waits, such as a small tensor in place of a large photo. */
  readonly transform?: (raw: Raw, example: Example, index: number) => T | Promise<T>;
  readonly signal?: AbortSignal | undefined;
}

export type Streamed<T> =
  | { readonly index: number; readonly example: Example; readonly value: T; readonly error?: undefined }
  | {
      readonly index: number;
      readonly example: Example;
      readonly value?: undefined;
      readonly error: ZooError;
    };

/**
 * Every example in the order of the data set, decoded ahead. One that can't be read comes as an `error`, while no more
 * than the tolerated share of them are. At most `concurrency` decoded examples and `ahead` results are held.
 *
 * Leaving the loop early stops what is under way before the iterator returns.
 * @throws ZooError the example's own, or `DATA` with a list, when too many can't be read; `USAGE` for bad options; the
 *   signal's reason; whatever `transform` throws that is no `DATA` or `NOT_FOUND`.
 */
export function streamExamples(dataset: Dataset, options?: StreamOptions<Raw>): AsyncGenerator<Streamed<Raw>>;
export function streamExamples<T>(
  dataset: Dataset,
  options: StreamOptions<T> & Required<Pick<StreamOptions<T>, 'transform'>>,
): AsyncGenerator<Streamed<T>>;
export async function* streamExamples<T>(
  dataset: Dataset,
  options: StreamOptions<T> = {},
): AsyncGenerator<Streamed<T | Raw>> {
  const { concurrency = 4, transform, signal } = options;
  const ahead = options.ahead ?? Math.max(16, concurrency);
  checkCount('examples to decode at once', concurrency);
  checkCount('examples to hold ahead', ahead);
  const unreadable = new Unreadable(dataset, options.tolerate ?? dataset.tolerate ?? 0);
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const lanes = new Lanes(concurrency);
  const queue: Promise<Streamed<T | Raw>>[] = [];
  const read = async (example: Example, index: number): Promise<Streamed<T | Raw>> => {
    try {
      const raw = await example.load(either);
      return { index, example, value: transform === undefined ? raw : await transform(raw, example, index) };
    } catch (error) {
      either.throwIfAborted();
      if (error instanceof ZooError && (error.code === 'DATA' || error.code === 'NOT_FOUND'))
        return { index, example, error };
      throw error;
    }
  };
  let next = 0;
  const fill = () => {
    for (; queue.length < ahead && next < dataset.examples.length; next++) {
      const index = next;
      const example = dataset.examples[index];
      if (example === undefined) continue;
      const result = lanes.run(either, () => read(example, index));
      // It is awaited in its turn; until then a failure must not count as unhandled.
      result.catch(() => {});
      queue.push(result);
    }
  };
  try {
    for (fill(); queue.length > 0; fill()) {
      signal?.throwIfAborted();
      const result = await queue[0];
      queue.shift();
      if (result === undefined) continue;
      if (result.error !== undefined) unreadable.add(result.example, result.error);
      yield result;
    }
    signal?.throwIfAborted();
  } finally {
    stop.abort();
    await Promise.allSettled(queue);
  }
}

/** Jobs that start in order, a few at a time. */
class Lanes {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(signal: AbortSignal, job: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      signal.throwIfAborted();
      return await job();
    } finally {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#free += 1;
      else waiting();
    }
  }
}

/** Counts examples that can't be read, and gives up when there are too many. */
class Unreadable {
  readonly #names: string[] = [];
  readonly #most: number;

  constructor(
    private readonly dataset: Dataset,
    share: number,
  ) {
    this.#most = mostUnreadable(share, dataset.examples.length);
  }

  add(example: Example, error: ZooError): void {
    this.#names.push(example.name);
    if (this.#names.length <= this.#most) return;
    if (this.#names.length === 1) throw error;
    throw new ZooError('DATA', `Too many examples of ${this.dataset.origin} can't be read`, {
      expected: `at most ${this.#most} of ${this.dataset.examples.length}`,
      found: fewOf(this.#names, 10),
      hint: `The last one: ${error.message}. Replace or remove the files, or tolerate a larger share.`,
      cause: error,
    });
  }
}
