/**
 * Files that appear whole or not at all: written under a private name, synced, then renamed. On Windows a virus
 * scanner or an indexer may hold a fresh file for a moment, so the last step is tried again with growing pauses.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from './errors.js';

/** Codes that Windows gives while another program has the file open. */
const HELD_BY_ANOTHER_PROGRAM = ['EPERM', 'EBUSY', 'EACCES'];
/** About 10 s in all: scanners of large files need seconds. */
const PAUSES_MS = [10, 20, 50, 100, 200, 400, 800, 1600, 3200, 3600];

/** A name beside `path` that no other writer uses; begins with a dot and ends in `.tmp`. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`);
}

/** True for names made by `temporaryName`: leftovers of writers that were killed. */
export function isTemporaryName(name: string): boolean {
  return /^\..*\.[0-9a-f]{12}\.tmp$/.test(name);
}

export interface AtomicWriteOptions {
  /** Permissions of the new file, before the umask. Default 0o666. */
  mode?: number;
}

/**
 * Replaces `path` with `data`. Readers see the old content or the new, also after a power cut.
 * @throws the system's error (ENOSPC, EROFS, EACCES …); the temporary file is removed.
 */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx', options.mode ?? 0o666);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await renameWithRetry(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** `rename` that waits out programs that hold the file on Windows. Elsewhere it tries once. */
export async function renameWithRetry(from: string, to: string): Promise<void> {
  await retryWhileHeld(() => rename(from, to));
}

/**
 * Runs a file operation again while Windows says that another program has the file open.
 * @param platform for tests.
 */
export async function retryWhileHeld<T>(
  operation: () => Promise<T>,
  platform: NodeJS.Platform = process.platform,
): Promise<T> {
  const pauses = platform === 'win32' ? PAUSES_MS : [];
  for (const pause of pauses) {
    try {
      return await operation();
    } catch (error) {
      if (!hasCode(error, ...HELD_BY_ANOTHER_PROGRAM)) throw error;
      await sleep(pause);
    }
  }
  return operation();
}

/** Makes renames and new names in a folder durable. Does nothing where a folder can't be synced (Windows). */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch (error) {
    if (hasCode(error, 'EISDIR', 'EPERM', 'EACCES')) return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems (and Windows) refuse to sync a folder; they order such changes by themselves.
    if (!hasCode(error, 'EPERM', 'EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF')) throw error;
  } finally {
    await handle.close();
  }
}
