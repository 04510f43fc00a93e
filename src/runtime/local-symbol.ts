/** Finds a variable in a library that does not export it: in the table of all symbols, where it was not stripped. */
import { type FileHandle, open } from 'node:fs/promises';

const MAGIC = Buffer.from('7f454c4602010100', 'hex').subarray(0, 6); // ELF, 64 bits, least significant byte first
const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;
const TABLE_OF_SYMBOLS = 2;
const VARIABLE = 1;
const CHUNK = 1 << 22;

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Of a table of symbols: number of the section with their names. */
  readonly link: number;
}

export interface WantedSymbol {
  /** Text that the name holds. */
  readonly part: string;
  /** What the whole name looks like; shorter than 512 characters. */
  readonly name: RegExp;
  /** Bytes. */
  readonly size: number;
}

/**
 * Looks through the library once: some hundred megabytes.
 * @returns the variable's address, counted from where the library is loaded; undefined when there is none, or several,
 * or the file is no ELF library.
 */
export async function localSymbol(
  path: string,
  wanted: WantedSymbol,
  signal: AbortSignal,
): Promise<number | undefined> {
  const file = await open(path, 'r');
  try {
    const sections = await readSections(file);
    const table = sections.find(({ type }) => type === TABLE_OF_SYMBOLS);
    const names = table === undefined ? undefined : sections[table.link];
    if (table === undefined || names === undefined) return undefined;
    const found = await findNames(file, names, wanted, signal);
    if (found.size === 0) return undefined;
    const symbols = await read(file, table.offset, table.size);
    const addresses = new Set<number>();
    for (let at = 0; at + SYMBOL_SIZE <= symbols.length; at += SYMBOL_SIZE) {
      if (!found.has(symbols.readUInt32LE(at))) continue;
      const isVariable = ((symbols[at + 4] ?? 0) & 0xf) === VARIABLE;
      if (isVariable && Number(symbols.readBigUInt64LE(at + 16)) === wanted.size)
        addresses.add(Number(symbols.readBigUInt64LE(at + 8)));
    }
    const [address] = addresses;
    return addresses.size === 1 ? address : undefined;
  } finally {
    await file.close();
  }
}

async function readSections(file: FileHandle): Promise<Section[]> {
  const header = await read(file, 0, 64);
  if (header.length < 64 || !header.subarray(0, MAGIC.length).equals(MAGIC)) return [];
  const [offset, size, count] = [
    Number(header.readBigUInt64LE(0x28)),
    header.readUInt16LE(0x3a),
    header.readUInt16LE(0x3c),
  ];
  const bytes = await read(file, offset, count * SECTION_SIZE);
  if (size !== SECTION_SIZE || bytes.length < count * SECTION_SIZE) return [];
  return Array.from({ length: count }, (_, index) => {
    const at = index * SECTION_SIZE;
    return {
      type: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigUInt64LE(at + 0x18)),
      size: Number(bytes.readBigUInt64LE(at + 0x20)),
      link: bytes.readUInt32LE(at + 0x28),
    };
  });
}

/** Where in the section the names begin that are wanted. */
async function findNames(
  file: FileHandle,
  { offset, size }: Section,
  { part, name }: WantedSymbol,
  signal: AbortSignal,
): Promise<Set<number>> {
  const found = new Set<number>();
  // A name that one chunk cuts is whole in the next, which begins a little before the end of this one.
  for (let begin = 0; begin < size; begin += CHUNK) {
    signal.throwIfAborted();
    const chunk = await read(file, offset + begin, Math.min(CHUNK + 1024, size - begin));
    for (let at = chunk.indexOf(part); at >= 0; at = chunk.indexOf(part, at + 1)) {
      const start = chunk.lastIndexOf(0, at) + 1;
      const end = chunk.indexOf(0, at);
      if (end > 0 && name.test(chunk.toString('latin1', start, end))) found.add(begin + start);
    }
  }
  return found;
}

async function read(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
