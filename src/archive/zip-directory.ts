/**
 * Opens a zip or wheel where it lies and finds single members in it, so that a 14 MB file out of a 200 MB
 * wheel costs 14 MB: one read of the end, one of the directory where that is longer, one small read a member.
 */
import { ZooError } from '../core/errors.js';
import type { Span } from '../core/pieces.js';
import { type RemoteFile, remoteSlice } from '../sources/remote-file.js';
import { type ArchiveLimits, archiveLimits, unsafeArchive } from './limits.js';
import { readSpan, remoteSize } from './read-span.js';
import { END_SPAN, findDirectory } from './zip-end.js';
import { readEntries, type ZipEntry } from './zip-entries.js';
import { LOCAL_HEADER, localHeaderLength, memberSpan, type ZipMember } from './zip-member.js';

export interface ZipDirectory {
  /** The archive's, for messages. */
  readonly label: string;
  /** Files and folders by path. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * Finds the bytes of one file.
   * @throws ZooError `NOT_FOUND` when there is no such file, `UNSAFE_ARCHIVE` when the member's own header
   * disagrees with the directory; SourceFault; the signal's reason.
   */
  member(path: string, signal: AbortSignal): Promise<ZipMember>;
}

/** Extra fields of a local header are short; longer ones cost a second read. */
const USUAL_EXTRA = 256;

/**
 * Reads the directory of a zip. All of it is checked, also what nobody will ask for.
 * @throws ZooError `UNSAFE_ARCHIVE` when it holds links, encrypted or otherwise packed members, unsafe, equal
 * or nearly equal names, overlapping members, too many of them, or more bytes than its size allows, or when
 * programs could read it in two ways; SourceFault; the signal's reason.
 */
export async function openZip(
  remote: RemoteFile,
  signal: AbortSignal,
  limits?: Partial<ArchiveLimits>,
): Promise<ZipDirectory> {
  const bounds = archiveLimits(limits);
  const { label } = remote;
  const size = await remoteSize(remote, signal);
  if (size < 22) throw unsafeArchive(label, 'it is cut off, or not a zip file');
  const tailStart = Math.max(0, size - END_SPAN);
  const tail = await readSpan(remote, { start: tailStart, end: size }, size, signal);
  const place = findDirectory(tail, size, label, bounds);
  const held =
    place.start >= tailStart
      ? tail
      : Buffer.concat([await readSpan(remote, { start: place.start, end: tailStart }, size, signal), tail]);
  const entries = await readEntries(held, place, size, label, bounds, signal);

  /** Small archives lie within the tail as a whole, headers too. */
  const read = async (span: Span, memberSignal: AbortSignal): Promise<Buffer> =>
    span.start >= tailStart
      ? tail.subarray(span.start - tailStart, span.end - tailStart)
      : readSpan(remote, span, size, memberSignal);

  return {
    label,
    entries,
    async member(path, memberSignal) {
      memberSignal.throwIfAborted();
      const entry = entries.get(path);
      if (entry === undefined || entry.isDirectory) {
        throw new ZooError('NOT_FOUND', `${label} has no such file`, {
          expected: path,
          found: entry === undefined ? 'an archive without it' : 'a folder',
        });
      }
      const header = await readLocalHeader(entry, label, (part) => read(part, memberSignal));
      const span = memberSpan(entry, header, label);
      return {
        path,
        method: entry.method,
        span,
        size: entry.size,
        crc32: entry.crc32,
        remote: remoteSlice(remote, span.start, span.end - span.start, `${label}#${path}`),
      };
    },
  };
}

async function readLocalHeader(
  entry: ZipEntry,
  label: string,
  read: (span: Span) => Promise<Buffer>,
): Promise<Buffer> {
  const start = entry.localHeaderOffset;
  const guess = Math.min(start + LOCAL_HEADER + entry.rawName.length + USUAL_EXTRA, entry.limit);
  const first = await read({ start, end: guess });
  const length = localHeaderLength(first);
  if (start + length > entry.limit) {
    throw unsafeArchive(label, `the header of ${entry.path} reaches into the next member`);
  }
  if (length <= first.length) return first.subarray(0, length);
  return Buffer.concat([first, await read({ start: start + first.length, end: start + length })]);
}
