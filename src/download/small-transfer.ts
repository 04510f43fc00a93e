/** One small file: received into memory, verified there, written once. No journal: a kill costs one small file. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, sha256 } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import type { Span } from '../core/pieces.js';
import { type RemoteFile, SourceFault } from '../sources/remote-file.js';
import type { FetchOptions, TransferEnvironment, TransferResult, TransferTarget } from './contract.js';
import type { HostSlot, Outcome } from './host-connections.js';
import { diskError, writeFully } from './part-file.js';
import { Progress } from './progress.js';
import { sleep } from './sleep.js';
import { SourceState } from './source-state.js';
import type { Watched } from './stall-watchdog.js';
import { abortError, allSourcesFailed } from './transfer-error.js';

export async function fetchSmall(
  environment: TransferEnvironment,
  target: TransferTarget,
  options: FetchOptions,
): Promise<TransferResult> {
  const signal = options.signal ?? new AbortController().signal;
  const path = join(environment.directory, `${target.key}.part`);
  const progress = new Progress(target, environment.limits.progressMs, options.onProgress);
  try {
    signal.throwIfAborted();
    const part = await SmallPart.open(path);
    try {
      const known = (await part.content(target)) ?? (await seedContent(target));
      const chunks = known ?? (await new SmallTransfer(environment, target, progress, signal).run());
      await environment.smallWrites(() => part.write(chunks, target.size));
      progress.complete();
      const reused = known === undefined ? 0 : target.size;
      return { path, received: progress.received, reused, settle };
    } finally {
      await part.close();
    }
  } catch (error) {
    if (signal.aborted) throw abortError(target.label, signal);
    throw await diskError(error, path, target.size);
  }
}

/** There is no journal. Not written in place: a function made there would keep the bytes of the file alive. */
const settle = () => Promise.resolve();

/** The part file of a small file: opened when it has to be read or written, never emptied. */
class SmallPart {
  #handle: FileHandle | undefined;

  private constructor(
    private readonly path: string,
    handle: FileHandle | undefined,
  ) {
    this.#handle = handle;
  }

  static async open(path: string): Promise<SmallPart> {
    // Asked first, as almost all are new, and an error costs more than the question.
    return new SmallPart(path, existsSync(path) ? await open(path, 'r+') : undefined);
  }

