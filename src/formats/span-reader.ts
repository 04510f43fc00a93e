/** Several files read as one run of bytes, front to back. */
import { type FileHandle, open } from 'node:fs/promises';
import { type LocalFile, malformed } from '../registry/describe/description.js';

/** Skipped bytes are not read; a span that crosses from one file into the next comes as one. */
export class SpanReader {
  readonly #files: readonly LocalFile[];
  #handle: FileHandle | undefined;
  #index = 0;
  /** Bytes of the present file that are behind. */
  #position = 0;
  /** Bytes ahead, in all files. */
  #remaining: number;

  constructor(files: readonly LocalFile[]) {
    this.#files = files;
    this.#remaining = files.reduce((sum, file) => sum + file.size, 0);
  }

  get remaining(): number {
    return this.#remaining;
  }

  /**
   * The next `length` bytes, at the start of a buffer of their own, so that numbers in it are aligned.
   * @throws ZooError `INTEGRITY` when there are not so many; nothing is allocated then.
   */
  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#require(length);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const file = await this.#current();
      const wanted = Math.min(length - filled, file.size - this.#position);
      const { bytesRead } = await file.handle.read(bytes, filled, wanted, this.#position);
      if (bytesRead === 0) throw malformed(file.path, 'it became shorter while it was read', file.size);
      filled += bytesRead;
      this.#advance(bytesRead);
    }
    return bytes;
  }

  async skip(length: number): Promise<void> {
    this.#require(length);
    let left = length;
    while (left > 0) {
      const file = await this.#current();
      const step = Math.min(left, file.size - this.#position);
      left -= step;
      this.#advance(step);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #require(length: number): void {
    if (length <= this.#remaining) return;
    const last = this.#files.at(-1);
    throw malformed(
      last?.path ?? 'weights',
      'its tensors need more bytes than it has',
      length,
      this.#remaining,
    );
  }

  #advance(bytes: number): void {
    this.#position += bytes;
    this.#remaining -= bytes;
  }

  async #current(): Promise<LocalFile & { handle: FileHandle }> {
    let file = this.#files[this.#index];
    while (file !== undefined && this.#position >= file.size) {
      await this.close();
      this.#index += 1;
      this.#position = 0;
      file = this.#files[this.#index];
    }
    if (file === undefined) throw malformed('weights', 'they end too early');
    this.#handle ??= await open(file.file, 'r');
    return { ...file, handle: this.#handle };
  }
}
