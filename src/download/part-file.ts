/** The unfinished file: full length from the start, sparse, written at any offset by any connection. */
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { formatBytes } from '../core/bytes.js';
import { hasCode, ZooError } from '../core/errors.js';

export interface PartFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** True when it did not exist before. */
  readonly created: boolean;
}

/**
 * Opens or makes the part file and gives it its length. Another process may be writing the same file: it puts
 * the same bytes in the same places, so a part is never emptied here.
 * @throws ZooError `DISK_FULL` or `FILE_SYSTEM`.
 */
export async function openPart(path: string, size: number): Promise<PartFile> {
  try {
    const { handle, created } = await openOrCreate(path);
    const length = created ? 0 : (await handle.stat()).size;
    // Longer than the file that it will be: only damage explains it, and no writer needs what is behind.
    if (length !== size) await handle.truncate(size);
    return { path, handle, created };
  } catch (error) {
    throw await diskError(error, path, size);
  }
}

async function openOrCreate(path: string): Promise<{ handle: FileHandle; created: boolean }> {
  try {
    return { handle: await open(path, 'wx+'), created: true };
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return { handle: await open(path, 'r+'), created: false };
  }
}

/** Writes all of `buffers` at `position`; the kernel may take less at a time. */
export async function writeFully(
  handle: FileHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, at);
    at += bytesWritten;
    rest = dropBytes(rest, bytesWritten);
  }
}

function dropBytes(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let drop = bytes;
  let index = 0;
  for (let next = buffers[index]; next !== undefined && drop >= next.length; next = buffers[++index]) {
    drop -= next.length;
  }
  const rest = buffers.slice(index);
  if (drop > 0 && rest[0]) rest[0] = rest[0].subarray(drop);
  return rest;
}

/** An error of the file system as one for people: what is full and how much is missing. */
export async function diskError(error: unknown, path: string, bytesLeft: number): Promise<unknown> {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    const free = await freeBytes(path);
    const quota = hasCode(error, 'EDQUOT');
    return new ZooError('DISK_FULL', quota ? 'The disk quota is used up' : 'The disk is full', {
      expected: `${formatBytes(bytesLeft)} more for ${path}`,
      found: free === undefined ? undefined : `${formatBytes(free)} free`,
      hint: 'What has arrived is kept: free some space and run the command again to go on from there.',
      cause: error,
    });
  }
  if (error instanceof Error && 'syscall' in error) {
    return new ZooError('FILE_SYSTEM', `The partial file can not be written: ${path}`, {
      found: hasCode(error, 'EROFS') ? 'a read-only file system' : error.message,
      cause: error,
    });
  }
  return error;
}

async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined; // the message then goes without the figure
  }
}
