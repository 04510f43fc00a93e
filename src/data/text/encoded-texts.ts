/** What a tokenizer gives: a batch of token ids, or of strings for networks that take text as it is. */

export interface EncodedIds {
  readonly kind: 'ids';
  /** Rows: one a text. */
  readonly batch: number;
  /** Columns: tokens of the longest text of the batch; 0 when none has any. */
  readonly length: number;
  /** Row by row, `batch * length`; behind the end of a text stands the padding id. */
  readonly ids: Int32Array;
  /** 1 for a token, 0 for padding. */
  readonly mask: Int32Array;
  /** Tokens of each text. */
  readonly lengths: readonly number[];
  /** How many of the texts were cut to the most tokens that the network takes. */
  readonly truncated: number;
}

export interface EncodedStrings {
  readonly kind: 'strings';
  readonly texts: readonly string[];
  /** How many of the texts were cut. */
  readonly truncated: number;
}

export interface EncodeOptions {
  /** Most tokens, those around the text counted ([CLS], [SEP]); characters for strings. The tokenizer's own by default. */
  readonly maxLength?: number | undefined;
}

interface Tokenizer<Encoded> {
  /** Most tokens (or characters) of a text, by the card; undefined where any number goes. */
  readonly maxLength: number | undefined;
  /** @throws ZooError `USAGE` for a length in which not even the tokens around a text have room. */
  encode(texts: readonly string[], options?: EncodeOptions): Encoded;
}

/** Words and pieces of words to ids. */
export interface IdTokenizer extends Tokenizer<EncodedIds> {
  readonly kind: 'ids';
  /** Ids are below this. */
  readonly vocabulary: number;
  /** What stands behind the shorter texts of a batch. */
  readonly padding: number;
  /** What a character becomes that no token holds; undefined where every byte has a token. */
  readonly unknown: number | undefined;
}

/** For networks whose graph takes strings. */
export interface StringTokenizer extends Tokenizer<EncodedStrings> {
  readonly kind: 'strings';
}

export type TextTokenizer = IdTokenizer | StringTokenizer;

/** Rows of any length as one batch. */
export function padRows(
  rows: readonly (readonly number[])[],
  padding: number,
  truncated: number,
): EncodedIds {
  const lengths = rows.map((row) => row.length);
  const length = Math.max(0, ...lengths);
  const ids = new Int32Array(rows.length * length).fill(padding);
  const mask = new Int32Array(rows.length * length);
  for (const [index, row] of rows.entries()) {
    ids.set(row, index * length);
    mask.fill(1, index * length, index * length + row.length);
  }
  return { kind: 'ids', batch: rows.length, length, ids, mask, lengths, truncated };
}
