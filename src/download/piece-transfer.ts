/**
 * One large file: opens the part and its journal, keeps what is known to be right, fetches the rest, verifies.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { SourceFault } from '../sources/remote-file.js';
import type { FetchOptions, TransferEnvironment, TransferResult, TransferTarget } from './contract.js';
import { GroupCommit } from './group-commit.js';
import type { FileHasher } from './hash-pool.js';
import { Journal } from './journal.js';
import { diskError, openPart, type PartFile } from './part-file.js';
import { PieceFetcher } from './piece-fetcher.js';
import { Progress } from './progress.js';
import { RangePlanner } from './range-planner.js';
import { SourceState } from './source-state.js';
import { abortError, allSourcesFailed } from './transfer-error.js';
import { Verification } from './verification.js';

export async function fetchPieces(
  environment: TransferEnvironment,
  target: TransferTarget,
  options: FetchOptions,
): Promise<TransferResult> {
  const signal = options.signal ?? new AbortController().signal;
  const path = join(environment.directory, `${target.key}.part`);
  const part = await openPart(path, target.size);
  let journal: Journal | undefined;
  let hasher: FileHasher | undefined;
  try {
    const opened = await openJournal(environment, target, part);
    journal = opened.journal;
    hasher = environment.hashers.open(path);
    const transfer = new PieceTransfer(environment, target, options, signal, part, journal, hasher);
    return await transfer.run(opened.pieces);
  } finally {
    await hasher?.close();
    await journal?.close();
    await part.handle.close();
  }
}

function journalPath(environment: TransferEnvironment, target: TransferTarget): string {
  return join(environment.directory, `${target.key}.journal`);
}

async function openJournal(environment: TransferEnvironment, target: TransferTarget, part: PartFile) {
  const path = journalPath(environment, target);
  const { key, size, sha256 } = target;
  const header = { key, size, sha256, pieceSize: environment.limits.pieceSize };
  try {
    return await Journal.open(path, header, !part.created);
  } catch (error) {
    throw await diskError(error, path, size);
  }
}

/** Apart from the transfer, which a function made in there would keep alive. */
function removing(path: string): () => Promise<void> {
  return () => rm(path, { force: true });
}

class PieceTransfer {
  readonly #planner: RangePlanner;
  /** Digest of each piece, where they are known. */
  readonly #expected: readonly Digest[] | undefined;
  readonly #verification: Verification;
  readonly #commit: GroupCommit;
  readonly #progress: Progress;
  readonly #sources: readonly SourceState[];
  readonly #right = new Map<number, Digest>();
  #fetcher: PieceFetcher | undefined;
  #hashed = 0;
  #reused = 0;
  #error: { readonly reason: unknown } | undefined;

