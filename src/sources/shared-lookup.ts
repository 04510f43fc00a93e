/** Answers that are asked for once: by many files of one package, at the same time or one after the other. */
import { ZooError } from '../core/errors.js';
import { SourceFault } from './remote-file.js';

interface Entry<V> {
  readonly answer: Promise<V>;
  readonly controller: AbortController;
  waiters: number;
  settled: boolean;
}

/**
 * Joins callers that ask for the same key. The question is withdrawn only when its last caller has gone, so one
 * caller's abort never fails another. Answers are kept; so are failures that asking again can't change.
 */
export class SharedLookup<V> {
  readonly #entries = new Map<string, Entry<V>>();

  async get(key: string, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<V>): Promise<V> {
    signal.throwIfAborted();
    const entry = this.#entries.get(key) ?? this.#ask(key, ask);
    entry.waiters++;
    try {
      return await untilAborted(entry.answer, signal);
    } finally {
      entry.waiters--;
      if (entry.waiters === 0 && !entry.settled) {
        this.#drop(key, entry);
        entry.controller.abort();
      }
    }
  }

  /** The next `get` asks again. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  #ask(key: string, ask: (signal: AbortSignal) => Promise<V>): Entry<V> {
    const controller = new AbortController();
    const entry: Entry<V> = { answer: ask(controller.signal), controller, waiters: 0, settled: false };
    this.#entries.set(key, entry);
    entry.answer.then(
      () => {
        entry.settled = true;
      },
      (error: unknown) => {
        entry.settled = true;
        if (!isLasting(error)) this.#drop(key, entry);
      },
    );
    return entry;
  }

  #drop(key: string, entry: Entry<V>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

/** True for failures that the same question would meet again. */
function isLasting(error: unknown): boolean {
  if (error instanceof SourceFault) return error.kind !== 'busy' && error.kind !== 'broken';
  return error instanceof ZooError;
}

/** `promise`, or a rejection with the signal's reason, whichever is first. */
export function untilAborted<V>(promise: Promise<V>, signal: AbortSignal): Promise<V> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
  });
}
