/** A zip member read straight from its source, without a file in between. */
import { crc32 } from 'node:zlib';
import { ZooError } from '../core/errors.js';
import { SourceFault } from '../sources/remote-file.js';
import { inflated } from './inflate-member.js';
import type { ZipMember } from './zip-member.js';

/**
 * The unpacked bytes of `member`, counted and compared with its checksum. Memory does not grow with its size.
 * @throws ZooError `INTEGRITY` when size or checksum differ or the deflate stream is damaged, `UNSAFE_ARCHIVE`
 * when bytes follow that stream; SourceFault; the signal's reason.
 */
export async function* memberBytes(member: ZipMember, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { label } = member.remote;
  const packed = member.span.end - member.span.start;
  const source = packedBytes(member, packed, signal);
  let size = 0;
  let checksum = 0;
  for await (const chunk of member.method === 'stored' ? source : inflated(source, packed, label, signal)) {
    size += chunk.length;
    if (size > member.size) break;
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (size !== member.size || checksum !== member.crc32) {
    throw new ZooError('INTEGRITY', `${label} has other bytes than the archive's directory says`, {
      expected: `${member.size} bytes, crc32 ${member.crc32.toString(16)}`,
      found: size > member.size ? 'more bytes' : `${size} bytes, crc32 ${checksum.toString(16)}`,
    });
  }
}

async function* packedBytes(
  member: ZipMember,
  packed: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (packed === 0) return;
  const read = await member.remote.read(undefined, signal);
  let received = 0;
  try {
    for await (const chunk of read.body) {
      signal.throwIfAborted();
      received += chunk.length;
      if (received > packed)
        throw new SourceFault('wrong', `${member.remote.label}: it sends more than was asked for`);
      yield chunk;
    }
  } finally {
    read.cancel();
  }
  if (received !== packed) throw new SourceFault('broken', `${member.remote.label}: the body ended early`);
}
