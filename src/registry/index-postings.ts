/** Posting lists: which models have a word, as blocks of 65,536 models; see index-format. */
import type Database from 'better-sqlite3';
import { BITMAP_BYTES, BLOCK, BLOCK_STRIDE } from './index-format.js';

/** A list becomes a bitmap where that is shorter. */
const MAX_LISTED = BITMAP_BYTES / 2 - 1;

/** Collects postings of models in the order of their ranks and writes them block by block. */
export class PostingsWriter {
  readonly #insert: Database.Statement<[number, Buffer]>;
  readonly #lists: (number[] | undefined)[] = [];
  #touched: number[] = [];
  #block = 0;

  constructor(database: Database.Database) {
    this.#insert = database.prepare('INSERT INTO postings (key, data) VALUES (?, ?)');
  }

  /** Notes that the model has the term. Ranks must not decrease; the same pair twice is noted once. */
  add(rank: number, term: number): void {
    const block = Math.floor(rank / BLOCK);
    if (block !== this.#block) {
      this.flush();
      this.#block = block;
    }
    const position = rank % BLOCK;
    const list = this.#lists[term];
    if (list === undefined) {
      this.#lists[term] = [position];
      this.#touched.push(term);
    } else if (list[list.length - 1] !== position) list.push(position);
  }

  /** Writes the block in memory. */
  flush(): void {
    this.#touched.sort((a, b) => a - b);
    for (const term of this.#touched) {
      const list = this.#lists[term];
      if (list !== undefined) this.#insert.run(this.#block * BLOCK_STRIDE + term, encodeBlock(list));
      this.#lists[term] = undefined;
    }
    this.#touched = [];
  }
}

function encodeBlock(positions: readonly number[]): Buffer {
  if (positions.length <= MAX_LISTED) return Buffer.from(Uint16Array.from(positions).buffer);
  const bitmap = new Uint32Array(BITMAP_BYTES / 4);
  for (const position of positions) setBit(bitmap, position);
  return Buffer.from(bitmap.buffer);
}

function setBit(bitmap: Uint32Array, position: number): void {
  const word = position >>> 5;
  bitmap[word] = (bitmap[word] ?? 0) | (1 << (position & 31));
}

/** The union of some posting lists; what one word of a query, or one filter, asks for. Blocks are read once. */
export class Group {
  readonly terms: readonly number[];
  readonly #bitmaps = new Map<number, Uint32Array | null>();

  constructor(terms: readonly number[]) {
    this.terms = terms;
  }

  /** The models of a block as a bitmap; null when there is none. */
  bitmap(block: number, read: (key: number) => Buffer | undefined): Uint32Array | null {
    const known = this.#bitmaps.get(block);
    if (known !== undefined) return known;
    let union: Uint32Array | null = null;
    for (const term of this.terms) {
      const data = read(block * BLOCK_STRIDE + term);
      if (data === undefined) continue;
      union ??= new Uint32Array(BITMAP_BYTES / 4);
      addBlock(union, data);
    }
    this.#bitmaps.set(block, union);
    return union;
  }
}

function addBlock(union: Uint32Array, data: Buffer): void {
  // Typed arrays need their own alignment, which a Buffer from SQLite need not have.
  const bytes = data.byteOffset % 4 === 0 ? data : Buffer.from(data);
  if (data.length === BITMAP_BYTES) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, BITMAP_BYTES / 4);
    for (let index = 0; index < words.length; index++)
      union[index] = (union[index] ?? 0) | (words[index] ?? 0);
    return;
  }
  const positions = new Uint16Array(bytes.buffer, bytes.byteOffset, data.length >>> 1);
  for (let index = 0; index < positions.length; index++) setBit(union, positions[index] ?? 0);
}

/** Reads posting lists of an open index. */
export class PostingsReader {
  readonly #get: Database.Statement<[number], Buffer>;
  readonly #blocks: number;

  /** @param models the highest rank. */
  constructor(database: Database.Database, models: number) {
    this.#get = database.prepare<[number], Buffer>('SELECT data FROM postings WHERE key = ?').pluck();
    this.#blocks = Math.floor(models / BLOCK) + 1;
  }

  readonly #read = (key: number): Buffer | undefined => this.#get.get(key);

  /** Ranks of the models that are in every group, ascending. Reads no further than the caller takes. */
  *intersect(all: readonly Group[]): Generator<number> {
    // Groups of few lists are read first: where they leave nothing, the others need not be read.
    const groups = all.toSorted((a, b) => a.terms.length - b.terms.length);
    for (let block = 0; block < this.#blocks; block++) {
      const common = this.#intersectBlock(groups, block);
      if (common === null) continue;
      for (let index = 0; index < common.length; index++) {
        for (let word = common[index] ?? 0; word !== 0; word &= word - 1) {
          yield block * BLOCK + index * 32 + (31 - Math.clz32(word & -word));
        }
      }
    }
  }

  /** Whether the model is in every group. */
  has(groups: readonly Group[], rank: number): boolean {
    const block = Math.floor(rank / BLOCK);
    const position = rank % BLOCK;
    return groups.every((group) => {
      const word = group.bitmap(block, this.#read)?.[position >>> 5] ?? 0;
      return ((word >>> (position & 31)) & 1) === 1;
    });
  }

  #intersectBlock(groups: readonly Group[], block: number): Uint32Array | null {
    const [first, ...others] = groups;
    const begin = first?.bitmap(block, this.#read) ?? null;
    if (begin === null || others.length === 0) return begin;
    const common = begin.slice(); // the group keeps its own
    for (const group of others) {
      const bitmap = group.bitmap(block, this.#read);
      if (bitmap === null) return null;
      let any = 0;
      for (let index = 0; index < common.length; index++) {
        const word = (common[index] ?? 0) & (bitmap[index] ?? 0);
        common[index] = word;
        any |= word;
      }
      if (any === 0) return null;
    }
    return common;
  }
}
