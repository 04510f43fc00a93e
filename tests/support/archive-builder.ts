/**
 * Tar and zip archives built byte by byte, so that each field can lie. Honest by default: what is left out is
 * worked out from the data.
 */
import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib';

const BLOCK = 512;

export interface TarSpec {
  readonly name: string | Buffer;
  readonly data?: string | Uint8Array;
  /** Type flag; `0` is a file, `5` a folder, `1` a hard link, `2` a symbolic link, `x` a PAX header … */
  readonly type?: string;
  readonly link?: string;
  readonly prefix?: string;
  /** What the size field says when it isn't the data's length; a string is written as it stands. */
  readonly size?: number | string | Buffer;
  readonly checksum?: number;
}

/** One member: header block, data, padding. */
export function tarMember(spec: TarSpec): Buffer {
  const data = Buffer.from(spec.data ?? '');
  const size = spec.size ?? data.length;
  const header = Buffer.alloc(BLOCK);
  Buffer.from(spec.name).copy(header, 0, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  if (Buffer.isBuffer(size)) size.copy(header, 124);
  else header.write(typeof size === 'string' ? size : `${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(spec.type ?? '0', 156);
  header.write(spec.link ?? '', 157);
  header.write('ustar\x0000', 257);
  header.write(spec.prefix ?? '', 345);
  const sum = spec.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);
}

/** The two zero blocks that end a tar. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** An honest tar of the members, with its end. */
export function tarOf(...members: (TarSpec | Buffer)[]): Buffer {
  return Buffer.concat([...members.map((m) => (Buffer.isBuffer(m) ? m : tarMember(m))), TAR_END]);
}

export function tgzOf(...members: (TarSpec | Buffer)[]): Buffer {
  return gzipSync(tarOf(...members));
}

/** `LENGTH KEY=VALUE\n` with the right length. */
export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** A PAX header for the member that follows, or for all with type `g`. */
export function paxHeader(records: Record<string, string>, type = 'x'): Buffer {
  const data = Object.entries(records).map(([key, value]) => paxRecord(key, value));
  return tarMember({ name: 'PaxHeader/x', type, data: data.join('') });
}

/** `copies` times `unit` bytes of zeros as gzip members one after another: quick to make, and still gzip. */
export function gzipOfZeros(unit: number, copies: number): Buffer {
  const one = gzipSync(Buffer.alloc(unit), { level: 9 });
  return Buffer.concat(Array.from({ length: copies }, () => one));
}

/** `copies` times `unit` bytes of zeros as one raw deflate stream. */
export function deflateOfZeros(unit: number, copies: number): Buffer {
  const one = deflateRawSync(Buffer.alloc(unit), { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const end = deflateRawSync(Buffer.alloc(0));
  return Buffer.concat([...Array.from({ length: copies }, () => one), end]);
}

/** Fields that stand in both headers of a zip member, so that one may be made to lie. */
export interface ZipFields {
  readonly name: string | Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly extra: Buffer;
}

export interface ZipSpec extends Partial<ZipFields> {
  readonly name: string | Buffer;
  readonly data?: string | Uint8Array;
  /** The bytes in the archive, where they aren't what the method makes of the data. */
  readonly packed?: Uint8Array;
  readonly local?: Partial<ZipFields>;
  readonly central?: Partial<ZipFields> & {
    readonly offset?: number;
    readonly mode?: number;
    readonly attributes?: number;
    readonly disk?: number;
  };
  /** Leaves the local part out: the directory points at another member's. */
  readonly centralOnly?: boolean;
}

export interface ZipOptions {
  readonly prefix?: Buffer;
  readonly comment?: Buffer;
  /** Zip64 end records; `lie` changes what they say. */
  readonly zip64?: { readonly count?: number; readonly bytes?: number; readonly start?: number } | true;
  readonly end?: Partial<Record<'disk' | 'count' | 'bytes' | 'start' | 'commentLength', number>>;
  /** Bytes between the last directory entry and the end records. */
  readonly afterDirectory?: Buffer;
}

const DESCRIPTOR = 0x0008;

function fieldsOf(spec: ZipSpec, data: Buffer, packed: Uint8Array): ZipFields {
  return {
    name: spec.name,
    flags: spec.flags ?? 0x0800,
    method: spec.method ?? 8,
    crc: spec.crc ?? crc32(data),
    compressedSize: spec.compressedSize ?? packed.length,
    size: spec.size ?? data.length,
    extra: spec.extra ?? Buffer.alloc(0),
  };
}

function localHeader(fields: ZipFields): Buffer {
  const name = Buffer.from(fields.name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(fields.flags, 6);
  header.writeUInt16LE(fields.method, 8);
  header.writeUInt32LE(fields.crc, 14);
  header.writeUInt32LE(fields.compressedSize, 18);
  header.writeUInt32LE(fields.size, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(fields.extra.length, 28);
  return Buffer.concat([header, name, fields.extra]);
}

function centralHeader(fields: ZipFields, offset: number, attributes: number, disk: number): Buffer {
  const name = Buffer.from(fields.name);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE((3 << 8) | 20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(fields.flags, 8);
  header.writeUInt16LE(fields.method, 10);
  header.writeUInt32LE(fields.crc, 16);
  header.writeUInt32LE(fields.compressedSize, 20);
  header.writeUInt32LE(fields.size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(fields.extra.length, 30);
  header.writeUInt16LE(disk, 34);
  header.writeUInt32LE(attributes, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name, fields.extra]);
}

/** The end record alone, as a comment may hold one too. */
export function zipEnd(
  count: number,
  bytes: number,
  start: number,
  comment: Buffer = Buffer.alloc(0),
): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(start, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([end, comment]);
}

function zip64Records(at: number, count: number, bytes: number, start: number): Buffer {
  const records = Buffer.alloc(76);
  records.writeUInt32LE(0x06064b50, 0);
  records.writeBigUInt64LE(44n, 4);
  records.writeUInt16LE(45, 12);
  records.writeUInt16LE(45, 14);
  records.writeBigUInt64LE(BigInt(count), 24);
  records.writeBigUInt64LE(BigInt(count), 32);
  records.writeBigUInt64LE(BigInt(bytes), 40);
  records.writeBigUInt64LE(BigInt(start), 48);
  records.writeUInt32LE(0x07064b50, 56);
  records.writeBigUInt64LE(BigInt(at), 64);
  records.writeUInt32LE(1, 72);
  return records;
}

/** A zip of the members in their order. */
export function zipOf(members: readonly ZipSpec[], options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [options.prefix ?? Buffer.alloc(0)];
  const directory: Buffer[] = [];
  let offset = parts[0]?.length ?? 0;
  for (const spec of members) {
    const data = Buffer.from(spec.data ?? '');
    const packed = Buffer.from(spec.packed ?? ((spec.method ?? 8) === 8 ? deflateRawSync(data) : data));
    const fields = fieldsOf(spec, data, packed);
    const hidden = (fields.flags & DESCRIPTOR) !== 0 ? { crc: 0, compressedSize: 0, size: 0 } : {};
    const descriptor = Buffer.alloc((fields.flags & DESCRIPTOR) !== 0 ? 16 : 0);
    if (descriptor.length > 0) {
      descriptor.writeUInt32LE(0x08074b50, 0);
      descriptor.writeUInt32LE(fields.crc, 4);
      descriptor.writeUInt32LE(fields.compressedSize, 8);
      descriptor.writeUInt32LE(fields.size, 12);
    }
    const { mode = 0o100644, attributes = (mode << 16) >>> 0, disk = 0 } = spec.central ?? {};
    directory.push(
      centralHeader({ ...fields, ...spec.central }, spec.central?.offset ?? offset, attributes, disk),
    );
    if (spec.centralOnly) continue;
    const local = Buffer.concat([localHeader({ ...fields, ...hidden, ...spec.local }), packed, descriptor]);
    parts.push(local);
    offset += local.length;
  }
  const bytes = directory.reduce((sum, entry) => sum + entry.length, 0);
  const lie64 = options.zip64 === true ? {} : options.zip64;
  const after = options.afterDirectory ?? Buffer.alloc(0);
  const end = zipEnd(members.length % 0x10000, bytes, offset, options.comment);
  if (lie64 !== undefined) end.fill(0xff, 8, 20);
  if (options.end?.disk !== undefined) end.writeUInt16LE(options.end.disk, 4);
  if (options.end?.count !== undefined) {
    end.writeUInt16LE(options.end.count, 8);
    end.writeUInt16LE(options.end.count, 10);
  }
  if (options.end?.bytes !== undefined) end.writeUInt32LE(options.end.bytes, 12);
  if (options.end?.start !== undefined) end.writeUInt32LE(options.end.start, 16);
  if (options.end?.commentLength !== undefined) end.writeUInt16LE(options.end.commentLength, 20);
  const records =
    lie64 === undefined
      ? Buffer.alloc(0)
      : zip64Records(
          offset + bytes + after.length,
          lie64.count ?? members.length,
          lie64.bytes ?? bytes,
          lie64.start ?? offset,
        );
  return Buffer.concat([...parts, ...directory, after, records, end]);
}
