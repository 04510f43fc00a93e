/** A table of a FlatBuffer in which every offset is checked before it is followed; the library checks none. */
import { ByteBuffer } from 'flatbuffers';
import { malformed } from './description.js';

/**
 * How often the bytes of a file may be read in all. Offsets may share what they lead to, so a small file can
 * describe a million lists of a million numbers; an honest one is read about once.
 */
const MAX_READS = 4;

export class FlatTable {
  private constructor(
    private readonly buffer: ByteBuffer,
    private readonly position: number,
    private readonly path: string,
    private readonly budget: { left: number },
  ) {
    this.inside(position, 4);
    const vtable = position - buffer.readInt32(position);
    this.inside(vtable, 4);
    this.inside(vtable, buffer.readUint16(vtable));
  }

  /** The root table of a file. */
  static root(bytes: Uint8Array, path: string): FlatTable {
    if (bytes.length < 8) throw malformed(path, 'it ends inside its header', 8, bytes.length);
    const buffer = new ByteBuffer(bytes);
    return new FlatTable(buffer, buffer.readUint32(0), path, { left: MAX_READS * bytes.length });
  }

  int(field: number, fallback = 0): number {
    const at = this.field(field, 4);
    return at === undefined ? fallback : this.buffer.readInt32(at);
  }

  byte(field: number, fallback = 0): number {
    const at = this.field(field, 1);
    return at === undefined ? fallback : this.buffer.readInt8(at);
  }

  text(field: number): string | undefined {
    const span = this.span(field, 1);
    if (span === undefined) return undefined;
    this.spend(span.length);
    return new TextDecoder().decode(this.buffer.bytes().subarray(span.start, span.start + span.length));
  }

  /** How many bytes a byte vector has. */
  byteLength(field: number): number {
    return this.span(field, 1)?.length ?? 0;
  }

  ints(field: number): number[] | undefined {
    const span = this.span(field, 4);
    if (span === undefined) return undefined;
    this.spend(4 * span.length);
    return Array.from({ length: span.length }, (_, index) => this.buffer.readInt32(span.start + 4 * index));
  }

  tables(field: number): FlatTable[] {
    const span = this.span(field, 4);
    if (span === undefined) return [];
    this.spend(4 * span.length);
    return Array.from({ length: span.length }, (_, index) => {
      const at = span.start + 4 * index;
      return new FlatTable(this.buffer, at + this.buffer.readUint32(at), this.path, this.budget);
    });
  }

  private spend(bytes: number): void {
    this.budget.left -= bytes;
    if (this.budget.left < 0) throw malformed(this.path, 'its lists share more bytes than the file has');
  }

  /** Where a field's value is; undefined when the table leaves it out. */
  private field(field: number, size: number): number | undefined {
    const offset = this.buffer.__offset(this.position, 4 + 2 * field);
    if (offset === 0) return undefined;
    this.inside(this.position + offset, size);
    return this.position + offset;
  }

  private span(field: number, size: number): { start: number; length: number } | undefined {
    const at = this.field(field, 4);
    if (at === undefined) return undefined;
    const vector = at + this.buffer.readUint32(at);
    this.inside(vector, 4);
    const length = this.buffer.readUint32(vector);
    this.inside(vector + 4, length * size);
    return { start: vector + 4, length };
  }

  private inside(start: number, length: number): void {
    const end = this.buffer.capacity();
    if (start < 0 || length < 0 || start + length > end) {
      throw malformed(this.path, 'an offset leads outside the file', `at most ${end}`, start + length);
    }
  }
}
