/**
 * Makes finished pieces durable: one `fdatasync` for all pieces that finished meanwhile, then their records in the
 * journal. Syncing goes on all the time, so the disk is kept busy and little is left to sync at the end.
 */
import type { Digest } from '../core/digest.js';

export interface CommitTarget {
  /** Returns when everything written so far is on disk. */
  sync(): Promise<void>;
  /** Records the pieces. */
  record(pieces: readonly (readonly [number, Digest])[]): Promise<void>;
}

export class GroupCommit {
  #pending: (readonly [number, Digest])[] = [];
  #running: Promise<void> | undefined;

  constructor(
    private readonly target: CommitTarget,
    /** A full or broken disk ends the transfer. */
    private readonly failed: (error: unknown) => void,
  ) {}

  add(piece: number, digest: Digest): void {
    this.#pending.push([piece, digest]);
    this.#running ??= this.#run();
  }

  /** Waits until all pieces added so far are recorded. */
  async flush(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const batch = this.#pending;
        this.#pending = [];
        await this.target.sync();
        await this.target.record(batch);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.#running = undefined;
    }
  }
}
