/** Reads small spans of a remote file into memory, strictly. */
import type { Span } from '../core/pieces.js';
import { type RemoteFile, SourceFault } from '../sources/remote-file.js';

/**
 * Exactly the bytes of `span`. The caller bounds its length.
 * @throws SourceFault `no-ranges` when the source starts elsewhere, `broken` when the body ends early, `wrong`
 * when it is longer or the file's size is another than `size`; the signal's reason.
 */
export async function readSpan(
  remote: RemoteFile,
  span: Span,
  size: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const length = span.end - span.start;
  const bytes = Buffer.alloc(length);
  if (length === 0) return bytes;
  const read = await remote.read(span, signal);
  try {
    if (read.start !== span.start) {
      throw new SourceFault('no-ranges', `${remote.label}: it sends the whole archive instead of a part`);
    }
    if (read.total !== undefined && read.total !== size) {
      throw new SourceFault(
        'wrong',
        `${remote.label}: the archive's size changed from ${size} to ${read.total}`,
      );
    }
    let filled = 0;
    for await (const chunk of read.body) {
      signal.throwIfAborted();
      if (filled + chunk.length > length) {
        throw new SourceFault('wrong', `${remote.label}: it sends more than was asked for`);
      }
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled !== length)
      throw new SourceFault('broken', `${remote.label}: a part of the archive ended early`);
    return bytes;
  } finally {
    read.cancel();
  }
}

/**
 * Size of `remote`, asked with a read of one byte where it is not known.
 * @throws SourceFault as `readSpan`, and `no-ranges` when the answer does not say it.
 */
export async function remoteSize(remote: RemoteFile, signal: AbortSignal): Promise<number> {
  if (remote.size !== undefined) return remote.size;
  const read = await remote.read({ start: 0, end: 1 }, signal);
  read.cancel();
  if (read.total === undefined) {
    throw new SourceFault('no-ranges', `${remote.label}: it does not say how large the archive is`);
  }
  return read.total;
}
