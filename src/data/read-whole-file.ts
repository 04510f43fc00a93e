/** A file of one example, in memory. */
import { open } from 'node:fs/promises';
import { formatBytes } from '../core/bytes.js';
import { hasCode, ZooError } from '../core/errors.js';

/**
 * @param most bytes that it may have; one that has more is not read.
 * @throws ZooError `NOT_FOUND` when there is no such file; `DATA`, naming it, when it can't be read or is too large; the
 *   signal's reason.
 */
export async function readWholeFile(path: string, most: number, signal?: AbortSignal): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > most) throw tooLarge(path, size, most);
      return await file.readFile(signal === undefined ? {} : { signal });
    } finally {
      await file.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ZooError) throw error;
    if (hasCode(error, 'ENOENT')) {
      throw new ZooError('NOT_FOUND', `No such file: ${path}`, { hint: 'Check the path.', cause: error });
    }
    throw new ZooError('DATA', `${path} can't be read`, {
      found: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

export function tooLarge(name: string, size: number, most: number): ZooError {
  return new ZooError('DATA', `${name} is too large for one example`, {
    expected: `at most ${formatBytes(most)}`,
    found: formatBytes(size),
  });
}