  constructor(
    private readonly environment: TransferEnvironment,
    private readonly target: TransferTarget,
    options: FetchOptions,
    private readonly signal: AbortSignal,
    private readonly part: PartFile,
    private readonly journal: Journal,
    private readonly hasher: FileHasher,
  ) {
    const { limits } = environment;
    this.#planner = new RangePlanner(target.size, limits.pieceSize);
    this.#expected = expectedPieces(target, this.#planner.pieces);
    this.#progress = new Progress(target, limits.progressMs, options.onProgress);
    this.#sources = target.sources.map((source, index) => new SourceState(source, index, limits));
    this.#verification = new Verification({
      hasher,
      pieces: this.#planner.pieces,
      span: (piece) => this.#planner.span(piece),
      expected: this.#expected,
      whole: target.sha256 !== undefined,
      events: {
        right: (piece, digest) => this.#pieceIsRight(piece, digest),
        wrong: (piece, digest) => this.#fetcher?.pieceIsWrong(piece, digest, this.#expected?.[piece]),
        failed: (error) => this.#fail(error),
      },
    });
    this.#commit = new GroupCommit(
      { sync: () => part.handle.datasync(), record: (pieces) => journal.append(pieces) },
      (error) => this.#fail(error),
    );
  }

  async run(recorded: ReadonlyMap<number, Digest>): Promise<TransferResult> {
    try {
      await this.#keepRecorded(recorded);
      if (this.target.seed !== undefined) await this.#takeFromSeed(this.target.seed);
      this.#reused = this.#hashed;
      this.#verification.start();
      await this.#fetchMissing();
      await this.#verifyWhole();
      // Ends with the sync of the last pieces. Their records matter too: a kill before the move costs nothing then.
      await this.#commit.flush();
      if (this.#error) throw this.#error.reason;
    } catch (error) {
      await this.#keepWhatIsThere();
      if (this.signal.aborted) throw abortError(this.target.label, this.signal);
      throw await diskError(error, this.part.path, this.target.size - this.#hashed);
    }
    this.#progress.complete();
    return {
      path: this.part.path,
      received: this.#progress.received,
      reused: this.#reused,
      settle: removing(this.journal.path),
    };
  }

  /** Pieces of an earlier attempt. Where the card has no digests, the recorded ones are checked against the disk. */
  async #keepRecorded(recorded: ReadonlyMap<number, Digest>): Promise<void> {
    await Promise.all(
      Array.from(recorded, async ([piece, digest]) => {
        const due = this.#expected?.[piece];
        const right =
          due === undefined
            ? (await this.hasher.piece(this.#planner.span(piece))) === digest
            : due === digest;
        if (right) this.#keep(piece, digest);
      }),
    );
  }

  async #takeFromSeed(seed: string): Promise<void> {
    const expected = this.#expected;
    if (expected === undefined) return; // nothing tells which of its pieces are good
    await Promise.all(
      expected.map(async (digest, piece) => {
        if (this.#right.has(piece) || this.signal.aborted) return;
        if (!(await this.hasher.copyIfRight(seed, this.#planner.span(piece), digest))) return;
        this.#keep(piece, digest);
        this.#commit.add(piece, digest);
      }),
    );
  }

  #keep(piece: number, digest: Digest): void {
    this.#planner.keep(piece);
    this.#verification.keep(piece);
    this.#count(piece, digest);
  }

  #count(piece: number, digest: Digest): void {
    const { start, end } = this.#planner.span(piece);
    this.#right.set(piece, digest);
    this.#hashed += end - start;
    this.#progress.hashed(this.#hashed);
  }

  #pieceIsRight(piece: number, digest: Digest): void {
    this.#count(piece, digest);
    this.#commit.add(piece, digest);
    this.#fetcher?.pieceIsRight();
  }

  /** @param only asks this source alone, over one connection. */
  async #fetchMissing(only?: SourceState): Promise<void> {
    this.signal.throwIfAborted();
    if (this.#error) throw this.#error.reason;
    if (this.#right.size === this.#planner.pieces) return;
    const fetcher = new PieceFetcher({
      environment: this.environment,
      target: this.target,
      part: this.part,
      planner: this.#planner,
      sources: only === undefined ? this.#sources : [only],
      progress: this.#progress,
      signal: this.signal,
      onlyOneConnection: only !== undefined,
      isDone: () => this.#right.size === this.#planner.pieces,
      pieceIsWritten: (piece) => this.#verification.received(piece),
    });
    this.#fetcher = fetcher;
    await fetcher.run();
  }

  /** All pieces are there: is the file what it should be? */
  async #verifyWhole(): Promise<void> {
    const { sha256 } = this.target;
    if (sha256 === undefined) {
      await this.#verification.idle();
      return;
    }
    let digest = await this.#verification.finish();
    if (digest !== sha256) {
      digest =
        this.#expected === undefined
          ? await this.#startOver(digest, sha256)
          : await this.#fetchChanged(this.#expected, digest);
    }
    if (this.#error) throw this.#error.reason;
    if (digest !== sha256) throw this.#wrongFile(digest);
  }

  /** Every piece was right once and the file isn't: the part has changed under the journal, or the card is wrong. */
  async #fetchChanged(expected: readonly Digest[], digest: Digest): Promise<Digest> {
    const wrong = await this.#verification.recheck(expected);
    if (wrong.length === 0) {
      throw new ZooError('INVALID_CARD', `The card contradicts itself about ${this.target.label}`, {
        expected: `sha256 ${this.target.sha256} of the whole file`,
        found: `sha256 ${digest}, although every piece is right`,
      });
    }
    await this.#forget(wrong);
    await this.#fetchMissing();
    this.#verification.start();
    return this.#verification.finish();
  }

  /**
   * Without digests of pieces nothing tells where the file is wrong, or whose bytes are: once more from the first
   * byte, from one source at a time, those first that have sent nothing yet.
   */
  async #startOver(found: Digest, sha256: Digest): Promise<Digest> {
    let digest = found;
    const fresh = this.#sources.filter((source) => source.bytes === 0);
    const suspects = this.#sources.filter((source) => source.bytes > 0);
    const [onlySuspect] = suspects;
    // A single suspect is asked again only when there is nobody else.
    const retry = suspects.length === 1 && fresh.some((source) => !source.isLeft) ? [] : suspects;
    if (onlySuspect !== undefined && suspects.length === 1) this.#wasWrong(onlySuspect, found);
    for (const source of [...fresh, ...retry].filter((candidate) => !candidate.isLeft)) {
      await this.#forget(Array.from({ length: this.#planner.pieces }, (_, piece) => piece));
      this.#verification.reset();
      if (!(await this.#couldFetchFrom(source))) continue;
      digest = await this.#verification.finish();
      if (digest === sha256) return digest;
      this.#wasWrong(source, digest);
    }
    throw allSourcesFailed(this.target.label, this.target.size, this.#sources);
  }

  /** False when the source could not deliver, which it remembers. @throws whatever isn't the source's fault. */
  async #couldFetchFrom(source: SourceState): Promise<boolean> {
    try {
      await this.#fetchMissing(source);
      return true;
    } catch (error) {
      if (this.signal.aborted || this.#error !== undefined || !source.isLeft) throw error;
      return false;
    }
  }

  #wasWrong(source: SourceState, digest: Digest): void {
    source.sentWrong = true;
    source.lastFault = new SourceFault(
      'wrong',
      `${source.label}: the file has sha256 ${digest} where ${this.target.sha256} is expected`,
    );
  }

  async #forget(pieces: readonly number[]): Promise<void> {
    await this.#commit.flush();
    for (const piece of pieces) {
      if (!this.#right.delete(piece)) continue;
      const { start, end } = this.#planner.span(piece);
      this.#hashed -= end - start;
      this.#planner.drop(piece);
    }
    await this.journal.reset(this.#right);
  }

  #wrongFile(digest: Digest): ZooError {
    const suppliers = this.#sources.filter((source) => source.bytes > 0).map((source) => source.label);
    return new ZooError('INTEGRITY', `${this.target.label} is not the file that was promised`, {
      expected: `sha256 ${this.target.sha256}`,
      found: `sha256 ${digest} from ${suppliers.join(', ') || 'what was there already'}`,
      hint: 'The sources have other bytes than the card promises. Tell whoever publishes the card.',
    });
  }

  #fail(error: unknown): void {
    this.#error ??= { reason: error };
    this.#fetcher?.fail(error);
  }

  /** Interrupted or failed: pieces that have arrived are hashed and recorded, so that nothing is fetched again. */
  async #keepWhatIsThere(): Promise<void> {
    await this.#verification.idle();
    await this.#commit.flush();
  }
}

/** @throws ZooError `INVALID_CARD` when the card has another number of pieces than the size says. */
function expectedPieces(target: TransferTarget, count: number): readonly Digest[] | undefined {
  if (count === 1 && target.sha256 !== undefined) return [target.sha256];
  if (target.pieces.length === 0) return undefined;
  if (target.pieces.length !== count) {
    throw new ZooError('INVALID_CARD', `The card names the wrong number of pieces for ${target.label}`, {
      expected: count,
      found: target.pieces.length,
    });
  }
  return target.pieces;
}
