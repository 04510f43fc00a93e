/**
 * The entries of a zip's central directory, decoded by yauzl from memory and then judged: names, methods,
 * types, sizes and places. What is refused here was never asked for from the network.
 */
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { ZooError } from '../core/errors.js';
import { type ArchiveLimits, tooLarge, unpackAllowance, unsafeArchive } from './limits.js';
import { MemberNames } from './member-names.js';
import type { DirectoryPlace } from './zip-end.js';

export type ZipMethod = 'stored' | 'deflated';

export interface ZipEntry {
  /** Checked name with forward slashes, without the slash that ends a folder's. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly method: ZipMethod;
  /** Bytes in the archive. */
  readonly compressedSize: number;
  readonly size: number;
  readonly crc32: number;
  readonly localHeaderOffset: number;
  /** Where the next entry or the directory begins: nothing of this one reaches beyond. */
  readonly limit: number;
  /** The general purpose flags of APPNOTE §4.4.4. */
  readonly flags: number;
  /** The name as it is written, to compare with the local header. */
  readonly rawName: Buffer;
}

const ENCRYPTED = 0x0001;
const PATCHED = 0x0020;
const STRONG_ENCRYPTION = 0x0040;
const MASKED = 0x2000;
const REPARSE_POINT = 0x400;
const DIRECTORY_HEADER = 46;
const LOCAL_HEADER = 30;

/**
 * Decodes and checks the directory at `place` in a zip of `size` bytes, of which `held` is the end, beginning
 * at the directory or before.
 * @returns entries by path.
 * @throws ZooError `UNSAFE_ARCHIVE`; the signal's reason.
 */
export async function readEntries(
  held: Buffer,
  place: DirectoryPlace,
  size: number,
  label: string,
  limits: ArchiveLimits,
  signal: AbortSignal,
): Promise<Map<string, ZipEntry>> {
  const names = new MemberNames(label);
  const drafts: Omit<ZipEntry, 'limit'>[] = [];
  let cursor = place.start;
  try {
    const zip = await fromRandomAccessReaderPromise(new HeldReader(held, size), size, {
      strictFileNames: true,
    });
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      // §4.4.11, a field that yauzl passes over.
      const disk = held.readUInt16LE(cursor - (size - held.length) + 34);
      if (disk !== 0 && disk !== 0xffff) throw unsafeArchive(label, 'a member is on another disk');
      drafts.push(judge(entry, names, label));
      cursor += DIRECTORY_HEADER + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
    }
  } catch (cause) {
    if (cause instanceof ZooError || signal.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw unsafeArchive(label, `its directory can't be read: ${reason}`, { cause });
  }
  if (cursor !== place.end) {
    throw unsafeArchive(label, 'its directory is longer than its entries', {
      expected: place.end - place.start,
      found: cursor - place.start,
    });
  }
  const total = drafts.reduce((sum, entry) => sum + entry.size, 0);
  const allowance = unpackAllowance(size, limits);
  if (total > allowance) throw tooLarge(label, size, allowance);
  return placed(drafts, place.start, label);
}

function judge(entry: Entry, names: MemberNames, label: string): Omit<ZipEntry, 'limit'> {
  const refuse = (reason: string, found?: string) =>
    unsafeArchive(label, reason, { found: `${JSON.stringify(entry.fileName.slice(0, 200))} ${found ?? ''}` });
  const flags = entry.generalPurposeBitFlag;
  if ((flags & (ENCRYPTED | STRONG_ENCRYPTION | MASKED)) !== 0) throw refuse('a member is encrypted');
  if ((flags & PATCHED) !== 0) throw refuse('a member is a patch');
  const method = { 0: 'stored', 8: 'deflated' }[entry.compressionMethod] as ZipMethod | undefined; // the two values above
  if (method === undefined) {
    throw refuse('a member is packed by a method other than deflate', `method ${entry.compressionMethod}`);
  }
  if (method === 'stored' && entry.compressedSize !== entry.uncompressedSize) {
    throw refuse('a stored member has two sizes');
  }
  // Info-ZIP's second name: programs that know it read another name than those that don't.
  const secondName = entry.extraFields.some((field) => field.id === 0x7075);
  if (secondName && entry.fileName !== entry.fileNameRaw.toString('utf8')) {
    throw refuse('a member has two names');
  }
  if (entry.extraFields.filter((field) => field.id === 0x0001).length > 1) {
    throw refuse('a member has two Zip64 fields');
  }
  const isDirectory = entry.fileName.endsWith('/');
  checkType(entry, isDirectory, refuse);
  const path = isDirectory ? entry.fileName.slice(0, -1) : entry.fileName;
  if (isDirectory) names.addFolder(path);
  else names.addFile(path);
  return {
    path,
    isDirectory,
    method,
    compressedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    crc32: entry.crc32,
    localHeaderOffset: entry.relativeOffsetOfLocalHeader,
    flags,
    rawName: entry.fileNameRaw,
  };
}

/** A Unix mode in the upper half of the attributes tells links, devices and folders; 0 stands for none. */
function checkType(
  entry: Entry,
  isDirectory: boolean,
  refuse: (reason: string, found?: string) => ZooError,
): void {
  const type = (entry.externalFileAttributes >>> 16) & 0xf000;
  const expected = isDirectory ? 0x4000 : 0x8000;
  if (type !== 0 && type !== expected) {
    throw refuse('it has a member that is neither a file nor a folder', `type ${(type >>> 12).toString(8)}`);
  }
  if ((entry.externalFileAttributes & REPARSE_POINT) !== 0) throw refuse('it has a link of Windows');
  if (isDirectory && entry.uncompressedSize !== 0) throw refuse('a folder claims to have contents');
}

/**
 * Gives each entry the place where it must end. Entries that share bytes are how a zip of 42 kB holds
 * gigabytes, and how one name shows different bytes to different programs.
 */
function placed(
  drafts: readonly Omit<ZipEntry, 'limit'>[],
  directory: number,
  label: string,
): Map<string, ZipEntry> {
  const byOffset = drafts.toSorted((a, b) => a.localHeaderOffset - b.localHeaderOffset);
  const entries = new Map<string, ZipEntry>();
  byOffset.forEach((entry, index) => {
    const limit = byOffset[index + 1]?.localHeaderOffset ?? directory;
    const least = entry.localHeaderOffset + LOCAL_HEADER + entry.rawName.length + entry.compressedSize;
    if (least > limit) {
      throw unsafeArchive(label, 'members overlap each other or the directory', {
        expected: `${JSON.stringify(entry.path.slice(0, 200))} ending at ${limit} or before`,
        found: least,
      });
    }
    entries.set(entry.path, { ...entry, limit });
  });
  return entries;
}

/** Lets yauzl read from the end of the file that is in memory, and from nowhere else. */
class HeldReader extends RandomAccessReader {
  readonly #held: Buffer;
  readonly #start: number;

  constructor(held: Buffer, size: number) {
    super();
    this.#held = held;
    this.#start = size - held.length;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const from = position - this.#start;
    if (from < 0 || from + length > this.#held.length) {
      callback(new Error('an entry lies outside the directory'));
      return;
    }
    this.#held.copy(buffer, offset, from, from + length);
    callback(null);
  }
}
