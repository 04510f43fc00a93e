/** A protocol buffer message as its fields, over the reader of @bufbuild/protobuf; no schema is compiled. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { malformed } from './description.js';

/** Fields of one message; a field that is absent gives an empty list or undefined. */
export interface Message {
  /** Bytes of every occurrence of a length-delimited field. */
  bytes(field: number): readonly Uint8Array[];
  text(field: number): string | undefined;
  texts(field: number): string[];
  /** The last value of a number field, as protocol buffers define it. */
  integer(field: number): number | undefined;
  /** Values of a repeated number field, packed or not. */
  integers(field: number): number[];
  message(field: number): Message | undefined;
  messages(field: number): Message[];
}

/** Deepest nesting that an honest graph has (nested control flow) is far below. */
const MAX_DEPTH = 64;
/** Fields of one message; a graph of a million nodes is still read. */
const MAX_FIELDS = 4_000_000;

const utf8 = new TextDecoder('utf-8');

/**
 * Reads a message. Bytes are views of `bytes`, so weights inside are not copied.
 * @throws ZooError `INTEGRITY` when it is cut off or is no message.
 */
export function readMessage(bytes: Uint8Array, path: string, depth = 0): Message {
  if (depth > MAX_DEPTH) throw malformed(path, 'its messages are nested too deep', MAX_DEPTH);
  const blobs = new Map<number, Uint8Array[]>();
  const numbers = new Map<number, number[]>();
  const reader = new BinaryReader(bytes);
  let fields = 0;
  try {
    while (reader.pos < reader.len) {
      if (++fields > MAX_FIELDS) throw new RangeError('too many fields');
      const [field, wire] = reader.tag();
      if (wire === WireType.LengthDelimited) push(blobs, field, reader.bytes());
      else if (wire === WireType.Varint) push(numbers, field, Number(reader.int64()));
      else if (wire === WireType.Bit32 || wire === WireType.Bit64) reader.skip(wire);
      else throw new RangeError('groups are not used by any of these formats');
    }
    if (reader.pos !== reader.len) throw new RangeError('premature end');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw malformed(path, `it is cut off or not a protocol buffer (${why})`);
  }
  const read = (inner: Uint8Array) => readMessage(inner, path, depth + 1);
  const all = (field: number) => blobs.get(field) ?? [];
  return {
    bytes: all,
    text: (field) => mapLast(all(field), (blob) => utf8.decode(blob)),
    texts: (field) => all(field).map((blob) => utf8.decode(blob)),
    integer: (field) => numbers.get(field)?.at(-1),
    integers: (field) => [...(numbers.get(field) ?? []), ...all(field).flatMap((blob) => unpack(blob, path))],
    message: (field) => mapLast(all(field), read),
    messages: (field) => all(field).map(read),
  };
}

function push<T>(map: Map<number, T[]>, key: number, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function mapLast<T, R>(list: readonly T[], map: (item: T) => R): R | undefined {
  const last = list.at(-1);
  return last === undefined ? undefined : map(last);
}

function unpack(bytes: Uint8Array, path: string): number[] {
  const reader = new BinaryReader(bytes);
  const values: number[] = [];
  try {
    while (reader.pos < reader.len) values.push(Number(reader.int64()));
    if (reader.pos !== reader.len) throw new RangeError('premature end');
  } catch {
    throw malformed(path, 'a list of numbers is cut off');
  }
  return values;
}
