/** Gathers the chunks of one connection into few large writes, and holds the connection back when the disk is slow. */

/** Writes `bytes` at `position`. */
export type WriteSpan = (bytes: Uint8Array, position: number) => Promise<void>;

/**
 * Buffers that are used again and again. Chunks are copied here at once: kept until they are written, thousands of
 * them would grow old and make the collector work harder than the copying does.
 */
export class WriteBuffers {
  readonly #free: Uint8Array[] = [];

  /** @param bytes of each buffer. */
  constructor(readonly bytes: number) {}

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(this.bytes);
  }

  give(buffer: Uint8Array): void {
    if (this.#free.length < MOST_FREE) this.#free.push(buffer);
  }
}

const MOST_FREE = 16;
/** Writes on their way at the same time: one being written while the next is gathered. */
const MOST_WRITES = 2;

export class ConnectionWriter {
  #buffer: Uint8Array | undefined;
  /** Where the first byte of the buffer belongs, and how many there are. */
  #start = 0;
  #bytes = 0;
  readonly #writes = new Set<Promise<void>>();
  #error: { readonly reason: unknown } | undefined;

  constructor(
    private readonly write: WriteSpan,
    private readonly buffers: WriteBuffers,
    private readonly pieceSize: number,
  ) {}

  /** Takes bytes for `position`; they may be used otherwise after this returns. @throws the error of a write. */
  async add(bytes: Uint8Array, position: number): Promise<void> {
    if (this.#bytes > 0 && position !== this.#start + this.#bytes) this.#submit();
    for (let taken = 0; taken < bytes.length; ) {
      const at = position + taken;
      if (this.#bytes === 0) this.#start = at;
      this.#buffer ??= this.buffers.take();
      // Writes end with the piece, so that it can be hashed without waiting for more.
      const inPiece = this.pieceSize - (at % this.pieceSize);
      const count = Math.min(bytes.length - taken, this.#buffer.length - this.#bytes, inPiece);
      this.#buffer.set(bytes.subarray(taken, taken + count), this.#bytes);
      this.#bytes += count;
      taken += count;
      if (count === inPiece || this.#bytes === this.#buffer.length) this.#submit();
    }
    while (this.#writes.size > MOST_WRITES) await Promise.race(this.#writes);
    if (this.#error) throw this.#error.reason;
  }

  /** Writes what is left. @throws the error of any write. */
  async flush(): Promise<void> {
    if (this.#bytes > 0) this.#submit();
    await Promise.all(this.#writes);
    if (this.#error) throw this.#error.reason;
  }

  #submit(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const write = this.write(buffer.subarray(0, this.#bytes), this.#start)
      .catch((reason: unknown) => {
        this.#error ??= { reason };
      })
      .finally(() => {
        this.#writes.delete(write);
        this.buffers.give(buffer);
      });
    this.#writes.add(write);
    this.#buffer = undefined;
    this.#bytes = 0;
  }
}
