/**
 * One request and its answer, straight on undici's dispatch interface. Its own streams cost as much time a byte as
 * hashing does; here a chunk goes from the parser through a short queue to the reader.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { ResponseHead } from './status-fault.js';

export interface HttpBody extends AsyncIterable<Uint8Array> {
  /** Drops the rest, and the connection with it unless the body has ended. Harmless at any time. */
  cancel(): void;
}

export interface HttpAnswer extends ResponseHead {
  readonly body: HttpBody;
}

/** Bytes that may wait for the reader before the server is made to wait, and when it may go on. */
const PAUSE_ABOVE = 1 << 20;
const RESUME_BELOW = 1 << 18;

/** Sends a GET. Rejects with undici's error, or the signal's reason. */
export function exchange(
  dispatcher: Dispatcher,
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const handler = new Exchange(resolve, reject, signal);
    dispatcher.dispatch(
      { origin: url.origin, path: `${url.pathname}${url.search}`, method: 'GET', headers },
      handler,
    );
  });
}

class Exchange implements Dispatcher.DispatchHandler, HttpBody, AsyncIterator<Uint8Array> {
  #controller: Dispatcher.DispatchController | undefined;
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #ended = false;
  #error: { readonly reason: unknown } | undefined;
  /** The reader, waiting for something to happen. */
  #wake: (() => void) | undefined;
  readonly #abort = () => this.#fail(this.signal?.reason);

  constructor(
    private readonly resolve: (answer: HttpAnswer) => void,
    private readonly reject: (reason: unknown) => void,
    private readonly signal: AbortSignal | undefined,
  ) {
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Aborted while it waited for a connection.
    if (this.#error) controller.abort(new Error('cancelled'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return; // early hints and the like; the answer follows
    this.resolve({ status, headers, body: this });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#queued > PAUSE_ABOVE) controller.pause();
    this.#notify();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#detach();
    this.#notify();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      if (this.signal?.aborted) throw this.signal.reason;
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        this.#queued -= chunk.length;
        if (this.#queued < RESUME_BELOW && this.#controller?.paused) this.#controller.resume();
        return { done: false, value: chunk };
      }
      // What had arrived before the connection broke has been read by now.
      if (this.#error) throw this.#error.reason;
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.cancel();
    return { done: true, value: undefined };
  }

  cancel(): void {
    this.#queue.length = 0;
    if (!this.#ended) this.#fail(new Error('cancelled'));
  }

  #fail(reason: unknown): void {
    if (this.#error || this.#ended) return;
    this.#error = { reason };
    this.#detach();
    this.#controller?.abort(new Error('cancelled'));
    this.reject(reason); // does nothing once the answer is there
    this.#notify();
  }

  #detach(): void {
    this.signal?.removeEventListener('abort', this.#abort);
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
