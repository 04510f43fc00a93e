/**
 * Threads for hashing, started when the first large file needs them. Pieces go to whichever thread is free; the
 * whole-file hash of a file lives in one thread, its home, as the state of a hash can't be moved.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Digest, isDigest } from '../core/digest.js';
import type { Span } from '../core/pieces.js';
import { threadScript } from '../core/thread-script.js';
import type { HashJob, HashReply } from './hash-worker.js';

type Without<Job, Keys extends PropertyKey> = Job extends HashJob ? Omit<Job, Keys> : never;
/** A job before a thread has numbered it, and before it is known of which file. */
type Numberless = Without<HashJob, 'id'>;
type Order = Without<HashJob, 'id' | 'file' | 'path'>;

interface Pending {
  resolve(digest: string | undefined): void;
  reject(error: unknown): void;
}

export interface FileHasher {
  /** sha256 of a span. */
  piece(span: Span): Promise<Digest>;
  /** True when the home thread has nothing to do. */
  readonly isHomeIdle: boolean;
  /** Moves the whole-file hash over `span`, which must follow on the last one. */
  advance(span: Span): Promise<void>;
  /**
   * Hashes `span` and, if it is right, moves the whole-file hash over it in the same read.
   * @param expected undefined when the digest is not known: any is right then.
   */
  advanceChecked(span: Span, expected: Digest | undefined): Promise<Digest>;
  /** The whole-file hash over all spans so far; it starts over after this. */
  finish(): Promise<Digest>;
  /** Copies `span` out of another file if it hashes to `expected` there. */
  copyIfRight(from: string, span: Span, expected: Digest): Promise<boolean>;
  close(): Promise<void>;
}

/** Jobs that wait inside a thread, so that it never idles between two; the rest waits for any thread. */
const QUEUE_AHEAD = 2;

export class HashPool {
  #threads: Thread[] = [];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  #files = 0;

  constructor(private readonly mostThreads: number) {}

  /** @param path opened when the first job comes. */
  open(path: string): FileHasher {
    this.#start();
    const file = ++this.#files;
    const home = this.#threads[file % this.#threads.length];
    if (home === undefined) throw new Error('the pool has no threads');
    const used = new Set<Thread>();
    const onThread = (thread: Thread, order: Order): Promise<string | undefined> => {
      used.add(thread);
      return thread.run({ ...order, file, path });
    };
    const onAny = (order: Order): Promise<string | undefined> =>
      new Promise((resolve, reject) => {
        this.#waiting.push((thread) => void onThread(thread, order).then(resolve, reject));
        this.#dispatch();
      });
    return {
      piece: async ({ start, end }) => toDigest(await onAny({ kind: 'piece', start, end })),
      get isHomeIdle() {
        return home.load === 0;
      },
      async advance({ start, end }) {
        await onThread(home, { kind: 'advance', start, end, digest: undefined });
      },
      advanceChecked: async ({ start, end }, expected) =>
        toDigest(await onThread(home, { kind: 'advance', start, end, digest: expected ?? 'any' })),
      finish: async () => toDigest(await onThread(home, { kind: 'finish' })),
      copyIfRight: async (from, { start, end }, expected) =>
        (await onAny({ kind: 'copy', from, start, end, digest: expected })) === expected,
      async close() {
        await Promise.all(Array.from(used, (thread) => thread.run({ kind: 'close', file, path })));
      },
    };
  }

  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #start(): void {
    if (this.#threads.length > 0) return;
    const script = threadScript('#hash-worker');
    const count = Math.max(1, Math.min(this.mostThreads, availableParallelism()));
    this.#threads = Array.from({ length: count }, () => new Thread(script, () => this.#dispatch()));
  }

  #dispatch(): void {
    // After closing, the last answers still come in.
    while (this.#waiting.length > 0 && this.#threads.length > 0) {
      const free = this.#threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
      if (free.load >= QUEUE_AHEAD) return;
      this.#waiting.shift()?.(free);
    }
  }
}

class Thread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #jobs = 0;
  #ended: { readonly reason: unknown } | undefined;

  constructor(script: string, onIdle: () => void) {
    this.#worker = new Worker(script);
    this.#worker.unref();
    this.#worker.on('message', (reply: HashReply) => {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if (this.#pending.size === 0) this.#worker.unref();
      if ('error' in reply) pending?.reject(Object.assign(new Error(reply.error.message), reply.error));
      else pending?.resolve(reply.digest);
      onIdle();
    });
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('the hashing thread has ended')));
  }

  get load(): number {
    return this.#pending.size;
  }

  run(order: Numberless): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended.reason);
        return;
      }
      const id = ++this.#jobs;
      // Somebody waits for the answer: the process must not end before it.
      if (this.#pending.size === 0) this.#worker.ref();
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ ...order, id });
    });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #failAll(error: unknown): void {
    this.#ended ??= { reason: error };
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

function toDigest(text: string | undefined): Digest {
  if (!isDigest(text)) throw new Error('the hashing thread answered without a digest');
  return text;
}
