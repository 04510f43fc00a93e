/** A token bucket that all transfers of a process draw from. */
import { sleep } from './sleep.js';

export interface RateLimit {
  /** Waits until `bytes` may be taken; an abort rejects with the signal's reason. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

/** How much may come at once after a pause, in seconds of the rate. */
const BURST_SECONDS = 0.1;

/**
 * @param bytesPerSecond undefined for no limit.
 * @returns undefined when there is nothing to wait for.
 */
export function makeRateLimit(bytesPerSecond: number | undefined): RateLimit | undefined {
  if (bytesPerSecond === undefined) return undefined;
  const perMs = bytesPerSecond / 1000;
  const burst = bytesPerSecond * BURST_SECONDS;
  let tokens = burst;
  let filled = performance.now();
  return {
    async take(bytes, signal) {
      const now = performance.now();
      tokens = Math.min(burst, tokens + (now - filled) * perMs);
      filled = now;
      // Takers go into debt at once and wait it off: later ones see the debt, so the order is fair.
      tokens -= bytes;
      if (tokens < 0) await sleep(-tokens / perMs, signal);
    },
  };
}
