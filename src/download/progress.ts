/** Progress as callers see it: not too often, never back, and whole only after verification. */
import type { FetchOptions, TransferTarget } from './contract.js';

export class Progress {
  received = 0;
  host: string | undefined;
  #verified = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly target: TransferTarget,
    private readonly intervalMs: number,
    private readonly listener: FetchOptions['onProgress'],
  ) {}

  add(bytes: number, host: string): void {
    this.received += bytes;
    this.host = host;
    this.#report(false);
  }

  /** @param bytes hashed so far; a smaller number than before, after wrong bytes, is not shown. */
  hashed(bytes: number): void {
    this.#verified = Math.max(this.#verified, Math.min(bytes, this.target.size - 1));
    this.#report(false);
  }

  /** The whole file is right and on disk. */
  complete(): void {
    this.#verified = this.target.size;
    this.#report(true);
  }

  #report(always: boolean): void {
    if (this.listener === undefined) return;
    const now = performance.now();
    if (!always && now - this.#reportedAt < this.intervalMs) return;
    this.#reportedAt = now;
    const { key, label, size } = this.target;
    const { received, host } = this;
    this.listener({ key, label, size, verified: this.#verified, received, host });
  }
}
