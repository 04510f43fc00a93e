/**
 * Which pieces of a part file are known to be right and on disk. Append-only, one record a piece, each with a
 * checksum of its own; a record is written only after the piece hashed right and `fdatasync` returned. Records of
 * one size appended with O_APPEND stay whole even when two processes write the same journal.
 */
import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { type Digest, isDigest, sha256 } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import { pieceCount } from '../core/pieces.js';

/** What a journal is bound to; with any other value it is foreign. */
export interface JournalHeader {
  readonly key: string;
  readonly size: number;
  readonly pieceSize: number;
  readonly sha256: Digest | undefined;
}

const MAGIC = 'zoojrnl1';
const HEADER_BYTES = 64;
const RECORD_BYTES = 48;
const CHECKSUM_BYTES = 8;

/** 64 bytes: magic, sha256 of what the journal is bound to, padding, checksum. */
export function encodeHeader(header: JournalHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  const identity = [header.key, header.size, header.pieceSize, header.sha256 ?? ''].join('\n');
  bytes.write(sha256(identity), MAGIC.length, 'hex');
  seal(bytes, '');
  return bytes;
}

/** 48 bytes: number of the piece, padding, sha256 of the piece, checksum over these and the header. */
export function encodeRecord(header: Buffer, piece: number, digest: Digest): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeUInt32LE(piece, 0);
  bytes.write(digest, 8, 'hex');
  seal(bytes, header.toString('latin1'));
  return bytes;
}

function seal(bytes: Buffer, salt: string): void {
  bytes.write(checksum(bytes, salt), bytes.length - CHECKSUM_BYTES, 'hex');
}

function isSealed(bytes: Buffer, salt: string): boolean {
  return bytes.toString('hex', bytes.length - CHECKSUM_BYTES) === checksum(bytes, salt);
}

function checksum(bytes: Buffer, salt: string): string {
  const body = bytes.toString('latin1', 0, bytes.length - CHECKSUM_BYTES);
  return sha256(salt + body).slice(0, CHECKSUM_BYTES * 2);
}

export interface Replay {
  /** The digest that was recorded for each piece. */
  readonly pieces: ReadonlyMap<number, Digest>;
  /** Length up to the last whole record; what follows is a torn tail. */
  readonly validBytes: number;
}

/** Reads a journal; undefined when it belongs to something else or its header is damaged. */
export function replayJournal(bytes: Buffer, header: JournalHeader): Replay | undefined {
  const expected = encodeHeader(header);
  if (!bytes.subarray(0, HEADER_BYTES).equals(expected)) return undefined;
  const salt = expected.toString('latin1');
  const count = pieceCount(header.size, header.pieceSize);
  const pieces = new Map<number, Digest>();
  let position = HEADER_BYTES;
  while (position + RECORD_BYTES <= bytes.length) {
    const record = bytes.subarray(position, position + RECORD_BYTES);
    const piece = record.readUInt32LE(0);
    const digest = record.toString('hex', 8, 40);
    if (!isSealed(record, salt) || piece >= count || !isDigest(digest)) break;
    pieces.set(piece, digest);
    position += RECORD_BYTES;
  }
  return { pieces, validBytes: position };
}

export class Journal {
  readonly path: string;
  readonly #header: Buffer;
  #handle: FileHandle;

  private constructor(path: string, header: Buffer, handle: FileHandle) {
    this.path = path;
    this.#header = header;
    this.#handle = handle;
  }

  /**
   * Opens or makes the journal at `path`.
   * @param trusted false when the part file is new: a journal that is older than its part means nothing.
   */
  static async open(
    path: string,
    header: JournalHeader,
    trusted: boolean,
  ): Promise<{ journal: Journal; pieces: ReadonlyMap<number, Digest> }> {
    const encoded = encodeHeader(header);
    if (trusted) {
      const existing = await openExisting(path);
      if (existing !== undefined) {
        const bytes = await existing.readFile();
        const replay = replayJournal(bytes, header);
        if (replay !== undefined) {
          if (replay.validBytes < bytes.length) await existing.truncate(replay.validBytes);
          return { journal: new Journal(path, encoded, existing), pieces: replay.pieces };
        }
        await existing.close();
      }
    }
    return { journal: new Journal(path, encoded, await create(path, [encoded])), pieces: new Map() };
  }

  /** Records pieces that hashed right and have been synced. */
  async append(pieces: Iterable<readonly [number, Digest]>): Promise<void> {
    const records = Array.from(pieces, ([piece, digest]) => encodeRecord(this.#header, piece, digest));
    if (records.length > 0) await this.#handle.appendFile(Buffer.concat(records));
  }

  /** Starts over with these pieces only, after others turned out to be wrong. */
  async reset(pieces: Iterable<readonly [number, Digest]>): Promise<void> {
    const records = Array.from(pieces, ([piece, digest]) => encodeRecord(this.#header, piece, digest));
    const old = this.#handle;
    this.#handle = await create(this.path, [this.#header, ...records]);
    await old.close();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    // "a+" would make the file, "r+" would not append.
    return await open(path, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Made under another name and moved into place: whoever has the old journal open keeps writing to the old one. */
async function create(path: string, parts: readonly Buffer[]): Promise<FileHandle> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const handle = await open(temporary, 'ax+');
  try {
    await handle.appendFile(Buffer.concat(parts));
    await rename(temporary, path);
    return handle;
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true });
    throw error;
  }
}
