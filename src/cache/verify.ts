/** Hashes everything again, on all cores, and says exactly what is wrong. Changes nothing. */
import type { BigIntStats } from 'node:fs';
import type { Digest } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import { forEachBounded } from '../core/for-each-bounded.js';
import { pieceCount, pieceSpan, type Span } from '../core/pieces.js';
import type { InstalledModel, UnreadableModel } from './installed-models.js';
import { bareKey, type ModelKey, modelId } from './layout.js';
import type { ModelFile } from './manifest.js';
import { SpanHasher } from './span-hasher.js';
import { type FolderFault, folderJobs, type HashJob, lstatIfThere } from './verify-folder.js';

/** What there is to verify, and how to reach it. */
export interface VerifySubject {
  readonly models: readonly InstalledModel[];
  readonly unreadable: readonly UnreadableModel[];
  /** Path of a file's blob, or undefined when no cache has one of any size. */
  findBlob(file: ModelFile): Promise<string | undefined>;
  /** Piece digests by the card; empty when it has none. @throws ZooError when the card is damaged. */
  pieces(model: InstalledModel): Promise<ReadonlyMap<Digest, readonly Digest[]>>;
}

export interface VerifyOptions {
  /** Threads that hash. Default: as many as there are cores. */
  concurrency?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called as bytes are hashed, with bytes so far and in all. */
  onProgress?: ((verified: number, total: number) => void) | undefined;
}

export interface DamagedBlob {
  readonly digest: Digest;
  readonly path: string;
  readonly size: number;
  readonly foundSize: number;
  /** What is wrong, piece by piece, or the whole where the card has no pieces. Empty: only too long. */
  readonly bad: readonly (Span & { readonly piece: number })[];
  readonly models: readonly ModelKey[];
}

export interface MissingBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly models: readonly ModelKey[];
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly models: number;
  readonly blobs: number;
  /** Bytes of the blobs that are there. */
  readonly bytes: number;
  readonly damaged: readonly DamagedBlob[];
  readonly missing: readonly MissingBlob[];
  readonly folders: readonly FolderFault[];
  /** Models whose ref, manifest or card is damaged; pulling them again mends it. */
  readonly unreadable: readonly UnreadableModel[];
}

/** A collector may move a blob aside and back between two steps; then it is looked for again. */
const LOOKS = 5;

interface BlobCheck {
  readonly file: ModelFile;
  readonly path: string;
  /** Looks again, after the blob was not where it had been found. */
  readonly find: () => Promise<string | undefined>;
  readonly foundSize: number;
  readonly pieces: readonly Digest[];
  readonly bad: (Span & { piece: number })[];
  gone: boolean;
}

/**
 * Hashes every blob of the models, by pieces where the card has them, and compares the models' folders.
 *
 * Pieces that are right prove the blob: they were checked together with its whole digest when it was fetched.
 * Pieces that are wrong are not yet a proof against it, since another card may have listed wrong ones for a blob
 * that was there already; so the whole digest has the last word.
 * @throws the signal's reason, or the system's error when something can't be read at all.
 */
export async function verify(subject: VerifySubject, options: VerifyOptions = {}): Promise<VerifyReport> {
  const unreadable = [...subject.unreadable];
  const users = new Map<Digest, { file: ModelFile; pieces: readonly Digest[]; models: ModelKey[] }>();
  for (const model of subject.models) {
    const pieces = await piecesOf(subject, model, unreadable);
    for (const file of model.files) {
      const known = users.get(file.sha256);
      const entry = known ?? { file, pieces: pieces.get(file.sha256) ?? [], models: [] };
      if (known === undefined) users.set(file.sha256, entry);
      if (!entry.models.some((key) => modelId(key) === modelId(model))) entry.models.push(bareKey(model));
    }
  }

  const checks: BlobCheck[] = [];
  const missing: MissingBlob[] = [];
  const identities = new Map<Digest, BigIntStats>();
  for (const [digest, { file, pieces, models }] of users) {
    const find = () => subject.findBlob(file);
    const found = await findAndStat(find);
    if (found === undefined) {
      missing.push({ digest, size: file.size, models });
      continue;
    }
    const { path, stat } = found;
    identities.set(digest, stat);
    const usable = pieces.length > 1 && pieces.length === pieceCount(file.size) ? pieces : [];
    checks.push({
      file,
      path,
      find,
      foundSize: Number(stat.size),
      pieces: usable,
      bad: [],
      gone: false,
    });
  }

  const folders: FolderFault[] = [];
  const jobs = checks.flatMap(blobJobs);
  for (const model of subject.models) jobs.push(...(await folderJobs(model, identities, folders)));
  await runJobs(jobs, options);

  for (const check of checks) {
    if (check.gone) {
      missing.push({
        digest: check.file.sha256,
        size: check.file.size,
        models: users.get(check.file.sha256)?.models ?? [],
      });
    }
  }
  const damaged = checks
    .filter((check) => !check.gone && (check.bad.length > 0 || check.foundSize !== check.file.size))
    .map(({ file, path, foundSize, bad }) => ({
      digest: file.sha256,
      path,
      size: file.size,
      foundSize,
      bad: bad.sort((a, b) => a.start - b.start),
      models: users.get(file.sha256)?.models ?? [],
    }));
  return {
    ok: [damaged, missing, folders, unreadable].every((faults) => faults.length === 0),
    models: subject.models.length,
    blobs: checks.length,
    bytes: checks.reduce((sum, check) => sum + check.foundSize, 0),
    damaged,
    missing,
    folders,
    unreadable,
  };
}

