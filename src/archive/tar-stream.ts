/**
 * Walks a tar archive block by block and hands out its regular files and folders. It reads what all tar
 * programs read alike and refuses the rest, since archives that two programs read differently are how files
 * are smuggled past a check (the size games of PAX headers, GNU sparse files, data after the end). The
 * fields of a header block are decoded by node-tar.
 */
import { Header } from 'tar/header';
import type { ZooError } from '../core/errors.js';
import { type ArchiveLimits, unsafeArchive } from './limits.js';
import { MemberNames } from './member-names.js';
import { type PaxFields, parsePax } from './pax-records.js';

export interface TarMember {
  /** Checked name with forward slashes, without a leading `./`. */
  readonly path: string;
  readonly size: number;
  /** The bytes; what is not read before the next member is asked for is skipped. */
  readonly body: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;

/**
 * The regular files of the unpacked tar stream `chunks`; `label` names the archive in errors.
 * @throws ZooError `UNSAFE_ARCHIVE` at the first thing refused: links, devices and other special members,
 * unsafe or repeated names, headers that contradict each other, too many entries, a cut-off archive.
 */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  label: string,
  limits: ArchiveLimits,
): AsyncGenerator<TarMember> {
  const input = new BlockInput(chunks, label);
  const names = new MemberNames(label);
  let pending = new PendingFields(label);
  let headers = 0;
  try {
    for (;;) {
      const block = await input.take(BLOCK);
      if (block === undefined || isZero(block)) {
        if (!pending.isEmpty) throw unsafeArchive(label, 'it ends within a member');
        if (block !== undefined) await checkNothingFollows(input, label);
        return;
      }
      headers += 1;
      if (headers > limits.maxEntries) {
        throw unsafeArchive(label, 'it has too many entries', {
          expected: `at most ${limits.maxEntries}`,
          found: 'more',
        });
      }
      const header = decodeHeader(block, label);
      switch (header.type) {
        case 'ExtendedHeader':
        case 'OldExtendedHeader':
          pending.addPax(parsePax(await metaBody(input, header, label, limits), label));
          break;
        case 'GlobalExtendedHeader':
          checkGlobal(parsePax(await metaBody(input, header, label, limits), label), label);
          break;
        case 'NextFileHasLongPath':
        case 'OldGnuLongPath':
          pending.addLongName(await metaBody(input, header, label, limits));
          break;
        case 'Directory': {
          if (!isEmptySize(block)) throw unsafeArchive(label, 'a folder claims to have contents');
          const path = withoutDot(pending.resolve(header).path).replace(/\/$/, '');
          // "./" is the folder that the archive was made in.
          if (path !== '' && path !== '.') names.addFolder(path);
          pending = new PendingFields(label);
          break;
        }
        case 'File':
        case 'OldFile':
        case 'ContiguousFile': {
          const resolved = pending.resolve(header);
          const path = withoutDot(resolved.path);
          names.addFile(path);
          pending = new PendingFields(label);
          const body = input.body(resolved.size);
          yield { path, size: resolved.size, body };
          await body.skipRest();
          await input.skipPadding(resolved.size);
          break;
        }
        default:
          throw unsafeArchive(label, 'it has a member that is neither a file nor a folder', {
            expected: 'files and folders only',
            found: `${header.type} ${JSON.stringify((header.path ?? '').slice(0, 200))}`,
          });
      }
    }
  } finally {
    await input.close();
  }
}

/** What extended headers say about the member that follows them. */
class PendingFields {
  readonly #label: string;
  #pax: PaxFields | undefined;
  #longName: string | undefined;

  constructor(label: string) {
    this.#label = label;
  }

  get isEmpty(): boolean {
    return this.#pax === undefined && this.#longName === undefined;
  }

