/**
 * Tables: CSV, TSV and JSON lines, plain or in gzip, read row by row. UTF-8, or UTF-16 where the file says so by its
 * first bytes; other encodings are named by the caller, since bytes can't tell them apart.
 */
import { basename } from 'node:path';
import { csvRows, guessDelimiter } from './table/csv-rows.js';
import { jsonRows } from './table/json-rows.js';
import type { TableRow } from './table/table-row.js';
import { readText } from './table/table-text.js';

export type { Cell, TableRow } from './table/table-row.js';

export interface ReadTableOptions {
  /** False for CSV without names in its first row: columns are then called "1", "2" … Default true. */
  readonly header?: boolean | undefined;
  /** Between the cells of CSV; found by looking at the first lines where it is not given. */
  readonly delimiter?: string | undefined;
  /** A label of the Encoding standard, such as `windows-1252`. Default UTF-8, or UTF-16 by its byte order mark. */
  readonly encoding?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TABLE = /\.(csv|tsv|tab|jsonl|ndjson)(\.gz)?$/i;
const JSON_LINES = /\.(jsonl|ndjson)(\.gz)?$/i;
const TABS = /\.(tsv|tab)(\.gz)?$/i;

/** True for names that `readTable` reads. */
export function isTableName(path: string): boolean {
  return TABLE.test(path);
}

/**
 * Rows in the order of the file, with memory that does not grow with it.
 * @throws ZooError `NOT_FOUND` when the file is not there; `DATA`, with file and line, for rows of different length,
 *   open quotes, repeated column names, bytes that are not in the encoding, and values that are not text or numbers.
 */
export async function* readTable(path: string, options: ReadTableOptions = {}): AsyncGenerator<TableRow> {
  const { header = true, encoding, signal } = options;
  const text = () => readText(path, encoding, signal);
  const name = basename(path);
  try {
    if (JSON_LINES.test(path)) {
      yield* jsonRows(name, text());
    } else {
      const delimiter = options.delimiter ?? (TABS.test(path) ? '\t' : await guessDelimiter(text()));
      yield* csvRows(name, text(), delimiter, header);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
