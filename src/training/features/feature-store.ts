/**
 * The features of one extraction on disk: `<key>.safetensors` when it is complete, else what is finished so far in
 * `<key>.parts/`. Every file is whole, and verified when it is opened; a damaged one counts as not there. Several
 * processes may work at the same extraction: they write the same bytes.
 */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { BlockRun, isUnusable, type RunShape, type StoredBlock, writeRun } from './block-run.js';

/** Finished blocks are written down when they are this many bytes, or this old. */
const FLUSH_BYTES = 8 * 1024 * 1024;
const FLUSH_MS = 10_000;
/** Parts of an extraction that nobody went on with for so long are removed. */
const STALE_MS = 30 * 24 * 3600 * 1000;

export interface StoreOptions extends RunShape {
  /** The folder of the feature cache. */
  readonly folder: string;
  /** First block of this extraction, and the one behind its last. */
  readonly first: number;
  readonly end: number;
  readonly signal?: AbortSignal | undefined;
}

export class FeatureStore {
  readonly #options: StoreOptions;
  readonly #runs: BlockRun[];
  /** Finished, in a row, not on disk yet. */
  #pending: StoredBlock[] = [];
  #pendingBytes = 0;
  #flushed = performance.now();
  #complete: boolean;

  private constructor(options: StoreOptions, runs: BlockRun[], complete: boolean) {
    this.#options = options;
    this.#runs = runs;
    this.#complete = complete;
  }

  /** @throws the system's error where the folder can't be made; the signal's reason. */
  static async open(options: StoreOptions): Promise<FeatureStore> {
    const { folder, key, signal } = options;
    await makeFolder(folder);
    await removeStale(folder);
    const path = featureCachePath(folder, key);
    const whole = await openUsable(path, options, signal);
    if (whole !== undefined && whole.first === options.first && whole.end === options.end) {
      // The time of the last use, for whoever wants room on the disk.
      await utimes(path, new Date(), new Date()).catch(() => {});
      return new FeatureStore(options, [whole], true);
    }
    await whole?.close();
    const parts = partsFolder(options);
    const names = await readdir(parts).catch(() => []);
    const runs: BlockRun[] = [];
    for (const name of names.toSorted()) {
      const run = await openUsable(join(parts, name), options, signal);
      if (run !== undefined) runs.push(run);
    }
    return new FeatureStore(options, runs, false);
  }

  /** True when every block is on disk in one file. */
  get complete(): boolean {
    return this.#complete;
  }

  has(block: number): boolean {
    return this.#runOf(block) !== undefined;
  }

  /** A block that it `has`, or that was added. */
  async block(index: number): Promise<StoredBlock> {
    const run = this.#runOf(index);
    const found =
      run === undefined
        ? this.#pending.find((block) => block.index === index)
        : await run.block(index, this.#options.signal);
    if (found === undefined) throw new RangeError(`block ${index} is not there`);
    return found;
  }

  /** Takes a block in that is finished; from time to time they are written down. */
  async add(block: StoredBlock): Promise<void> {
    const last = this.#pending.at(-1);
    if (last !== undefined && last.index + 1 !== block.index) await this.flush();
    this.#pending.push(block);
    this.#pendingBytes += block.features.byteLength;
    if (this.#pendingBytes >= FLUSH_BYTES || performance.now() - this.#flushed >= FLUSH_MS)
      await this.flush();
  }

  /** Writes what is finished, so that a later run goes on from there. */
  async flush(): Promise<void> {
    const blocks = this.#pending;
    const [first] = blocks;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#flushed = performance.now();
    if (first === undefined) return;
    const end = first.index + blocks.length;
    await makeFolder(partsFolder(this.#options));
    const path = join(partsFolder(this.#options), `${digits(first.index)}-${digits(end)}.safetensors`);
    await writeRun(path, this.#options, first.index, end, () => inTurn(blocks));
    const run = await openUsable(path, this.#options);
    if (run !== undefined) this.#runs.push(run);
  }

  /** Every block is there: makes one file of them. */
  async finish(): Promise<void> {
    if (this.#complete) return;
    const { folder, key, first, end } = this.#options;
    const path = featureCachePath(folder, key);
    await writeRun(path, this.#options, first, end, () => this.#all());
    const whole = await openUsable(path, this.#options);
    if (whole === undefined) return;
    await this.close();
    this.#pending = [];
    this.#runs.push(whole);
    this.#complete = true;
    await rm(partsFolder(this.#options), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await Promise.all(this.#runs.splice(0).map((run) => run.close()));
  }

  async *#all(): AsyncGenerator<StoredBlock> {
    for (let index = this.#options.first; index < this.#options.end; index++) yield await this.block(index);
  }

  #runOf(block: number): BlockRun | undefined {
    return this.#runs.find((run) => run.has(block));
  }
}

/** Where an extraction lies when it is complete. */
export function featureCachePath(folder: string, key: string): string {
  return join(folder, `${key}.safetensors`);
}

function partsFolder({ folder, key }: StoreOptions): string {
  return join(folder, `${key}.parts`);
}

/** So that names sort as numbers do. */
function digits(block: number): string {
  return String(block).padStart(9, '0');
}

async function* inTurn(blocks: readonly StoredBlock[]): AsyncGenerator<StoredBlock> {
  yield* blocks;
}

async function openUsable(
  path: string,
  shape: RunShape,
  signal?: AbortSignal,
): Promise<BlockRun | undefined> {
  try {
    return await BlockRun.open(path, shape, signal);
  } catch (error) {
    if (!isUnusable(error)) throw error;
    await rm(path, { recursive: true, force: true });
    return undefined;
  }
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.parts')) continue;
    try {
      const { mtimeMs } = await stat(join(folder, name));
      if (Date.now() - mtimeMs > STALE_MS) await rm(join(folder, name), { recursive: true, force: true });
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
}
