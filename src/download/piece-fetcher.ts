/**
 * Fetches the missing pieces of one file over several connections and from several sources, until every piece has
 * been found right or no source is left. Decides who is asked for what; what a fault means for a source is decided
 * in source-state.ts, how many connections a host gets in host-connections.ts.
 */
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import type { Span } from '../core/pieces.js';
import { type RemoteFile, type RemoteRead, SourceFault } from '../sources/remote-file.js';
import { ConnectionWriter } from './connection-writer.js';
import type { TransferEnvironment, TransferTarget } from './contract.js';
import type { HostSlot, Outcome } from './host-connections.js';
import { type PartFile, writeFully } from './part-file.js';
import type { Progress } from './progress.js';
import type { RangePlanner } from './range-planner.js';
import type { SourceState } from './source-state.js';
import type { Watched } from './stall-watchdog.js';
import { allSourcesFailed } from './transfer-error.js';

export interface PieceFetcherOptions {
  readonly environment: TransferEnvironment;
  readonly target: TransferTarget;
  readonly part: PartFile;
  readonly planner: RangePlanner;
  /** Best first. */
  readonly sources: readonly SourceState[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly onlyOneConnection: boolean;
  /** True when every piece has been found right. */
  readonly isDone: () => boolean;
  /** A piece is complete on disk and waits for its verdict: `pieceIsRight` or `pieceIsWrong`. */
  readonly pieceIsWritten: (piece: number) => void;
}

/** Requests so long that waiting for their first byte is at most a twentieth of the time. */
const LATENCY_SHARE = 20;
/** How often helpers, joining sources and the bound on standstill are looked at. */
const TICK_MS = 100;
/** Ends a connection whose bytes others have; no fault of anybody. */
const OVERTAKEN = new SourceFault('broken', 'others were faster');

class Connection implements Watched {
  readonly controller = new AbortController();
  readonly startedAt = performance.now();
  waitingSince: number | undefined = this.startedAt;
  firstByteAt: number | undefined;
  bytes = 0;
  /** The connection that has been sent to help. */
  helper: number | undefined;

  constructor(
    readonly id: number,
    readonly label: string,
    readonly group: object,
    readonly source: SourceState,
    readonly slot: HostSlot,
    public span: Span,
    /** The source sends the file from its first byte, as it can't do ranges. */
    public stream: boolean,
  ) {}

  cancel(fault: SourceFault): void {
    this.controller.abort(fault);
  }

  /** Bytes a millisecond since the first one. */
  rate(now: number): number {
    return this.firstByteAt === undefined ? 0 : this.bytes / Math.max(1, now - this.firstByteAt);
  }
}

export class PieceFetcher {
  readonly #o: PieceFetcherOptions;
  readonly #connections = new Map<number, Connection>();
  /** Sources that are being used; the others are in reserve. */
  readonly #active: SourceState[] = [];
  /** Sources that wait to be opened or for a slot of their host. */
  readonly #asking = new Set<SourceState>();
  readonly #running = new Set<Promise<void>>();
  readonly #suppliers = new Map<number, Set<SourceState>>();
  readonly #excluded = new Map<number, Set<SourceState>>();
  readonly #attempts = new Map<number, number>();
  readonly #ended = new AbortController();
  readonly #startedAt = performance.now();
  #connectionCount = 0;
  #receivedAt = performance.now();
  #received = 0;
  #duplicate = 0;
  #largestChunk = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #outcome: { readonly error?: unknown } | undefined;
  #resolve: () => void = () => {};

  constructor(options: PieceFetcherOptions) {
    this.#o = options;
  }

