/** Bounded reading of local files: nothing is allocated by what a header claims, only by what is there. */
import { open } from 'node:fs/promises';
import { formatBytes } from '../../core/bytes.js';
import { ZooError } from '../../core/errors.js';
import { type LocalFile, malformed } from './description.js';

/**
 * The bytes `[start, start + length)`, fewer where the file ends before.
 */
export async function readSpan(file: LocalFile, start: number, length: number): Promise<Buffer> {
  const handle = await open(file.file, 'r');
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - start)));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

/**
 * The whole file.
 * @throws ZooError `INTEGRITY` when it is larger than `limit` bytes; nothing is read then.
 */
export async function readWhole(file: LocalFile, limit: number, what: string): Promise<Buffer> {
  if (file.size > limit) {
    throw new ZooError('INTEGRITY', `${file.path} is too large for ${what}`, {
      expected: `at most ${formatBytes(limit)}`,
      found: formatBytes(file.size),
    });
  }
  const bytes = await readSpan(file, 0, limit + 1);
  if (bytes.length !== file.size) {
    throw malformed(file.path, 'its size changed while it was read', file.size, bytes.length);
  }
  return bytes;
}

/** Parsed JSON of a file of at most `limit` bytes. V8's parser does not recurse, so depth is no danger to it. */
export async function readJson(file: LocalFile, limit: number, what: string): Promise<unknown> {
  const bytes = await readWhole(file, limit, what);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new ZooError('INTEGRITY', `${file.path} is not JSON`, { cause });
  }
}