async function piecesOf(
  subject: VerifySubject,
  model: InstalledModel,
  unreadable: UnreadableModel[],
): Promise<ReadonlyMap<Digest, readonly Digest[]>> {
  try {
    return await subject.pieces(model);
  } catch (error) {
    if (!(error instanceof ZooError)) throw error;
    unreadable.push({ key: bareKey(model), error });
    return new Map();
  }
}

async function findAndStat(
  find: () => Promise<string | undefined>,
): Promise<{ path: string; stat: BigIntStats } | undefined> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const path = await find();
    if (path === undefined) return undefined;
    const stat = await lstatIfThere(path);
    if (stat !== undefined) return { path, stat };
  }
  return undefined;
}

/** Small jobs, so that one large blob keeps all cores busy too. */
function blobJobs(check: BlobCheck): HashJob[] {
  const { file, foundSize, pieces } = check;
  const whole = { start: 0, end: Math.max(file.size, foundSize) };
  if (pieces.length === 0) {
    return [
      {
        bytes: foundSize,
        run: async (pool) => {
          const digest = await hashOrGone(pool, check, whole);
          if (digest !== file.sha256 && !check.gone) check.bad.push({ piece: 0, start: 0, end: file.size });
        },
      },
    ];
  }
  let left = pieces.length;
  return pieces.map((expected, piece) => ({
    bytes: pieceSpan(piece, foundSize).end - Math.min(pieceSpan(piece, foundSize).start, foundSize),
    run: async (pool) => {
      const span = pieceSpan(piece, file.size);
      const digest = await hashOrGone(pool, check, span);
      if (digest !== expected) check.bad.push({ piece, ...span });
      left -= 1;
      const doubtful = left === 0 && check.bad.length > 0 && foundSize === file.size && !check.gone;
      if (doubtful && (await hashOrGone(pool, check, whole)) === file.sha256) check.bad.length = 0;
    },
  }));
}

/** Undefined for a sector that the disk can't read, which is damage, and for a blob that has just vanished. */
async function hashOrGone(pool: SpanHasher, check: BlobCheck, span: Span): Promise<Digest | undefined> {
  for (let path: string | undefined = check.path, looks = 1; path !== undefined && looks < LOOKS; looks++) {
    try {
      return await pool.hash(path, span);
    } catch (error) {
      if (hasCode(error, 'EIO')) return undefined;
      if (!hasCode(error, 'ENOENT')) throw error;
      path = await check.find();
    }
  }
  check.gone = true;
  return undefined;
}

async function runJobs(jobs: readonly HashJob[], options: VerifyOptions): Promise<void> {
  const pool = new SpanHasher(options.concurrency);
  const total = jobs.reduce((sum, job) => sum + job.bytes, 0);
  let verified = 0;
  try {
    await forEachBounded(
      jobs,
      // A second job waits at each thread, so that none idles between two.
      pool.size * 2,
      async (job) => {
        await job.run(pool);
        verified += job.bytes;
        options.onProgress?.(verified, total);
      },
      options.signal,
    );
  } finally {
    await pool.close();
  }
}
