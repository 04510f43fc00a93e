/** One table of float32 written block by block of rows, so that it may be larger than memory. */
import { headerBytes, type TensorLayout } from './layout.js';
import { PendingFile } from './pending-file.js';

export interface TableOptions {
  /** Name of the tensor. */
  readonly name: string;
  /** Numbers in a row. */
  readonly width: number;
  /**
   * How many rows there will be. Then the bytes are those that `writeSafetensors` writes; else the header has room
   * for any number, as some more spaces at its end.
   */
  readonly rows?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export class SafetensorsWriter {
  readonly #file: PendingFile;
  readonly #options: TableOptions;
  readonly #reserved: number;
  #rows = 0;

  private constructor(file: PendingFile, options: TableOptions) {
    this.#file = file;
    this.#options = options;
    const most = options.rows ?? Math.floor(Number.MAX_SAFE_INTEGER / (4 * options.width));
    this.#reserved = header(options, most).length;
  }

  /** @throws RangeError for a width that is not a positive whole number; the system's error. */
  static async create(path: string, options: TableOptions): Promise<SafetensorsWriter> {
    if (!Number.isSafeInteger(options.width) || options.width <= 0) {
      throw new RangeError(`not a width: ${options.width}`);
    }
    return new SafetensorsWriter(await PendingFile.create(path), options);
  }

  /** Rows that are written. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Writes the next rows. Wait for it before the next call and before changing `block`.
   * @param block whole rows, one after the other.
   */
  async append(block: Float32Array): Promise<void> {
    const { width, rows: expected } = this.#options;
    const rows = block.length / width;
    if (!Number.isInteger(rows)) throw new RangeError(`${block.length} numbers are not rows of ${width}`);
    if (expected !== undefined && this.#rows + rows > expected) {
      throw new RangeError(`more rows than the ${expected} that were announced`);
    }
    const bytes = new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
    await this.#file.write(bytes, this.#reserved + this.#rows * width * 4);
    this.#rows += rows;
  }

  /** Writes the header, syncs, and puts the file in its place. @throws RangeError when rows are missing. */
  async close(): Promise<void> {
    const { rows: expected } = this.#options;
    if (expected !== undefined && this.#rows !== expected) {
      await this.abandon();
      throw new RangeError(`${this.#rows} rows of the ${expected} that were announced`);
    }
    try {
      await this.#file.write(header(this.#options, this.#rows, this.#reserved), 0);
    } catch (error) {
      await this.abandon();
      throw error;
    }
    await this.#file.commit();
  }

  /** Gives up: nothing is left behind, and what was there before stays. */
  async abandon(): Promise<void> {
    await this.#file.abandon();
  }
}

function header({ name, width, metadata = {} }: TableOptions, rows: number, atLeast = 0): Buffer {
  const table: TensorLayout = { name, dtype: 'float32', shape: [rows, width] };
  return headerBytes([table], metadata, atLeast);
}
