/**
 * Gives up connections that no longer deliver: those that are silent, and those that crawl while their siblings
 * don't. Time that a connection spends waiting for the disk or the rate limit is not held against it.
 */
import { SourceFault } from '../sources/remote-file.js';
import type { TransferLimits } from './transfer-limits.js';

/** A connection under watch. */
export interface Watched {
  readonly label: string;
  /** Connections of one transfer are compared with each other. */
  readonly group: object;
  /** When the connection began to wait for bytes that have not come; undefined while it is busy otherwise. */
  readonly waitingSince: number | undefined;
  /** Received so far. */
  readonly bytes: number;
  cancel(fault: SourceFault): void;
}

interface Measured {
  readonly startedAt: number;
  bytes: number;
  /** Smoothed, in bytes per millisecond. */
  rate: number;
}

/** Fewer siblings make no median worth comparing with. */
const FEWEST_SIBLINGS = 2;
const SMOOTHING = 0.3;
const LONGEST_TICK_MS = 1_000;

export class StallWatchdog {
  readonly #watched = new Map<Watched, Measured>();
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;

  constructor(private readonly limits: Pick<TransferLimits, 'stallMs' | 'slowAfterMs' | 'slowRatio'>) {}

  /** @returns ends the watch. */
  watch(watched: Watched): () => void {
    const now = performance.now();
    this.#watched.set(watched, { startedAt: now, bytes: 0, rate: 0 });
    if (this.#timer === undefined) {
      const { stallMs, slowAfterMs } = this.limits;
      this.#tickedAt = now;
      this.#timer = setInterval(
        () => this.#tick(),
        Math.max(5, Math.min(LONGEST_TICK_MS, stallMs / 4, slowAfterMs / 4)),
      );
    }
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    };
  }

  #tick(): void {
    const now = performance.now();
    const elapsed = now - this.#tickedAt;
    this.#tickedAt = now;
    for (const [watched, measured] of this.#watched) {
      const rate = (watched.bytes - measured.bytes) / elapsed;
      measured.rate += SMOOTHING * (rate - measured.rate);
      measured.bytes = watched.bytes;
    }
    for (const [watched, measured] of [...this.#watched]) {
      const fault = this.#judge(watched, measured, now);
      if (fault !== undefined) watched.cancel(fault);
    }
  }

  #judge(watched: Watched, measured: Measured, now: number): SourceFault | undefined {
    const { stallMs, slowAfterMs, slowRatio } = this.limits;
    if (watched.waitingSince === undefined) return undefined;
    if (now - watched.waitingSince > stallMs) {
      return new SourceFault('broken', `${watched.label}: no byte for ${stallMs / 1000} s`);
    }
    if (now - measured.startedAt < slowAfterMs) return undefined;
    const siblings: number[] = [];
    for (const [other, { rate, startedAt }] of this.#watched) {
      if (other !== watched && other.group === watched.group && now - startedAt >= slowAfterMs) {
        siblings.push(rate);
      }
    }
    if (siblings.length < FEWEST_SIBLINGS) return undefined;
    const median = siblings.sort((a, b) => a - b)[siblings.length >> 1] ?? 0;
    if (measured.rate >= median * slowRatio) return undefined;
    return new SourceFault('broken', `${watched.label}: a connection far slower than its siblings`);
  }
}
