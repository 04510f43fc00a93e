/** One member of a zip: its local header, compared with the directory, tells where its bytes are. */
import { type ExtraField, parseExtraFields } from 'yauzl';
import type { Span } from '../core/pieces.js';
import type { RemoteFile } from '../sources/remote-file.js';
import { unsafeArchive } from './limits.js';
import type { ZipEntry, ZipMethod } from './zip-entries.js';

export interface ZipMember {
  readonly path: string;
  readonly method: ZipMethod;
  /** The packed bytes in the archive. */
  readonly span: Span;
  /** Bytes when unpacked. */
  readonly size: number;
  readonly crc32: number;
  /** The packed bytes as a file of their own; those of a stored member are the file itself. */
  readonly remote: RemoteFile;
}

export const LOCAL_HEADER = 30;
const SIGNATURE = 0x04034b50;
const DESCRIPTOR = 0x0008;
/** Encryption, descriptor, patch, strong encryption, UTF-8, masking: what changes how the bytes are read. */
const DECISIVE_FLAGS = 0x2869;
const ELSEWHERE = 0xffffffff;

/** How long the local header `fixed` (its first 30 bytes) is as a whole. */
export function localHeaderLength(fixed: Buffer): number {
  return LOCAL_HEADER + fixed.readUInt16LE(26) + fixed.readUInt16LE(28);
}

/**
 * The span of `entry`'s packed bytes, from its whole local header.
 * @throws ZooError `UNSAFE_ARCHIVE` when the header tells another story than the directory: programs that read
 * the one and programs that read the other would unpack different files.
 */
export function memberSpan(entry: ZipEntry, header: Buffer, label: string): Span {
  const disagree = (what: string, expected: string | number, found: string | number) =>
    unsafeArchive(label, `the directory and the header of ${entry.path} disagree on the ${what}`, {
      expected,
      found,
    });
  if (header.readUInt32LE(0) !== SIGNATURE) {
    throw unsafeArchive(label, `there is no member where the directory says that ${entry.path} is`);
  }
  const nameEnd = LOCAL_HEADER + header.readUInt16LE(26);
  const name = header.subarray(LOCAL_HEADER, nameEnd);
  if (!name.equals(entry.rawName)) {
    throw disagree('name', JSON.stringify(entry.path), JSON.stringify(name.toString('utf8').slice(0, 200)));
  }
  const method = header.readUInt16LE(8);
  if (method !== (entry.method === 'stored' ? 0 : 8)) throw disagree('method', entry.method, method);
  const flags = header.readUInt16LE(6);
  if ((flags & DECISIVE_FLAGS) !== (entry.flags & DECISIVE_FLAGS)) {
    throw disagree('flags', entry.flags, flags);
  }
  checkSizes(entry, header, header.subarray(nameEnd), (flags & DESCRIPTOR) !== 0, label, disagree);

  const start = entry.localHeaderOffset + header.length;
  const end = start + entry.compressedSize;
  if (end > entry.limit) {
    throw unsafeArchive(label, 'members overlap each other or the directory', {
      expected: `${entry.path} ending at ${entry.limit} or before`,
      found: end,
    });
  }
  return { start, end };
}

function checkSizes(
  entry: ZipEntry,
  header: Buffer,
  extra: Buffer,
  hasDescriptor: boolean,
  label: string,
  disagree: (what: string, expected: number, found: number) => Error,
): void {
  const zip64 = zip64Field(extra, entry.path, label);
  const crc = header.readUInt32LE(14);
  let compressed = header.readUInt32LE(18);
  let size = header.readUInt32LE(22);
  // §4.5.3: in a local header the Zip64 field has both sizes, the unpacked one first.
  if (zip64 !== undefined && zip64.length >= 16) {
    if (size === ELSEWHERE) size = Number(zip64.readBigUInt64LE(0));
    if (compressed === ELSEWHERE) compressed = Number(zip64.readBigUInt64LE(8));
  }
  // §4.4.4: with a descriptor behind the bytes these three are 0; some writers fill them in afterwards.
  const agrees = (local: number, directory: number) => local === directory || (hasDescriptor && local === 0);
  if (!agrees(size, entry.size)) throw disagree('size', entry.size, size);
  if (!agrees(compressed, entry.compressedSize))
    throw disagree('packed size', entry.compressedSize, compressed);
  if (!agrees(crc, entry.crc32)) throw disagree('checksum', entry.crc32, crc);
}

function zip64Field(extra: Buffer, path: string, label: string): Buffer | undefined {
  let fields: ExtraField[];
  try {
    fields = parseExtraFields(extra);
  } catch (cause) {
    throw unsafeArchive(label, `the header of ${path} has a malformed field`, { cause });
  }
  const [field, second] = fields.filter(({ id }) => id === 0x0001);
  if (second !== undefined) throw unsafeArchive(label, `the header of ${path} has two Zip64 fields`);
  return field?.data;
}
