/** The tar stream inside a local `.tgz`, `.tar.gz` or plain `.tar`, bounded by what its size allows. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { hasCode, ZooError } from '../core/errors.js';
import { type ArchiveLimits, tooLarge, unpackAllowance } from './limits.js';

const CHUNK = 256 * 1024;

/**
 * @throws ZooError `UNSAFE_ARCHIVE` as soon as it grows beyond the limits, `INTEGRITY` when the gzip stream is
 * damaged, `NOT_FOUND` when there is no such file; the signal's reason.
 */
export async function* unpackedBytes(
  path: string,
  label: string,
  limits: ArchiveLimits,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { size, gzipped } = await sniff(path, label);
  const allowance = gzipped ? unpackAllowance(size, limits) : limits.maxUnpackedBytes;
  const file = createReadStream(path, { highWaterMark: CHUNK, ...(signal ? { signal } : {}) });
  // The callback is needed for `pipeline` to pass errors and aborts on; the loop below reports them.
  const stream = gzipped ? pipeline(file, createGunzip({ chunkSize: CHUNK }), () => {}) : file;
  let unpacked = 0;
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted();
      unpacked += (chunk as Buffer).length; // streams without an encoding yield buffers
      if (unpacked > allowance) throw tooLarge(label, size, allowance);
      yield chunk as Buffer;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw decompressionError(error, label);
  }
}

async function sniff(path: string, label: string): Promise<{ size: number; gzipped: boolean }> {
  const file = await open(path).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new ZooError('NOT_FOUND', `There is no archive ${label}`, { cause: error });
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return { size: (await file.stat()).size, gzipped: bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b };
  } finally {
    await file.close();
  }
}

/** zlib's own errors (Z_DATA_ERROR, Z_BUF_ERROR …) as damage of the archive; others unchanged. */
export function decompressionError(error: unknown, label: string): unknown {
  if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) return error;
  return new ZooError('INTEGRITY', `${label} is damaged: ${error.message}`, { cause: error });
}
