/** sha256 of spans of files on several cores. Node's own hashing keeps the thread that calls it busy. */
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Digest, isDigest, sha256 } from '../core/digest.js';
import type { Span } from '../core/pieces.js';

export interface SpanRequest extends Span {
  readonly id: number;
  readonly path: string;
}

export type SpanAnswer =
  | { readonly id: number; readonly digest: string }
  | { readonly id: number; readonly code: string; readonly message: string };

/** Bytes that are hashed on the calling thread (0.2 ms), sooner than another thread could be asked. */
const SMALL_SPAN = 256 * 1024;

interface Waiting {
  readonly resolve: (digest: Digest) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

export class SpanHasher {
  readonly size: number;
  readonly #threads: Thread[] = [];
  #nextId = 0;
  #closed = false;

  /** @param size threads at most; they start when needed. Default: as many as there are cores. */
  constructor(size: number = availableParallelism()) {
    this.size = Math.max(1, size);
  }

  /**
   * sha256 of the bytes `[start, end)` of a file; of what there is when the file ends earlier.
   * @throws the system's error, with its code.
   */
  hash(path: string, span: Span): Promise<Digest> {
    if (this.#closed) return Promise.reject(new Error('the pool of hashing threads is closed'));
    if (span.end - span.start <= SMALL_SPAN) return hashHere(path, span);
    const thread = this.#leastBusy();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, { resolve, reject });
      thread.worker.ref(); // keeps the process alive only while it is owed an answer
      thread.worker.postMessage({ id, path, start: span.start, end: span.end } satisfies SpanRequest);
    });
  }

  /** Ends the threads; unfinished requests are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.worker.terminate()));
  }

  #leastBusy(): Thread {
    let best = this.#threads[0];
    for (const thread of this.#threads) {
      if (best === undefined || thread.waiting.size < best.waiting.size) best = thread;
    }
    if (best !== undefined && (best.waiting.size === 0 || this.#threads.length >= this.size)) return best;
    const started = startThread();
    this.#threads.push(started);
    started.worker.once('exit', () => this.#threads.splice(this.#threads.indexOf(started), 1));
    return started;
  }
}

async function hashHere(path: string, { start, end }: Span): Promise<Digest> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(end - start);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return sha256(buffer.subarray(0, filled));
  } finally {
    await file.close();
  }
}

function startWorker(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./span-hash-worker.js', import.meta.url));
  // Tests and scripts run the TypeScript itself. tsx's --import hook stays in the main thread, so the worker
  // registers the loader by hand before it loads the file.
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const file = JSON.stringify(new URL('./span-hash-worker.ts', import.meta.url).href);
  const source = `import(${loader}).then((tsx) => { tsx.register(); return import(${file}); });`;
  return new Worker(source, { eval: true });
}

function startThread(): Thread {
  const worker = startWorker();
  worker.unref();
  const waiting = new Map<number, Waiting>();
  worker.on('message', (answer: SpanAnswer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if ('digest' in answer && isDigest(answer.digest)) asked?.resolve(answer.digest);
    else if ('code' in answer) asked?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
    else asked?.reject(new Error('a hashing thread gave no digest'));
  });
  const fail = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('a hashing thread has ended')));
  return { worker, waiting };
}
