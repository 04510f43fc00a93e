/**
 * Writes a file whose size and digest are known beforehand. It appears under its name only when every byte
 * was right and synced; until then the bytes are in a file of a random name beside it, made exclusively, so
 * that neither a link planted there nor another process that does the same can be written through.
 */
import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Digest } from '../core/digest.js';
import { hasCode, isSystemError, ZooError } from '../core/errors.js';

export interface VerifiedTarget {
  /** Where the file shall be; its folder exists. A file that is already there is replaced. */
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
  /** Also compared, when the archive states one. */
  readonly crc32?: number;
}

/** Ending of files that are being written; one that a killed process left may be removed at any time. */
export const UNVERIFIED_SUFFIX = '.unverified';

/**
 * Writes `chunks` to `target`, which `label` names in errors. Stops with the first byte too many.
 * @throws ZooError `INTEGRITY` when size or digest differ; `DISK_FULL` or `FILE_SYSTEM`; whatever `chunks`
 * throws; the signal's reason. In each case nothing of it is left behind.
 */
export async function writeVerified(
  target: VerifiedTarget,
  chunks: AsyncIterable<Uint8Array>,
  label: string,
  signal?: AbortSignal,
): Promise<void> {
  const draft = `${target.path}.${randomBytes(6).toString('hex')}${UNVERIFIED_SUFFIX}`;
  const file = await open(draft, 'wx', 0o644).catch((error: unknown) => {
    throw fileSystemError(error, label, target);
  });
  let kept = false;
  try {
    const write = (chunk: Uint8Array) =>
      file.writeFile(chunk).catch((error: unknown) => {
        throw fileSystemError(error, label, target);
      });
    try {
      await copyVerified(target, chunks, write, label, signal);
      await file.datasync();
    } finally {
      // Windows can't rename or remove what is open.
      await file.close();
    }
    await rename(draft, target.path).catch((error: unknown) => {
      throw fileSystemError(error, label, target);
    });
    kept = true;
  } finally {
    if (!kept) await rm(draft, { force: true });
  }
}

async function copyVerified(
  target: VerifiedTarget,
  chunks: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array) => Promise<void>,
  label: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  let checksum = 0;
  let size = 0;
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    size += chunk.length;
    if (size > target.size) throw mismatch(label, `${target.size} bytes`, 'more');
    hash.update(chunk);
    if (target.crc32 !== undefined) checksum = crc32(chunk, checksum);
    await write(chunk);
  }
  signal?.throwIfAborted();
  if (size !== target.size) throw mismatch(label, `${target.size} bytes`, `${size} bytes`);
  const digest = hash.digest('hex');
  if (digest !== target.sha256) throw mismatch(label, `sha256:${target.sha256}`, `sha256:${digest}`);
  if (target.crc32 !== undefined && checksum !== target.crc32) {
    throw mismatch(label, `crc32 ${target.crc32.toString(16)}`, `crc32 ${checksum.toString(16)}`);
  }
}

function mismatch(label: string, expected: string, found: string): ZooError {
  return new ZooError('INTEGRITY', `${label} does not have the bytes that were promised`, {
    expected,
    found,
    hint: 'The bytes were discarded. Pull again, from another source if it comes back.',
  });
}

function fileSystemError(error: unknown, label: string, target: VerifiedTarget): unknown {
  if (!isSystemError(error)) return error;
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new ZooError('DISK_FULL', `No space left while unpacking ${label}`, {
      expected: `room for ${target.size} bytes`,
      found: error.code,
      hint: 'Free some space, then pull again; what was downloaded is kept.',
      cause: error,
    });
  }
  return new ZooError('FILE_SYSTEM', `Can't write ${label}`, { found: error.code, cause: error });
}
