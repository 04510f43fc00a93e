/**
 * How many connections a host gets, shared by all transfers of the process. Starts with a few, doubles while that
 * raises the throughput, goes back when it does not, halves when the host fails or says that it has enough.
 */
import type { TransferLimits } from './transfer-limits.js';

/** How a request ended, as the host sees it. `neutral` says nothing about the host: cancelled, nothing to do. */
export type Outcome = 'ok' | 'failed' | 'busy' | 'neutral';

export interface HostSlot {
  /** Counts bytes as they arrive. */
  received(bytes: number): void;
  /** Ends the use of the slot; further calls do nothing. `pauseMs` keeps everybody away from a busy host. */
  release(outcome: Outcome, pauseMs?: number): void;
}

type Limits = Pick<
  TransferLimits,
  'connectionsAtStart' | 'mostConnections' | 'growthWindowMs' | 'growthSettleMs' | 'growthRetryMs'
>;

/** Requests that the success ratio is taken over. */
const OUTCOMES = 20;
/** Fewer requests say nothing about a host. */
const FEWEST_OUTCOMES = 4;
const GROW_ABOVE = 0.8;
const HALVE_BELOW = 0.5;
/** Doubling must bring at least this part of double throughput more; less is noise. */
const LEAST_GAIN = 0.2;

export class HostConnections {
  readonly #hosts = new Map<string, Host>();

  constructor(
    private readonly limits: Limits,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Waits, first come first served, until `host` may get another connection. An abort rejects with its reason. */
  acquire(host: string, signal: AbortSignal): Promise<HostSlot> {
    return this.#host(host).acquire(signal);
  }

  /** Connections that `host` may have at present. */
  limit(host: string): number {
    return this.#host(host).limit;
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new Host(this.limits, this.now);
      this.#hosts.set(name, host);
    }
    return host;
  }
}

interface Waiter {
  grant(slot: HostSlot): void;
}

interface Slot {
  delivering: boolean;
}

class Host {
  limit: number;
  readonly #active = new Set<Slot>();
  readonly #waiters: Waiter[] = [];
  #outcomes: boolean[] = [];
  #pausedUntil = 0;
  #pauseTimer: NodeJS.Timeout | undefined;
  #halvedAt = Number.NEGATIVE_INFINITY;
  #changedAt: number;
  #growAgainAt = 0;
  #window: { readonly from: number; bytes: number } | undefined;
  /** What the last smaller limit achieved, in bytes per millisecond. */
  #before: { readonly limit: number; readonly rate: number } | undefined;

  constructor(
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {
    this.limit = limits.connectionsAtStart;
    this.#changedAt = now();
  }

  acquire(signal: AbortSignal): Promise<HostSlot> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        grant(slot) {
          signal.removeEventListener('abort', abort);
          resolve(slot);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
      this.#dispatch();
    });
  }

  #dispatch(): void {
    const wait = this.#pausedUntil - this.now();
    if (wait > 0) {
      this.#pauseTimer ??= setTimeout(() => {
        this.#pauseTimer = undefined;
        this.#dispatch();
      }, wait);
      return;
    }
    while (this.#active.size < this.limit) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      waiter.grant(this.#open());
    }
  }

  #open(): HostSlot {
    const slot: Slot = { delivering: false };
    this.#active.add(slot);
    return {
      received: (bytes) => {
        slot.delivering = true;
        this.#judge(bytes);
      },
      release: (outcome, pauseMs = 0) => {
        if (!this.#active.delete(slot)) return;
        this.#note(outcome, pauseMs);
        this.#dispatch();
      },
    };
  }

  #note(outcome: Outcome, pauseMs: number): void {
    if (outcome === 'neutral') return;
    if (outcome === 'busy') {
      this.#pausedUntil = Math.max(this.#pausedUntil, this.now() + pauseMs);
      this.#halve();
      return;
    }
    this.#outcomes.push(outcome === 'ok');
    if (this.#outcomes.length > OUTCOMES) this.#outcomes.shift();
    if (this.#outcomes.length >= FEWEST_OUTCOMES && this.#successRatio() < HALVE_BELOW) this.#halve();
  }

  #successRatio(): number {
    if (this.#outcomes.length === 0) return 1;
    return this.#outcomes.filter(Boolean).length / this.#outcomes.length;
  }

  /** Requests that failed together count once: all of them were sent before the host could be spared. */
  #halve(): void {
    const now = this.now();
    if (now - this.#halvedAt < this.limits.growthWindowMs) return;
    this.#halvedAt = now;
    this.#outcomes = [];
    this.#before = undefined;
    this.#growAgainAt = now + this.limits.growthRetryMs;
    this.#setLimit(Math.max(1, Math.floor(this.limit / 2)));
  }

  #setLimit(limit: number): void {
    this.limit = limit;
    this.#changedAt = this.now();
    this.#window = undefined;
    this.#dispatch();
  }

  /** Compares the throughput of one window with that of the last smaller limit. */
  #judge(bytes: number): void {
    if (this.limit >= this.limits.mostConnections) return;
    const now = this.now();
    if (now < this.#growAgainAt) return;
    if (this.#active.size < this.limit) {
      // Nobody wants more connections than there are: nothing can be learnt.
      this.#window = undefined;
      return;
    }
    if (this.#window === undefined) {
      if (this.#isSettled(now)) this.#window = { from: now, bytes: 0 };
      return;
    }
    this.#window.bytes += bytes;
    const elapsed = now - this.#window.from;
    if (elapsed < this.limits.growthWindowMs) return;
    const rate = this.#window.bytes / elapsed;
    const before = this.#before;
    this.#window = undefined;
    if (before !== undefined && rate < before.rate * (1 + LEAST_GAIN * (this.limit / before.limit - 1))) {
      this.#before = undefined;
      this.#growAgainAt = now + this.limits.growthRetryMs;
      this.#setLimit(before.limit);
    } else if (this.#successRatio() > GROW_ABOVE) {
      this.#before = { limit: this.limit, rate };
      this.#setLimit(Math.min(this.limits.mostConnections, this.limit * 2));
    }
  }

  #isSettled(now: number): boolean {
    if (now - this.#changedAt > this.limits.growthSettleMs) return true;
    for (const slot of this.#active) if (!slot.delivering) return false;
    return true;
  }
}
