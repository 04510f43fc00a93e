/** Enough room before starting, and clear words when the disk says no. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes } from '../core/bytes.js';
import { hasCode, ZooError } from '../core/errors.js';

/** Bytes that this user may still write on the volume that holds `folder`, which need not exist yet. */
export async function freeSpace(folder: string): Promise<number> {
  for (let existing = folder; ; existing = dirname(existing)) {
    try {
      const volume = await statfs(existing);
      return volume.bavail * volume.bsize;
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR') || dirname(existing) === existing) throw error;
    }
  }
}

/**
 * Checks that `neededBytes` more fit on the volume of `folder`.
 * @throws ZooError `DISK_FULL` with both figures.
 */
export async function checkSpace(folder: string, neededBytes: number): Promise<void> {
  const free = await freeSpace(folder);
  if (neededBytes <= free) return;
  throw new ZooError('DISK_FULL', `Not enough room on the disk that holds ${folder}`, {
    expected: `${formatBytes(neededBytes)} (${neededBytes} bytes)`,
    found: `${formatBytes(free)} free (${free} bytes)`,
    hint: 'Free some space ("zoo gc --max-size 10GB" drops models not used lately) or set ZOO_HOME to a larger disk.',
  });
}

/**
 * Says in words what a file-system error means; anything else comes back as it is.
 * @param doing what was being done, as in "writing the model files".
 */
export function explainDiskError(error: unknown, doing: string): unknown {
  if (error instanceof ZooError) return error;
  if (hasCode(error, 'ENOSPC')) {
    return new ZooError('DISK_FULL', `The disk is full: ${doing} stopped`, {
      hint: 'What was fetched so far is kept. Free some space and run the same command again: it goes on from there.',
      cause: error,
    });
  }
  if (hasCode(error, 'EDQUOT')) {
    return new ZooError('DISK_FULL', `Your disk quota is used up: ${doing} stopped`, {
      hint: 'What was fetched so far is kept. Free some space or raise the quota, then run the same command again.',
      cause: error,
    });
  }
  if (hasCode(error, 'EROFS')) {
    return new ZooError('FILE_SYSTEM', `The file system is read-only: ${doing} is not possible`, {
      found: pathOf(error),
      hint: 'Set ZOO_HOME to a folder that can be written; ZOO_SHARED_CACHE may name the read-only one.',
      cause: error,
    });
  }
  if (hasCode(error, 'EACCES', 'EPERM')) {
    return new ZooError('FILE_SYSTEM', `Not permitted: ${doing}`, {
      found: pathOf(error),
      hint: 'Another user may own it. In a cache that several users share, each needs a umask such as 002 and the group must be allowed to read and write (chmod -R g+rwX, setgid folders).',
      cause: error,
    });
  }
  return error;
}

function pathOf(error: unknown): string | undefined {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}
