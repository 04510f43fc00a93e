/** What one transfer knows of one of its sources: how fast it is, how often it failed, whether it is still asked. */
import { ZooError } from '../core/errors.js';
import type { SourceCandidate } from '../sources/open-sources.js';
import { type RemoteFile, SourceFault } from '../sources/remote-file.js';
import { backoffDelay } from './backoff.js';
import type { TransferLimits } from './transfer-limits.js';

/** Part of a new measurement in the smoothed figures. */
const SMOOTHING = 0.3;
/** Ignored or refused ranges in a row after which a source is taken for one that can't do them. */
const IGNORED_RANGES = 2;

export class SourceState {
  readonly label: string;
  /** Why the source is not asked any more. */
  leftBecause: string | undefined;
  /** What went wrong last, also where it was got over. */
  lastFault: SourceFault | undefined;
  /** The error that looking the source up ended with, when it was no fault of a server. */
  openError: ZooError | undefined;
  /** Time before which it is not asked again. */
  notBefore = 0;
  /** True once it has answered as it should; until then it gets one connection only. */
  contacted = false;
  /** It can't do ranges: only good for one stream from the first byte. */
  streamOnly = false;
  /** It has sent wrong bytes. */
  sentWrong = false;
  /** Received from it in this transfer. */
  bytes = 0;
  /** Of one connection, smoothed, in bytes per millisecond; 0 before the first measurement. */
  rate = 0;
  /** Time to the first byte, smoothed, in milliseconds. */
  latency = 0;

  #file: Promise<RemoteFile> | undefined;
  #failures = 0;
  #wrongs = 0;
  #ignoredRanges = 0;
  #bytesAtFailure = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #refreshedAt: number | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(
    readonly candidate: SourceCandidate,
    readonly index: number,
    private readonly limits: TransferLimits,
  ) {
    this.label = candidate.label;
  }

  get isLeft(): boolean {
    return this.leftBecause !== undefined;
  }

  /** Looks the source up once; a failure is forgotten, so that it can be tried again. */
  open(signal: AbortSignal): Promise<RemoteFile> {
    this.#file ??= this.#open(signal).catch((error: unknown) => {
      this.#file = undefined;
      throw error;
    });
    return this.#file;
  }

  async #open(signal: AbortSignal): Promise<RemoteFile> {
    const late = new SourceFault('broken', `${this.label}: looking it up took too long`);
    const own = new AbortController();
    const abort = () => own.abort(signal.reason);
    const timer = setTimeout(() => own.abort(late), this.limits.openMs);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      return await this.candidate.open(own.signal);
    } catch (error) {
      throw own.signal.reason === late ? late : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Counts what one request brought. */
  measured(bytes: number, elapsedMs: number, latencyMs: number): void {
    if (elapsedMs <= 0) return;
    const rate = bytes / elapsedMs;
    this.rate = this.rate === 0 ? rate : this.rate + SMOOTHING * (rate - this.rate);
    this.latency = this.latency === 0 ? latencyMs : this.latency + SMOOTHING * (latencyMs - this.latency);
  }

  /** A request brought all that was asked for. */
  succeeded(): void {
    this.#failures = 0;
    this.#ignoredRanges = 0;
    this.#refreshedAt = undefined;
  }

  leave(reason: string): void {
    this.leftBecause ??= reason;
  }

  /**
   * Decides what a fault means for the source: it is left, or asked again after `notBefore`.
   * @param startedAt when the request began; requests that failed together count once.
   * @returns for how long its host should be spared by everybody.
   */
  async failed(error: unknown, startedAt: number, signal: AbortSignal): Promise<number> {
    if (!(error instanceof SourceFault)) {
      if (error instanceof ZooError) this.openError = error;
      this.leave(error instanceof Error ? error.message : String(error));
      return 0;
    }
    this.lastFault = error;
    if (this.isLeft) return 0;
    const counted = startedAt >= this.#failedAt;
    this.#failedAt = performance.now();
    switch (error.kind) {
      case 'missing':
      case 'refused':
        this.leave(error.message);
        return 0;
      case 'expired':
        await this.#refresh(error, startedAt, signal);
        return 0;
      case 'no-ranges':
        if (this.streamOnly) this.#failure(error, counted);
        else this.ignoredRange();
        return 0;
      case 'wrong':
        this.wrong(error.message);
        this.#wait(1);
        return 0;
      case 'busy': {
        const pause = error.retryAfterMs ?? 0;
        if (pause > this.limits.mostRetryAfterMs) {
          this.leave(`${error.message}, and asks to wait ${Math.ceil(pause / 1000)} s`);
          return 0;
        }
        this.#failure(error, counted);
        // A little more than asked for, so that not everybody is back in the same instant.
        this.notBefore = Math.max(this.notBefore, performance.now() + pause * (1 + 0.1 * Math.random()));
        return pause;
      }
      case 'broken':
        this.#failure(error, counted);
        return 0;
    }
  }

  /** Wrong bytes or a wrong answer. */
  wrong(reason: string): void {
    this.#wrongs++;
    if (this.#wrongs >= this.limits.wrongsPerSource) this.leave(reason);
  }

  /** It has sent the whole file instead of a part, or refused the part. */
  ignoredRange(): void {
    this.#ignoredRanges++;
    if (!this.contacted || this.#ignoredRanges >= IGNORED_RANGES) this.streamOnly = true;
    else this.#wait(1);
  }

  #failure(fault: SourceFault, counted: boolean): void {
    if (this.bytes - this.#bytesAtFailure >= this.limits.progressBytes) this.#failures = 0;
    this.#bytesAtFailure = this.bytes;
    if (counted) this.#failures++;
    if (this.#failures >= this.limits.attemptsPerSource) {
      this.leave(`${fault.message}; given up after ${this.#failures} attempts`);
    } else {
      this.#wait(Math.max(1, this.#failures));
    }
  }

  #wait(failures: number): void {
    const { backoffMs, mostBackoffMs } = this.limits;
    this.notBefore = Math.max(
      this.notBefore,
      performance.now() + backoffDelay(failures, backoffMs, mostBackoffMs),
    );
  }

  /** One new look-up for each time that the address expires; a fresh one that is refused too means: elsewhere. */
  async #refresh(fault: SourceFault, startedAt: number, signal: AbortSignal): Promise<void> {
    if (this.#refreshing !== undefined) return this.#refreshing;
    if (this.#refreshedAt !== undefined) {
      if (startedAt >= this.#refreshedAt) this.leave(fault.message);
      return;
    }
    this.#refreshing = this.#renew(fault, signal).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #renew(fault: SourceFault, signal: AbortSignal): Promise<void> {
    try {
      const file = await this.open(signal);
      if (file.refresh === undefined) {
        this.leave(fault.message);
        return;
      }
      await file.refresh(signal);
      this.#refreshedAt = performance.now();
    } catch (error) {
      if (signal.aborted) return;
      this.leave(error instanceof Error ? error.message : fault.message);
    }
  }
}