  /** What an earlier attempt left, if it is the file already. */
  async content(target: TransferTarget): Promise<Uint8Array[] | undefined> {
    if (this.#handle === undefined || target.sha256 === undefined) return undefined;
    if ((await this.#handle.stat()).size !== target.size) return undefined;
    const bytes = await this.#handle.readFile();
    return sha256(bytes) === target.sha256 ? [bytes] : undefined;
  }

  async write(chunks: readonly Uint8Array[], size: number): Promise<void> {
    const existed = this.#handle !== undefined;
    this.#handle ??= await openOrCreate(this.path);
    await writeFully(this.#handle, chunks, 0);
    if (existed && (await this.#handle.stat()).size > size) await this.#handle.truncate(size);
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return open(path, 'r+');
  }
}

async function seedContent(target: TransferTarget): Promise<Uint8Array[] | undefined> {
  if (target.seed === undefined || target.sha256 === undefined) return undefined;
  try {
    const bytes = await readFile(target.seed);
    return sha256(bytes) === target.sha256 ? [bytes] : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EISDIR')) return undefined; // a seed is only a chance
    throw error;
  }
}

class SmallTransfer {
  readonly #sources: readonly SourceState[];
  readonly #suppliers = new Set<SourceState>();
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #hash = createHash('sha256');
  #progressAt = performance.now();

  constructor(
    private readonly environment: TransferEnvironment,
    private readonly target: TransferTarget,
    private readonly progress: Progress,
    private readonly signal: AbortSignal,
  ) {
    this.#sources = target.sources.map((source, index) => new SourceState(source, index, environment.limits));
  }

  async run(): Promise<readonly Uint8Array[]> {
    const { limits } = this.environment;
    for (let wrongs = 0; wrongs < limits.attemptsPerPiece; ) {
      while (this.#bytes < this.target.size) await this.#attempt(this.#pickSource());
      const digest = this.#hash.digest('hex') as Digest; // a hex sha256 by construction
      if (this.target.sha256 === undefined || digest === this.target.sha256) return this.#chunks;
      if (this.target.size === 0) throw this.#notEmpty();
      wrongs++;
      this.#blame(digest);
      this.#startOver();
    }
    throw allSourcesFailed(this.target.label, this.target.size, this.#sources);
  }

  /** The first in order that may be asked now, or the one that may be asked first. @throws ZooError when none is left. */
  #pickSource(): SourceState {
    const now = performance.now();
    const alive = this.#sources.filter((source) => !source.isLeft);
    const [first] = alive.toSorted(
      (a, b) =>
        Math.max(now, a.notBefore) - Math.max(now, b.notBefore) ||
        Number(a.sentWrong) - Number(b.sentWrong) ||
        a.index - b.index,
    );
    if (first === undefined || now - this.#progressAt > this.environment.limits.noProgressMs) {
      throw allSourcesFailed(this.target.label, this.target.size, this.#sources);
    }
    return first;
  }

  async #attempt(source: SourceState): Promise<void> {
    const wait = source.notBefore - performance.now();
    if (wait > 0) await sleep(wait, this.signal);
    const startedAt = performance.now();
    let slot: HostSlot | undefined;
    let outcome: Outcome = 'neutral';
    let pauseMs = 0;
    try {
      const file = await source.open(this.signal);
      slot = await this.environment.hosts.acquire(file.host, this.signal);
      await this.#read(source, file, slot);
      source.succeeded();
      outcome = 'ok';
    } catch (error) {
      this.signal.throwIfAborted();
      if (error instanceof SourceFault && error.kind === 'busy') outcome = 'busy';
      else if (error instanceof SourceFault && error.kind === 'broken') outcome = 'failed';
      pauseMs = await source.failed(error, startedAt, this.signal);
    } finally {
      slot?.release(outcome, pauseMs);
    }
  }

  async #read(source: SourceState, file: RemoteFile, slot: HostSlot): Promise<void> {
    const { watchdog, rate } = this.environment;
    const { size } = this.target;
    const connection = new SmallConnection(file.label);
    const abort = () => connection.controller.abort(this.signal.reason);
    this.signal.addEventListener('abort', abort, { once: true });
    const unwatch = watchdog.watch(connection);
    try {
      // What a broken connection has brought is kept; the rest is asked for.
      const rest: Span | undefined =
        this.#bytes === 0 || source.streamOnly ? undefined : { start: this.#bytes, end: size };
      const read = await file.read(rest, connection.controller.signal);
      if (read.total !== undefined && read.total !== size) {
        read.cancel();
        throw new SourceFault(
          'missing',
          `${source.label}: another file: ${read.total} bytes where ${size} are expected`,
        );
      }
      if (read.start === 0) this.#startOver();
      if (read.start !== this.#bytes) {
        read.cancel();
        throw new SourceFault('wrong', `${source.label}: the server sent another part than asked for`);
      }
      source.contacted = true;
      this.#suppliers.add(source);
      for await (const chunk of read.body) {
        connection.waitingSince = undefined;
        connection.bytes += chunk.length;
        source.bytes += chunk.length;
        this.#progressAt = performance.now();
        this.progress.add(chunk.length, file.host);
        slot.received(chunk.length);
        if (chunk.length > size - this.#bytes) {
          this.#startOver();
          throw new SourceFault('wrong', `${source.label}: the body is longer than the file`);
        }
        this.#chunks.push(chunk);
        this.#bytes += chunk.length;
        this.#hash.update(chunk);
        if (rate) await rate.take(chunk.length, connection.controller.signal);
        connection.waitingSince = this.#progressAt;
      }
      if (this.#bytes < size) throw new SourceFault('broken', `${source.label}: the body ended early`);
    } finally {
      unwatch();
      this.signal.removeEventListener('abort', abort);
    }
  }

  #blame(digest: Digest): void {
    const [only] = this.#suppliers;
    if (only === undefined || this.#suppliers.size > 1) return; // nobody knows whose part was wrong
    const what = `${only.label}: the file has sha256 ${digest} where ${this.target.sha256} is expected`;
    only.sentWrong = true;
    only.lastFault = new SourceFault('wrong', what);
    only.wrong(what);
  }

  #notEmpty(): ZooError {
    return new ZooError('INVALID_CARD', `The card contradicts itself about ${this.target.label}`, {
      expected: `sha256 ${this.target.sha256}`,
      found: 'a size of 0 bytes, which has another one',
    });
  }

  #startOver(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#hash = createHash('sha256');
    this.#suppliers.clear();
  }
}

class SmallConnection implements Watched {
  readonly controller = new AbortController();
  /** Compared with nobody: small files differ too much. */
  readonly group = this;
  waitingSince: number | undefined = performance.now();
  bytes = 0;

  constructor(readonly label: string) {}

  cancel(fault: SourceFault): void {
    this.controller.abort(fault);
  }
}