  addPax(fields: PaxFields): void {
    if (this.#pax !== undefined) throw unsafeArchive(this.#label, 'a member has two extended headers');
    this.#pax = fields;
  }

  addLongName(body: Buffer): void {
    if (this.#longName !== undefined) throw unsafeArchive(this.#label, 'a member has two long names');
    const end = body.indexOf(0);
    this.#longName = body.toString('utf8', 0, end === -1 ? body.length : end);
  }

  /** The member's name and size, on which every header must agree. */
  resolve(header: Header): { path: string; size: number } {
    const path = this.#pax?.path ?? this.#longName ?? header.path ?? '';
    if (this.#longName !== undefined && this.#longName !== path) {
      throw unsafeArchive(this.#label, 'a member has two different long names');
    }
    if (header.linkpath !== undefined && header.linkpath !== '') {
      throw unsafeArchive(this.#label, 'a file names a link target', {
        found: JSON.stringify(path.slice(0, 200)),
      });
    }
    const size = header.size;
    if (size === undefined || !Number.isSafeInteger(size)) {
      throw unsafeArchive(this.#label, 'a member has no readable size');
    }
    // Programs differ in which of the two they believe, so what follows is a member to one and data to another.
    if (this.#pax?.size !== undefined && this.#pax.size !== size) {
      throw unsafeArchive(this.#label, "a member's size is stated twice and differs", {
        expected: size,
        found: this.#pax.size,
      });
    }
    return { path, size };
  }
}

function decodeHeader(block: Buffer, label: string): Header {
  let header: Header;
  try {
    header = new Header(block);
  } catch (cause) {
    throw unsafeArchive(label, 'a header has an unreadable number', { cause });
  }
  if (!header.cksumValid)
    throw unsafeArchive(label, "a header's checksum is wrong, or it is not a tar archive");
  return header;
}

async function metaBody(
  input: BlockInput,
  header: Header,
  label: string,
  limits: ArchiveLimits,
): Promise<Buffer> {
  const { size } = header;
  if (size === undefined || size > limits.maxExtendedHeaderBytes) {
    throw unsafeArchive(label, 'an extended header is too long', {
      expected: `at most ${limits.maxExtendedHeaderBytes} bytes`,
      found: size ?? 'an unreadable size',
    });
  }
  const body = size === 0 ? Buffer.alloc(0) : await input.take(size);
  if (body === undefined) throw cutOff(label);
  await input.skipPadding(size);
  return body;
}

function checkGlobal(fields: PaxFields, label: string): void {
  if (fields.path !== undefined || fields.size !== undefined) {
    throw unsafeArchive(label, 'a global header gives a name or size to every member');
  }
}

/** node-tar sets a folder's size to 0 whatever is written; others skip as many bytes as the field says. */
function isEmptySize(block: Buffer): boolean {
  return /^[0 \0]*$/.test(block.toString('latin1', 124, 136));
}

/** Archives made of "." name their members "./a". */
function withoutDot(path: string): string {
  return path.startsWith('./') ? path.slice(2) : path;
}

const ZEROS = Buffer.alloc(64 * 1024);

function isZero(bytes: Uint8Array): boolean {
  for (let start = 0; start < bytes.length; start += ZEROS.length) {
    const part = bytes.subarray(start, start + ZEROS.length);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}

/** The rest of the archive may be padding; anything else is read by some programs and not by others. */
async function checkNothingFollows(input: BlockInput, label: string): Promise<void> {
  for await (const chunk of input.rest()) {
    if (!isZero(chunk)) throw unsafeArchive(label, 'it has data after its end');
  }
}

function cutOff(label: string): ZooError {
  return unsafeArchive(label, 'it ends within a member');
}

/** Cuts a byte stream into the spans that a tar is made of. Holds one chunk, and one header at most. */
class BlockInput {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #label: string;
  #held: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>, label: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#label = label;
  }

  /** `count` bytes in one buffer, or undefined at the end of the stream. */
  async take(count: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = [];
    let missing = count;
    while (missing > 0) {
      const part = await this.#some(missing);
      if (part === undefined) {
        if (missing === count) return undefined;
        throw cutOff(this.#label);
      }
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts, count);
  }

  body(size: number): AsyncIterable<Uint8Array> & { skipRest(): Promise<void> } {
    let left = size;
    const next = async () => {
      const part = await this.#some(left);
      if (part === undefined) throw cutOff(this.#label);
      left -= part.length;
      return part;
    };
    return {
      async *[Symbol.asyncIterator]() {
        while (left > 0) yield await next();
      },
      async skipRest() {
        while (left > 0) await next();
      },
    };
  }

  async skipPadding(size: number): Promise<void> {
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (padding > 0 && (await this.take(padding)) === undefined) throw cutOff(this.#label);
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const part = await this.#some(Number.POSITIVE_INFINITY);
      if (part === undefined) return;
      yield part;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Between 1 and `most` bytes, or undefined at the end of the stream. */
  async #some(most: number): Promise<Uint8Array | undefined> {
    while (this.#held.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#held = value;
    }
    const part = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(part.length);
    return part;
  }
}
