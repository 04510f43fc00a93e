/** Posting lists: which models have a word, as blocks of 65,536 models; see index-format. */

import { BITMAP_BYTES, BLOCK, BLOCK_STRIDE } from './index-format.js';
import type { Database, Statement } from './sqlite.js';

/** A list becomes a bitmap where that is shorter. */
const MAX_LISTED = BITMAP_BYTES / 2 - 1;

/** Collects postings of models in the order of their ranks and writes them block by block. */
export class PostingsWriter {
  readonly #insert: Statement<[number, Buffer]>;
  readonly #lists: (number[] | undefined)[] = [];
  #touched: number[] = [];
  #block = 0;

  constructor(database: Database) {
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

/** A block of a posting list as it is stored: a bitmap, or the positions of its models. */
type Block = Uint32Array | Uint16Array;

function decodeBlock(data: Buffer): Block {
  // Typed arrays need their own alignment, which a Buffer from SQLite need not have.
  const bytes = data.byteOffset % 4 === 0 ? data : Buffer.from(data);
  return data.length === BITMAP_BYTES
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, BITMAP_BYTES / 4)
    : new Uint16Array(bytes.buffer, bytes.byteOffset, data.length >>> 1);
}

function addBlock(union: Uint32Array, block: Block): void {
  if (block instanceof Uint16Array) {
    for (let index = 0; index < block.length; index++) setBit(union, block[index] ?? 0);
    return;
  }
  for (let index = 0; index < union.length; index++) union[index] = (union[index] ?? 0) | (block[index] ?? 0);
}

/**
 * The union of some posting lists; what one word of a query, or one filter, asks for. Blocks are read once. Lives
 * as long as its query: see `PostingsReader.begin`.
 */
export class Group {
  readonly terms: readonly number[];
  readonly #bitmaps = new Map<number, Uint32Array | null>();

  constructor(terms: readonly number[]) {
    this.terms = terms;
  }

  /** The models of a block as a bitmap that must not be changed; null when there is none. */
  bitmap(block: number, blocks: Blocks): Uint32Array | null {
    const known = this.#bitmaps.get(block);
    if (known !== undefined) return known;
    const bitmap = this.#unite(block, blocks);
    this.#bitmaps.set(block, bitmap);
    return bitmap;
  }

  #unite(block: number, blocks: Blocks): Uint32Array | null {
    let union: Uint32Array | null = null;
    for (const term of this.terms) {
      const data = blocks.read(block * BLOCK_STRIDE + term);
      if (data === undefined) continue;
      if (this.terms.length === 1 && data instanceof Uint32Array) return data;
      union ??= blocks.emptyBitmap();
      addBlock(union, data);
    }
    return union;
  }
}

/** Bytes of blocks kept in memory: what common words and filters ask for again and again. */
const KEPT_BYTES = 16 * 1024 * 1024;
/** Bitmaps that are used again by the next query; more are left to the garbage collector. */
const KEPT_BITMAPS = 512;

/**
 * Reads blocks and lends bitmaps. Both are kept, since memory that each query allocates anew and outside of the
 * JavaScript heap makes the collector stop the program for longer than most queries take.
 */
class Blocks {
  readonly #get: Statement<[number], Buffer>;
  readonly #kept = new Map<number, Block | undefined>();
  #keptBytes = 0;
  readonly #bitmaps: Uint32Array[] = [];
  #lent = 0;

  constructor(database: Database) {
    this.#get = database.prepare<[number], Buffer>('SELECT data FROM postings WHERE key = ?').pluck();
  }

  read(key: number): Block | undefined {
    if (this.#kept.has(key)) return this.#kept.get(key);
    const data = this.#get.get(key);
    const block = data === undefined ? undefined : decodeBlock(data);
    if (this.#keptBytes > KEPT_BYTES) {
      this.#kept.clear();
      this.#keptBytes = 0;
    }
    this.#kept.set(key, block);
    this.#keptBytes += ENTRY_BYTES + (data?.length ?? 0);
    return block;
  }

  emptyBitmap(): Uint32Array {
    const kept = this.#bitmaps[this.#lent];
    this.#lent++;
    if (kept !== undefined) return kept.fill(0);
    const bitmap = new Uint32Array(BITMAP_BYTES / 4);
    if (this.#bitmaps.length < KEPT_BITMAPS) this.#bitmaps.push(bitmap);
    return bitmap;
  }

  /** Takes all lent bitmaps back. */
  reclaim(): void {
    this.#lent = 0;
  }
}

/** What an entry of a map and a typed array cost besides their data, about. */
const ENTRY_BYTES = 200;

/** Reads posting lists of an open index. */
export class PostingsReader {
  readonly #blocks: Blocks;
  readonly #count: number;

  /** @param models the highest rank. */
  constructor(database: Database, models: number) {
    this.#blocks = new Blocks(database);
    this.#count = Math.floor(models / BLOCK) + 1;
  }

  /** Begins a query: groups and generators of the one before must not be used any more. */
  begin(): void {
    this.#blocks.reclaim();
  }

  /** Ranks of the models that are in every group, ascending. Reads no further than the caller takes. */
  *intersect(all: readonly Group[]): Generator<number> {
    // Groups of few lists are read first: where they leave nothing, the others need not be read.
    const groups = all.toSorted((a, b) => a.terms.length - b.terms.length);
    const scratch = groups.length > 1 ? this.#blocks.emptyBitmap() : undefined;
    for (let block = 0; block < this.#count; block++) {
      const common = this.#intersectBlock(groups, block, scratch);
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
      const word = group.bitmap(block, this.#blocks)?.[position >>> 5] ?? 0;
      return ((word >>> (position & 31)) & 1) === 1;
    });
  }

  #intersectBlock(
    groups: readonly Group[],
    block: number,
    scratch: Uint32Array | undefined,
  ): Uint32Array | null {
    let common: Uint32Array | null = null;
    for (const group of groups) {
      const bitmap = group.bitmap(block, this.#blocks);
      if (bitmap === null) return null;
      if (common === null || scratch === undefined) common = bitmap;
      else {
        if (!intersectInto(scratch, common, bitmap)) return null;
        common = scratch;
      }
    }
    return common;
  }
}

/** Writes what both have into `result`, which may be one of them; false when that is nothing. */
function intersectInto(result: Uint32Array, a: Uint32Array, b: Uint32Array): boolean {
  let any = 0;
  for (let index = 0; index < result.length; index++) {
    const word = (a[index] ?? 0) & (b[index] ?? 0);
    result[index] = word;
    any |= word;
  }
  return any !== 0;
}
