/**
 * A thread that hashes what the main thread wrote, read back from the page cache. Handles one job after another;
 * reading is synchronous on purpose, as the thread has nothing else to do.
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

interface JobBase {
  readonly id: number;
  /** Which file; the thread opens it at the first job and keeps it, and its whole-file hash, until `close`. */
  readonly file: number;
  readonly path: string;
}

/** A piece as a span of the file. */
interface Piece {
  readonly start: number;
  readonly end: number;
}

export type HashJob = JobBase &
  (
    | ({ readonly kind: 'piece' } & Piece)
    /**
     * Moves the whole-file hash over a span. With `digest` the span is hashed on its own in the same read, and the
     * whole-file hash moves only when the two are equal; `any` always moves it.
     */
    | ({ readonly kind: 'advance'; readonly digest: string | undefined } & Piece)
    /** Gives the whole-file hash, which starts over after this. */
    | { readonly kind: 'finish' }
    /** Hashes a span of another file and copies it to the same place when it is right. */
    | ({ readonly kind: 'copy'; readonly from: string; readonly digest: string } & Piece)
    | { readonly kind: 'close' }
  );

export type HashReply =
  | { readonly id: number; readonly digest: string | undefined }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: string | undefined } };

interface OpenFile {
  readonly descriptor: number;
  whole: Hash;
}

const files = new Map<number, OpenFile>();
/** Small enough to stay in the cache of the core between reading and hashing. */
const buffer = Buffer.allocUnsafeSlow(1 << 18);

function run(job: HashJob): string | undefined {
  if (job.kind === 'close') {
    const file = files.get(job.file);
    if (file !== undefined) closeSync(file.descriptor);
    files.delete(job.file);
    return undefined;
  }
  if (job.kind === 'copy') return copySpan(job);
  const file = openFile(job);
  switch (job.kind) {
    case 'piece': {
      const piece = createHash('sha256');
      readSpan(file.descriptor, job, (bytes) => piece.update(bytes));
      return piece.digest('hex');
    }
    case 'advance':
      return advance(file, job);
    case 'finish': {
      const { whole } = file;
      file.whole = createHash('sha256');
      return whole.digest('hex');
    }
  }
}

function openFile(job: HashJob): OpenFile {
  let file = files.get(job.file);
  if (file === undefined) {
    file = { descriptor: openSync(job.path, 'r'), whole: createHash('sha256') };
    files.set(job.file, file);
  }
  return file;
}

function advance(file: OpenFile, job: Extract<HashJob, { kind: 'advance' }>): string | undefined {
  if (job.digest === undefined) {
    readSpan(file.descriptor, job, (bytes) => file.whole.update(bytes));
    return undefined;
  }
  const piece = createHash('sha256');
  const whole = file.whole.copy();
  readSpan(file.descriptor, job, (bytes) => {
    piece.update(bytes);
    whole.update(bytes);
  });
  const digest = piece.digest('hex');
  if (job.digest === 'any' || digest === job.digest) file.whole = whole;
  return digest;
}

function copySpan(job: Extract<HashJob, { kind: 'copy' }>): string | undefined {
  const bytes = readSeed(job);
  if (bytes === undefined) return undefined;
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== job.digest) return digest;
  const to = openSync(job.path, 'r+');
  try {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(to, bytes, written, bytes.length - written, job.start + written);
    }
  } finally {
    closeSync(to);
  }
  return digest;
}

/** A seed is only a chance: one that is gone, too short or unreadable has no such piece. */
function readSeed({ from, start, end }: Extract<HashJob, { kind: 'copy' }>): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(end - start);
  try {
    const descriptor = openSync(from, 'r');
    try {
      for (let filled = 0; filled < bytes.length; ) {
        const count = readSync(descriptor, bytes, filled, bytes.length - filled, start + filled);
        if (count === 0) return undefined;
        filled += count;
      }
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
  return bytes;
}

function readSpan(descriptor: number, { start, end }: Piece, use: (bytes: Buffer) => void): void {
  let position = start;
  while (position < end) {
    const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - position), position);
    if (count === 0) throw new Error('the partial file is shorter than it should be');
    use(buffer.subarray(0, count));
    position += count;
  }
}

parentPort?.on('message', (job: HashJob) => {
  let reply: HashReply;
  try {
    reply = { id: job.id, digest: run(job) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    reply = { id: job.id, error: { message: error instanceof Error ? error.message : String(error), code } };
  }
  parentPort?.postMessage(reply);
});
