/** Turns the downloaded span of a zip member into the file that it holds. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { ARCHIVE_LIMITS, tooLarge, unpackAllowance, unsafeArchive } from './limits.js';
import { decompressionError } from './unpack-stream.js';
import { writeVerified } from './verified-file.js';
import type { ZipMember } from './zip-member.js';

export interface InflateTarget {
  /** Where the file shall be; its folder exists. A file that is already there is replaced. */
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
  /** Unpacked to packed bytes; see `ArchiveLimits`. */
  readonly maxRatio?: number;
  /** Bytes allowed whatever the ratio; see `ArchiveLimits`. */
  readonly ratioFreeBytes?: number;
}

/** What must be known of a member to unpack it. */
export type PackedMember = Pick<ZipMember, 'path' | 'method' | 'span' | 'size' | 'crc32'>;

const CHUNK = 256 * 1024;

/**
 * Unpacks `compressedPath`, a local file of exactly the bytes in `member.span`, to `target.path`. sha256, crc32
 * and size are checked on the way; the file appears only when all were right.
 * @throws ZooError `INTEGRITY` when sizes, digest or checksum differ or the deflate stream is damaged;
 * `UNSAFE_ARCHIVE` when it would grow beyond the ratio or has bytes behind its end; `DISK_FULL`,
 * `FILE_SYSTEM`; the signal's reason.
 */
export async function inflateMember(
  compressedPath: string,
  member: PackedMember,
  target: InflateTarget,
  signal?: AbortSignal,
): Promise<void> {
  const label = `member ${member.path}`;
  const packed = member.span.end - member.span.start;
  checkSizes(label, member.size, target.size, packed, (await stat(compressedPath)).size);
  const allowance = unpackAllowance(packed, {
    ...ARCHIVE_LIMITS,
    ...(target.maxRatio === undefined ? {} : { maxRatio: target.maxRatio }),
    ...(target.ratioFreeBytes === undefined ? {} : { ratioFreeBytes: target.ratioFreeBytes }),
  });
  if (member.method === 'deflated' && target.size > allowance) throw tooLarge(label, packed, allowance);

  const file = fileBytes(compressedPath, signal);
  const bytes = member.method === 'stored' ? file : inflated(file, packed, label, signal);
  await writeVerified(
    { path: target.path, size: target.size, sha256: target.sha256, crc32: member.crc32 },
    bytes,
    label,
    signal,
  );
}

/**
 * The deflate stream in `packedChunks`, unpacked.
 * @throws ZooError `INTEGRITY` when it is damaged or cut off, `UNSAFE_ARCHIVE` when bytes follow its end.
 */
export async function* inflated(
  packedChunks: AsyncIterable<Uint8Array>,
  packed: number,
  label: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw({ chunkSize: CHUNK });
  // The callback is needed for `pipeline` to pass errors and aborts on; the loop below reports them.
  pipeline(packedChunks, inflate, () => {});
  try {
    for await (const chunk of inflate) yield chunk as Buffer; // a stream without an encoding yields buffers
  } catch (error) {
    signal?.throwIfAborted();
    throw decompressionError(error, label);
  }
  // Bytes that no unpacker needs can hide a second reading of the member.
  if (inflate.bytesWritten !== packed) {
    throw unsafeArchive(label, 'bytes follow the end of its deflate stream', {
      expected: `${packed} bytes`,
      found: `${inflate.bytesWritten} bytes`,
    });
  }
}

/** Opens the file only when its first bytes are asked for, so that none stays open when they never are. */
async function* fileBytes(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const options = { highWaterMark: CHUNK, ...(signal ? { signal } : {}) };
  try {
    for await (const chunk of createReadStream(path, options)) yield chunk as Buffer; // without an encoding: buffers
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function checkSizes(label: string, stated: number, wanted: number, packed: number, local: number): void {
  if (stated !== wanted) {
    throw new ZooError('INTEGRITY', `${label} has another size than was promised`, {
      expected: `${wanted} bytes`,
      found: `${stated} bytes`,
    });
  }
  if (packed !== local) {
    throw new ZooError(
      'INTEGRITY',
      `The downloaded part of ${label} has another size than the archive says`,
      {
        expected: `${packed} bytes`,
        found: `${local} bytes`,
      },
    );
  }
}
