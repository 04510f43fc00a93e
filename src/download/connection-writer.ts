/** Gathers the chunks of one connection into few large writes, and holds the connection back when the disk is slow. */

/** Writes `buffers` one after another at `position`. */
export type WriteSpan = (buffers: readonly Uint8Array[], position: number, bytes: number) => Promise<void>;

/** Writes on their way at the same time: one being written while the next is gathered. */
const MOST_WRITES = 2;

export class ConnectionWriter {
  #buffers: Uint8Array[] = [];
  #start = 0;
  #bytes = 0;
  readonly #writes = new Set<Promise<void>>();
  #error: { readonly reason: unknown } | undefined;

  constructor(
    private readonly write: WriteSpan,
    private readonly writeBytes: number,
    private readonly pieceSize: number,
  ) {}

  /** Takes bytes for `position`. Resolves when the next may come. @throws the error of an earlier write. */
  async add(bytes: Uint8Array, position: number): Promise<void> {
    if (this.#bytes > 0 && position !== this.#start + this.#bytes) this.#submit();
    if (this.#bytes === 0) this.#start = position;
    this.#buffers.push(bytes);
    this.#bytes += bytes.length;
    const end = this.#start + this.#bytes;
    // The end of a piece is written at once, so that it can be hashed.
    const crossed = Math.floor(end / this.pieceSize) > Math.floor(this.#start / this.pieceSize);
    if (crossed || this.#bytes >= this.writeBytes) this.#submit();
    while (this.#writes.size >= MOST_WRITES) await Promise.race(this.#writes);
    if (this.#error) throw this.#error.reason;
  }

  /** Writes what is left. @throws the error of any write. */
  async flush(): Promise<void> {
    if (this.#bytes > 0) this.#submit();
    await Promise.all(this.#writes);
    if (this.#error) throw this.#error.reason;
  }

  #submit(): void {
    const buffers = this.#buffers;
    const bytes = this.#bytes;
    this.#buffers = [];
    this.#bytes = 0;
    const write = this.write(buffers, this.#start, bytes)
      .catch((reason: unknown) => {
        this.#error ??= { reason };
      })
      .finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }
}