  /** @throws ZooError when no source is left or the disk fails; the signal's reason when aborted. */
  async run(): Promise<void> {
    const { signal } = this.#o;
    const abort = () => this.fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const tick = setInterval(() => this.#tick(), TICK_MS);
    try {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        if (signal.aborted) abort();
        else this.#pump();
      });
    } finally {
      signal.removeEventListener('abort', abort);
      clearInterval(tick);
      clearTimeout(this.#retryTimer);
      await Promise.all(this.#running);
    }
    if (this.#outcome && 'error' in this.#outcome) throw this.#outcome.error;
  }

  /** Ends with an error. */
  fail(error: unknown): void {
    this.#end({ error });
  }

  pieceIsRight(): void {
    if (this.#o.isDone()) this.#end({});
  }

  /** Wrong bytes of the right size: counts against whoever sent them; the piece comes from elsewhere. */
  pieceIsWrong(piece: number, found: Digest, expected: Digest | undefined): void {
    const { planner, environment, target } = this.#o;
    const { start, end } = planner.span(piece);
    const suppliers = this.#suppliers.get(piece) ?? new Set();
    const what = `piece ${piece} (bytes ${start}-${end - 1}) has sha256 ${found} where ${expected} is expected`;
    const [only] = suppliers;
    // When several sent parts of it nobody knows whose part was wrong.
    if (only !== undefined && suppliers.size === 1) {
      only.sentWrong = true;
      only.lastFault = new SourceFault('wrong', `${only.label}: ${what}`);
      only.wrong(`${only.label}: ${what}`);
    }
    this.#suppliers.delete(piece);
    this.#excluded.set(piece, new Set([...(this.#excluded.get(piece) ?? []), ...suppliers]));
    planner.drop(piece);
    const attempts = (this.#attempts.get(piece) ?? 0) + 1;
    this.#attempts.set(piece, attempts);
    if (attempts >= environment.limits.attemptsPerPiece) {
      this.fail(
        new ZooError('INTEGRITY', `No source has the right bytes for a piece of ${target.label}`, {
          expected: `sha256 ${expected} for bytes ${start}-${end - 1}`,
          found: `${what}, after ${attempts} attempts; from ${[...suppliers].map(({ label }) => label).join(', ')}`,
        }),
      );
    }
    this.#pump();
  }

  #end(outcome: { readonly error?: unknown }): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#ended.abort(OVERTAKEN);
    for (const connection of this.#connections.values()) connection.cancel(OVERTAKEN);
    this.#resolve();
  }

  /** Sees to it that every source that may be asked is asked. Called whenever anything has changed. */
  #pump(): void {
    if (this.#outcome !== undefined) return;
    const now = performance.now();
    const usable = this.#usableSources(now);
    for (const source of usable) {
      if (this.#asking.has(source) || !this.#mayConnect(source)) continue;
      this.#asking.add(source);
      this.#track(this.#connect(source));
    }
    if (this.#running.size === 0) this.#wakeOrGiveUp(now);
  }

  #usableSources(now: number): SourceState[] {
    const { sources } = this.#o;
    if (this.#active.every((source) => source.isLeft || source.streamOnly || source.notBefore > now)) {
      this.#join();
    }
    const ranged = this.#active.filter((source) => !source.isLeft && !source.streamOnly);
    if (ranged.length > 0) {
      // The fastest ask first; those not measured yet in the order they came.
      return ranged.filter((source) => source.notBefore <= now).sort((a, b) => b.rate - a.rate);
    }
    if (this.#connections.size > 0) return [];
    const stream = sources.find((source) => !source.isLeft && source.streamOnly);
    return stream !== undefined && stream.notBefore <= now ? [stream] : [];
  }

  /** Takes the next source out of reserve, if there is one and not too many are at work. */
  #join(most = this.#o.environment.limits.mostSourcesAtOnce): void {
    const atWork = this.#active.filter((source) => !source.isLeft && !source.streamOnly).length;
    if (atWork >= most) return;
    const next = this.#o.sources.find((source) => !this.#active.includes(source) && !source.isLeft);
    if (next !== undefined) this.#active.push(next);
  }

  #mayConnect(source: SourceState): boolean {
    if (source.streamOnly) {
      return this.#o.planner.missing > 0 && this.#connections.size === 0 && this.#asking.size === 0;
    }
    const own = [...this.#connections.values()].filter((connection) => connection.source === source).length;
    if (own > 0 && (!source.contacted || this.#o.onlyOneConnection)) return false;
    return this.#nextSpan(source) !== undefined;
  }

  /** All is quiet: wait for a source that is being spared, or end. */
  #wakeOrGiveUp(now: number): void {
    if (this.#o.isDone()) return;
    const alive = this.#o.sources.filter((source) => !source.isLeft);
    if (alive.length === 0) {
      this.fail(allSourcesFailed(this.#o.target.label, this.#o.target.size, this.#o.sources));
      return;
    }
    const at = Math.min(...alive.map((source) => source.notBefore));
    clearTimeout(this.#retryTimer);
    // Without a source to wait for, verdicts on pieces are due: they call again.
    if (at > now) this.#retryTimer = setTimeout(() => this.#pump(), at - now);
  }

  #tick(): void {
    const { limits } = this.#o.environment;
    const now = performance.now();
    if (now - this.#receivedAt > limits.noProgressMs) {
      this.fail(
        new ZooError(
          'NETWORK',
          `Nothing has arrived of ${this.#o.target.label} for ${limits.noProgressMs / 1000} s`,
          {
            found: allSourcesFailed(this.#o.target.label, this.#o.target.size, this.#o.sources).found,
          },
        ),
      );
      return;
    }
    const elapsed = now - this.#startedAt;
    const left = (this.#o.planner.missing * elapsed) / Math.max(1, this.#received);
    // A cap on the rate isn't the fault of the sources.
    const slow = elapsed > limits.growthSettleMs && left > limits.joinSourceAfterMs;
    if (slow && this.#o.environment.rate === undefined && !this.#o.onlyOneConnection) this.#join();
    this.#pump();
  }

  async #connect(source: SourceState): Promise<void> {
    const startedAt = performance.now();
    const { hosts } = this.#o.environment;
    let slot: HostSlot | undefined;
    try {
      const file = await source.open(this.#ended.signal);
      slot = await hosts.acquire(file.host, this.#ended.signal);
      this.#asking.delete(source);
      const connection = this.#assign(source, file, slot);
      if (connection === undefined) {
        slot.release('neutral');
        return;
      }
      // One more for the same source, if there is more to do.
      this.#pump();
      await this.#read(connection, file);
    } catch (error) {
      this.#asking.delete(source);
      slot?.release('neutral');
      if (!this.#ended.signal.aborted) await source.failed(error, startedAt, this.#ended.signal);
    }
  }

  #assign(source: SourceState, file: RemoteFile, slot: HostSlot): Connection | undefined {
    if (this.#outcome !== undefined || source.isLeft) return undefined;
    const { planner, target } = this.#o;
    const stream = source.streamOnly;
    if (stream && (planner.missing === 0 || this.#connections.size > 0)) return undefined;
    const id = ++this.#connectionCount;
    const span = stream ? { start: 0, end: target.size } : this.#nextSpan(source, id);
    if (span === undefined) return undefined;
    planner.assign(id, span);
    const connection = new Connection(id, file.label, this, source, slot, span, stream);
    this.#connections.set(id, connection);
    return connection;
  }

  /**
   * The next missing range for a source, or a part of what a slow connection still has to do.
   * @param helper number of the connection that takes it; undefined to look only.
   */
  #nextSpan(source: SourceState, helper?: number): Span | undefined {
    const { planner } = this.#o;
    return (
      planner.next(this.#piecesPerRequest(source), (piece) => this.#mayTake(source, piece)) ??
      this.#raceSpan(source, helper)
    );
  }

  #piecesPerRequest(source: SourceState): number {
    const { planner, environment } = this.#o;
    const wanted = Math.ceil((LATENCY_SHARE * source.latency * source.rate) / planner.pieceSize);
    // Near the end everybody should have something to do.
    const share = Math.floor(planner.missing / planner.pieceSize / (2 * environment.limits.mostConnections));
    return Math.max(1, Math.min(wanted, share, environment.limits.mostPiecesPerRequest));
  }

  /** A piece that a source has sent wrong comes from another one, as long as there is one. */
  #mayTake(source: SourceState, piece: number): boolean {
    const excluded = this.#excluded.get(piece);
    if (excluded === undefined || !excluded.has(source)) return true;
    const others = this.#o.sources.filter(
      (other) => !other.isLeft && !other.streamOnly && !excluded.has(other),
    );
    if (others.length === 0) return true;
    if (!others.some((other) => this.#active.includes(other))) this.#join(Number.POSITIVE_INFINITY);
    return false;
  }

  #raceSpan(source: SourceState, helper: number | undefined): Span | undefined {
    const { planner, environment, target, onlyOneConnection } = this.#o;
    const { raceAfterMs, leastRaced, mostRaced } = environment.limits;
    const helpers = [...this.#connections.values()].filter((connection) => connection.helper !== undefined);
    // Where two connections meet, a chunk comes twice.
    const duplicate = this.#duplicate + (helpers.length + 1) * this.#largestChunk;
    if (onlyOneConnection || duplicate > target.size * mostRaced) return undefined;
    const now = performance.now();
    let slowest: { connection: Connection; span: Span; left: number } | undefined;
    for (const connection of this.#connections.values()) {
      if (connection.helper !== undefined || connection.stream) continue;
      const silent = connection.waitingSince !== undefined && now - connection.waitingSince > raceAfterMs;
      const span = planner.raceSpan(connection.id, silent);
      if (span === undefined || !this.#mayTake(source, Math.floor(span.start / planner.pieceSize))) continue;
      const bytes = span.end - span.start;
      if (bytes < leastRaced && !silent) continue;
      const left = silent ? Number.POSITIVE_INFINITY : (2 * bytes) / Math.max(1e-3, connection.rate(now));
      const helpTakes = source.rate === 0 ? 0 : source.latency + bytes / source.rate;
      if (left < raceAfterMs || left < 1.5 * helpTakes) continue;
      if (now - connection.startedAt < raceAfterMs) continue;
      if (slowest === undefined || left > slowest.left) slowest = { connection, span, left };
    }
    if (slowest !== undefined && helper !== undefined) slowest.connection.helper = helper;
    return slowest?.span;
  }

  async #read(connection: Connection, file: RemoteFile): Promise<void> {
    const { environment, planner } = this.#o;
    const { source, slot } = connection;
    const writer = new ConnectionWriter(
      (bytes, position) => this.#write(bytes, position),
      environment.buffers,
      environment.limits.pieceSize,
    );
    const unwatch = environment.watchdog.watch(connection);
    let outcome: Outcome = 'neutral';
    let pauseMs = 0;
    try {
      const read = await file.read(
        connection.stream ? undefined : connection.span,
        connection.controller.signal,
      );
      if (this.#accept(connection, read)) {
        await this.#receive(connection, file, read, writer);
        source.succeeded();
        outcome = 'ok';
      } else {
        read.cancel();
      }
    } catch (error) {
      if (error !== OVERTAKEN && this.#outcome === undefined) {
        outcome = outcomeOf(error);
        pauseMs = await source.failed(error, connection.startedAt, this.#ended.signal);
      }
    } finally {
      unwatch();
      await writer.flush().catch((error: unknown) => this.fail(error));
      const now = performance.now();
      if (connection.firstByteAt !== undefined) {
        source.measured(
          connection.bytes,
          now - connection.firstByteAt,
          connection.firstByteAt - connection.startedAt,
        );
      }
      planner.release(connection.id);
      this.#connections.delete(connection.id);
      slot.release(outcome, pauseMs);
      for (const other of this.#connections.values()) {
        if (other.helper === connection.id) other.helper = undefined;
        if (!other.stream && planner.isOvertaken(other.id)) other.cancel(OVERTAKEN);
      }
    }
  }

  /** Looks at the answer before its body. False: it is of no use, and the source has been told. */
  #accept(connection: Connection, read: RemoteRead): boolean {
    const { target, planner } = this.#o;
    const { source, span } = connection;
    if (read.total !== undefined && read.total !== target.size) {
      read.cancel();
      throw new SourceFault(
        'missing',
        `${source.label}: another file: ${read.total} bytes where ${target.size} are expected`,
      );
    }
    const ignored = read.start !== span.start || (read.end !== undefined && read.end > span.end);
    if (!ignored) {
      source.contacted = true;
      this.#pump();
      return true;
    }
    source.ignoredRange();
    const better = this.#o.sources.some((other) => !other.isLeft && !other.streamOnly);
    if (read.start !== 0 || !source.streamOnly || better || this.#connections.size > 1) return false;
    // Nobody does better: what has begun to come is the whole file, and is used as that.
    connection.stream = true;
    connection.span = { start: 0, end: target.size };
    planner.assign(connection.id, connection.span);
    return true;
  }

  async #receive(
    connection: Connection,
    file: RemoteFile,
    read: RemoteRead,
    writer: ConnectionWriter,
  ): Promise<void> {
    const { planner, environment, progress } = this.#o;
    const { source, slot, controller, span } = connection;
    let position = span.start;
    try {
      for await (const chunk of read.body) {
        connection.waitingSince = undefined;
        this.#count(connection, chunk.length);
        progress.add(chunk.length, file.host);
        slot.received(chunk.length);
        if (chunk.length > span.end - position) {
          throw new SourceFault('wrong', `${source.label}: the body is longer than announced`);
        }
        const parts = planner.claim(connection.id, { start: position, end: position + chunk.length });
        let fresh = 0;
        for (const part of parts) {
          fresh += part.end - part.start;
          this.#supplied(source, part);
          await writer.add(chunk.subarray(part.start - position, part.end - position), part.start);
        }
        this.#duplicate += chunk.length - fresh;
        position += chunk.length;
        // Somebody else is ahead here. A stream goes on: what it passes over is there already.
        if (!connection.stream && planner.isOvertaken(connection.id)) throw OVERTAKEN;
        if (environment.rate) await environment.rate.take(chunk.length, controller.signal);
        connection.waitingSince = performance.now();
      }
    } catch (error) {
      // Whatever happens after the last byte doesn't matter.
      if (position < span.end) throw error;
    }
    if (position < span.end) {
      throw new SourceFault('broken', `${source.label}: the body ended early`);
    }
  }

  #count(connection: Connection, bytes: number): void {
    const now = performance.now();
    connection.firstByteAt ??= now;
    connection.bytes += bytes;
    connection.source.bytes += bytes;
    this.#received += bytes;
    this.#largestChunk = Math.max(this.#largestChunk, bytes);
    this.#receivedAt = now;
  }

  #supplied(source: SourceState, { start, end }: Span): void {
    const { pieceSize } = this.#o.planner;
    for (let piece = Math.floor(start / pieceSize); piece * pieceSize < end; piece++) {
      const suppliers = this.#suppliers.get(piece) ?? new Set();
      this.#suppliers.set(piece, suppliers.add(source));
    }
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    await writeFully(this.#o.part.handle, [bytes], position);
    for (const piece of this.#o.planner.written({ start: position, end: position + bytes.length })) {
      this.#o.pieceIsWritten(piece);
    }
  }

  #track(job: Promise<void>): void {
    const tracked = job.finally(() => {
      this.#running.delete(tracked);
      this.#pump();
    });
    this.#running.add(tracked);
  }
}

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof SourceFault)) return 'neutral';
  if (error.kind === 'busy') return 'busy';
  return error.kind === 'broken' ? 'failed' : 'neutral';
}
