/**
 * Hashes pieces as they become complete, and moves the whole-file hash along the finished prefix (the frontier),
 * so that verifying the file ends with its last piece. A piece that arrives right at the frontier while the home
 * thread is free is read once for both hashes; the others are read twice, by two threads.
 */
import type { Digest } from '../core/digest.js';
import type { Span } from '../core/pieces.js';
import type { FileHasher } from './hash-pool.js';

export interface VerificationEvents {
  right(piece: number, digest: Digest): void;
  wrong(piece: number, digest: Digest): void;
  /** Reading the part file failed. */
  failed(error: unknown): void;
}

export interface VerificationOptions {
  readonly hasher: FileHasher;
  readonly pieces: number;
  readonly span: (piece: number) => Span;
  /** Digests of the pieces, where they are known. */
  readonly expected: readonly Digest[] | undefined;
  /** Whether the whole file is hashed too. */
  readonly whole: boolean;
  readonly events: VerificationEvents;
}

export class Verification {
  readonly #options: VerificationOptions;
  readonly #right: Uint8Array;
  readonly #jobs = new Set<Promise<void>>();
  #frontier = 0;
  #advancing = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: VerificationOptions) {
    this.#options = options;
    this.#right = new Uint8Array(options.pieces);
  }

  /** A piece that is on disk and known to be right. */
  keep(piece: number): void {
    this.#right[piece] = 1;
  }

  /** Goes on with the whole-file hash over the kept prefix. */
  start(): void {
    this.#advance();
  }

  /** A piece has been written completely. */
  received(piece: number): void {
    this.#track(this.#check(piece));
  }

  /** Waits until nothing is being hashed. */
  async idle(): Promise<void> {
    if (this.#jobs.size === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** The hash of the whole file, after all pieces were right; the frontier starts over after this. */
  async finish(): Promise<Digest> {
    await this.idle();
    this.#frontier = 0;
    return this.#options.hasher.finish();
  }

  /** Hashes every piece again and forgets the wrong ones; for a part file that changed under the journal. */
  async recheck(expected: readonly Digest[]): Promise<number[]> {
    const { hasher, span } = this.#options;
    const digests = await Promise.all(expected.map((_, piece) => hasher.piece(span(piece))));
    const wrong = digests.flatMap((digest, piece) => (digest === expected[piece] ? [] : [piece]));
    for (const piece of wrong) this.#right[piece] = 0;
    return wrong;
  }

  /** Forgets everything. */
  reset(): void {
    this.#right.fill(0);
    this.#frontier = 0;
  }

  async #check(piece: number): Promise<void> {
    const { hasher, span, expected, whole, events } = this.#options;
    const due = expected?.[piece];
    let digest: Digest;
    const atFrontier = whole && piece === this.#frontier && !this.#advancing && hasher.isHomeIdle;
    if (atFrontier) {
      this.#advancing = true;
      digest = await hasher.advanceChecked(span(piece), due);
      this.#advancing = false;
      if (due === undefined || digest === due) this.#frontier++;
    } else {
      digest = await hasher.piece(span(piece));
    }
    if (due === undefined || digest === due) {
      this.#right[piece] = 1;
      events.right(piece, digest);
    } else {
      events.wrong(piece, digest);
    }
    this.#advance();
  }

  #advance(): void {
    const { hasher, span, whole } = this.#options;
    if (!whole || this.#advancing || this.#right[this.#frontier] !== 1) return;
    this.#advancing = true;
    this.#track(
      hasher.advance(span(this.#frontier)).then(() => {
        this.#advancing = false;
        this.#frontier++;
        this.#advance();
      }),
    );
  }

  #track(job: Promise<void>): void {
    const tracked = job
      .catch((error: unknown) => this.#options.events.failed(error))
      .finally(() => {
        this.#jobs.delete(tracked);
        if (this.#jobs.size > 0) return;
        const waiters = this.#idleWaiters;
        this.#idleWaiters = [];
        for (const resolve of waiters) resolve();
      });
    this.#jobs.add(tracked);
  }
}
