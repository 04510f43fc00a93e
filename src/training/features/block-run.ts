/**
 * Finished blocks in a row, in one safetensors file of the feature cache: the tensor `features`, and in the metadata
 * which blocks, which examples could not be read, and the sha256 of the numbers.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import * as z from 'zod';
import { hasCode, ZooError } from '../../core/errors.js';
import { openSafetensors, type SafetensorsFile } from '../../formats/safetensors/read-safetensors.js';
import { SafetensorsWriter } from '../../formats/safetensors/safetensors-writer.js';

const FORMAT = 'neuralzoo-feature-cache/1';
const TENSOR = 'features';
/** Rows hashed at once. */
const HASHED_BYTES = 4 * 1024 * 1024;

/** A block as the cache keeps it: names and labels are the data set's. */
export interface StoredBlock {
  readonly index: number;
  /** [readable examples, width]. */
  readonly features: Float32Array;
  /** Place in the block and reason of each example that could not be read. */
  readonly unreadable: readonly (readonly [number, string])[];
}

/** Which blocks of which extraction. */
export interface RunShape {
  /** Key of the extraction. */
  readonly key: string;
  readonly width: number;
  /** Examples of a block, readable or not. */
  sizeOf(block: number): number;
}

const metadataSchema = z.object({
  format: z.literal(FORMAT),
  key: z.string(),
  first: z.string().regex(/^\d{1,15}$/),
  end: z.string().regex(/^\d{1,15}$/),
  unreadable: z.string(),
  sha256: z.string(),
});
const unreadableSchema = z.record(z.string(), z.array(z.tuple([z.int().min(0), z.string()])));

export class BlockRun {
  /** Its first block. */
  readonly first: number;
  /** The block behind its last. */
  readonly end: number;
  readonly #file: SafetensorsFile;
  readonly #unreadable: Readonly<Record<string, StoredBlock['unreadable']>>;
  /** Row that each block begins at, and the number of all rows. */
  readonly #rows: readonly number[];

  private constructor(
    file: SafetensorsFile,
    first: number,
    unreadable: Readonly<Record<string, StoredBlock['unreadable']>>,
    rows: readonly number[],
  ) {
    this.#file = file;
    this.first = first;
    this.end = first + rows.length - 1;
    this.#unreadable = unreadable;
    this.#rows = rows;
  }

  /**
   * Opens and verifies a file.
   * @returns undefined when there is none.
   * @throws ZooError `INTEGRITY` when it is not what this extraction wrote.
   */
  static async open(path: string, shape: RunShape, signal?: AbortSignal): Promise<BlockRun | undefined> {
    let file: SafetensorsFile;
    try {
      file = await openSafetensors(path);
    } catch (error) {
      if (error instanceof ZooError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
    try {
      return await BlockRun.#verified(file, path, shape, signal);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  static async #verified(
    file: SafetensorsFile,
    path: string,
    shape: RunShape,
    signal: AbortSignal | undefined,
  ): Promise<BlockRun> {
    const metadata = metadataSchema.safeParse(file.metadata);
    const tensor = file.tensors.get(TENSOR);
    if (!metadata.success || metadata.data.key !== shape.key || tensor?.dtype !== 'F32') throw damaged(path);
    const first = Number(metadata.data.first);
    const unreadable = unreadableSchema.safeParse(parsed(metadata.data.unreadable));
    if (!unreadable.success) throw damaged(path);
    const rows = [0];
    for (let block = first; block < Number(metadata.data.end); block++) {
      rows.push((rows.at(-1) ?? 0) + shape.sizeOf(block) - (unreadable.data[block]?.length ?? 0));
    }
    if (tensor.shape[0] !== rows.at(-1) || tensor.shape[1] !== shape.width) throw damaged(path);
    const run = new BlockRun(file, first, unreadable.data, rows);
    if ((await run.#hash(shape.width, signal)) !== metadata.data.sha256) throw damaged(path);
    return run;
  }

  async #hash(width: number, signal: AbortSignal | undefined): Promise<string> {
    const hash = createHash('sha256');
    const total = this.#rows.at(-1) ?? 0;
    const step = Math.max(1, Math.floor(HASHED_BYTES / (4 * width)));
    for (let from = 0; from < total; from += step) {
      hash.update(bytesOf(await this.#read(from, Math.min(from + step, total), signal)));
    }
    return hash.digest('hex');
  }

  async #read(from: number, to: number, signal: AbortSignal | undefined): Promise<Float32Array> {
    const { data } = await this.#file.readRows(TENSOR, from, to, signal);
    if (data instanceof Float32Array) return data;
    throw new ZooError('INTEGRITY', 'Features are not float32');
  }

  has(block: number): boolean {
    return block >= this.first && block < this.end;
  }

  /** A block that it `has`. */
  async block(index: number, signal?: AbortSignal): Promise<StoredBlock> {
    const from = this.#rows[index - this.first] ?? 0;
    const to = this.#rows[index - this.first + 1] ?? from;
    return {
      index,
      features: await this.#read(from, to, signal),
      unreadable: this.#unreadable[index] ?? [],
    };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Writes blocks in a row to a file that appears when it is whole and synced.
 * @param blocks gives them from the first to the last; called twice, as the hash stands in front of the numbers.
 */
export async function writeRun(
  path: string,
  { key, width }: RunShape,
  first: number,
  end: number,
  blocks: () => AsyncIterable<StoredBlock>,
): Promise<void> {
  const hash = createHash('sha256');
  const unreadable: Record<string, StoredBlock['unreadable']> = {};
  let rows = 0;
  for await (const block of blocks()) {
    hash.update(bytesOf(block.features));
    rows += block.features.length / width;
    if (block.unreadable.length > 0) unreadable[block.index] = block.unreadable;
  }
  const writer = await SafetensorsWriter.create(path, {
    name: TENSOR,
    width,
    rows,
    metadata: {
      format: FORMAT,
      key,
      first: String(first),
      end: String(end),
      unreadable: JSON.stringify(unreadable),
      sha256: hash.digest('hex'),
    },
  });
  try {
    for await (const block of blocks()) await writer.append(block.features);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  await writer.close();
}

/** Single rows of a file that was verified before, in any order. */
export async function openRows(path: string): Promise<StoredRows> {
  const file = await openSafetensors(path);
  return {
    async row(index) {
      const { data } = await file.readRows(TENSOR, index, index + 1);
      if (data instanceof Float32Array) return data;
      throw damaged(path);
    },
    close: () => file.close(),
  };
}

export interface StoredRows {
  /** @param index of a readable example, in the order of the data set. */
  row(index: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** True for files that a run can't be read from: damaged, half-removed, of another program. */
export function isUnusable(error: unknown): boolean {
  return (
    (error instanceof ZooError && (error.code === 'INTEGRITY' || error.code === 'DATA')) ||
    hasCode(error, 'EISDIR', 'ENOENT')
  );
}

function damaged(path: string): ZooError {
  return new ZooError('INTEGRITY', 'A file of the feature cache is damaged', { found: basename(path) });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
