/**
 * Protocol buffers written as a list of pieces, so that the numbers of weights are neither copied into one large
 * message nor all in memory at once.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Bytes that are read when their turn comes. */
export interface LatePiece {
  readonly length: number;
  read(): Uint8Array;
}

export type Piece = Uint8Array | LatePiece;

/** A message, or fields of one. */
export type Pieces = readonly Piece[];

export function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** A message, or bytes, as a field. */
export function inner(field: number, pieces: Pieces): Pieces {
  const head = new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(lengthOf(pieces)).finish();
  return [head, ...pieces];
}

export function text(field: number, value: string): Pieces {
  return [new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish()];
}

/** Also for enumerations. Negative numbers take ten bytes, as protocol buffers have it. */
export function integer(field: number, value: number): Pieces {
  return [new BinaryWriter().tag(field, WireType.Varint).int64(value).finish()];
}

export function flag(field: number, value: boolean): Pieces {
  return [new BinaryWriter().tag(field, WireType.Varint).bool(value).finish()];
}

export function float(field: number, value: number): Pieces {
  return [new BinaryWriter().tag(field, WireType.Bit32).float(Math.fround(value)).finish()];
}

/** An entry of a map from text to messages. */
export function entry(field: number, key: string, value: Pieces): Pieces {
  return inner(field, [...text(1, key), ...inner(2, value)]);
}
