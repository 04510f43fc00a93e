/**
 * Tables: CSV, TSV and JSON lines, plain or in gzip, read row by row. UTF-8, or UTF-16 where the file says so by its
 * first bytes; other encodings are named by the caller, since bytes can't tell them apart.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';
import { parse as parseNow } from 'csv-parse/sync';
import { isSystemError, ZooError } from '../core/errors.js';

/** Text as it stands in the file; a list only where JSON lines hold one. An absent or null value is ''. */
export type Cell = string | readonly string[];

export interface TableRow {
  /** Line that the row begins on, from 1. */
  readonly line: number;
  /** By column name; has no prototype. */
  readonly cells: Readonly<Record<string, Cell>>;
}

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
const DELIMITERS = [',', '\t', ';', '|'];
/** A row beyond this is a quote that was never closed, not a row. */
const LONGEST_ROW = 16 * 2 ** 20;
const CHARACTERS_FOR_GUESSING = 64 * 1024;

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
  const { signal } = options;
  try {
    const text = readText(path, options.encoding, signal);
    yield* JSON_LINES.test(path) ? jsonRows(path, text) : csvRows(path, text, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw tableError(path, error);
  }
}

/**
 * The column that is meant: the wanted one, or the first of the usual names that is there, whatever its case.
 * @throws ZooError `DATA` listing the columns when the wanted one is not there.
 */
export function findColumn(
  columns: readonly string[],
  wanted: string | undefined,
  usual: readonly string[],
): string | undefined {
  if (wanted === undefined) {
    for (const name of usual) {
      const found = columns.find((column) => column.trim().toLowerCase() === name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (columns.includes(wanted)) return wanted;
  throw new ZooError('DATA', `The table has no column ${JSON.stringify(wanted)}`, {
    found: columns.map((column) => JSON.stringify(column)).join(', '),
    hint: 'Name one of the columns that it has.',
  });
}

async function* csvRows(
  path: string,
  text: AsyncIterable<string>,
  options: ReadTableOptions,
): AsyncGenerator<TableRow> {
  const delimiter = options.delimiter ?? (TABS.test(path) ? '\t' : await guessDelimiter(path, options));
  const parser = parse({
    delimiter,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
    info: true,
    // Tab-separated files of most programs don't quote; a quote inside a cell is part of it there.
    ...(delimiter === '\t' ? { relax_quotes: true } : {}),
  });
  pipeline(Readable.from(text), parser, LEFT_TO_THE_READER);
  let columns: readonly string[] | undefined;
  for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
    if (columns === undefined) {
      columns = options.header === false ? record.map((_, index) => String(index + 1)) : columnNames(record);
      if (options.header !== false) continue;
    }
    // The parser says where the row ends.
    yield { line: info.lines - lineBreaks(record), cells: cellsOf(columns, record) };
  }
}

/** Errors of a pipeline come to whoever reads its end. */
const LEFT_TO_THE_READER = () => {};

function lineBreaks(record: readonly string[]): number {
  return record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

/** What csv-parse gives with `info: true`. */
interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function columnNames(record: readonly string[]): readonly string[] {
  const names = record.map((name, index) => (name.trim() === '' ? `column ${index + 1}` : name.trim()));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return names;
  throw new ZooError('DATA', `Two columns are called ${JSON.stringify(twice)}`, {
    hint: 'Rename one; a table needs its column names in the first row.',
  });
}

function cellsOf(columns: readonly string[], record: readonly string[]): Record<string, Cell> {
  const cells: Record<string, Cell> = Object.create(null);
  columns.forEach((column, index) => {
    cells[column] = record[index] ?? '';
  });
  return cells;
}

async function* jsonRows(path: string, text: AsyncIterable<string>): AsyncGenerator<TableRow> {
  let line = 0;
  let rest = '';
  for await (const chunk of text) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_ROW) {
      throw new ZooError('DATA', `${basename(path)}:${line + lines.length + 1} is too long for a row`, {
        expected: `at most ${LONGEST_ROW} characters`,
      });
    }
    for (const content of lines) {
      line += 1;
      if (content.trim() !== '') yield { line, cells: jsonCells(path, line, content) };
    }
  }
  if (rest.trim() !== '') yield { line: line + 1, cells: jsonCells(path, line + 1, rest) };
}

function jsonCells(path: string, line: number, text: string): Record<string, Cell> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ZooError('DATA', `${basename(path)}:${line} is not JSON`, {
      found: text.slice(0, 80),
      hint: 'JSON lines hold one object a line.',
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ZooError('DATA', `${basename(path)}:${line} is not an object`, {
      expected: '{"column": value, …}',
      found: text.slice(0, 80),
    });
  }
  const cells: Record<string, Cell> = Object.create(null);
  for (const [column, content] of Object.entries(value)) {
    const cell = jsonCell(content);
    if (cell === undefined) {
      throw new ZooError(
        'DATA',
        `${basename(path)}:${line}: ${JSON.stringify(column)} is neither text nor a number`,
        {
          expected: 'text, a number, true, false, null or a list of these',
          found: JSON.stringify(content).slice(0, 80),
        },
      );
    }
    cells[column] = cell;
  }
  return cells;
}

function jsonCell(value: unknown): Cell | undefined {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const cells = value.map(jsonCell);
  return cells.every((cell) => typeof cell === 'string') ? cells : undefined;
}

/** The delimiter that cuts the first lines into the most, equally many cells; a comma where none does. */
async function guessDelimiter(path: string, { encoding, signal }: ReadTableOptions): Promise<string> {
  let text = '';
  for await (const chunk of readText(path, encoding, signal)) {
    text += chunk;
    if (text.length >= CHARACTERS_FOR_GUESSING) break;
  }
  const widths = DELIMITERS.map((delimiter) => commonWidth(text, delimiter));
  const widest = Math.max(...widths);
  return (widest > 1 ? DELIMITERS[widths.indexOf(widest)] : undefined) ?? ',';
}

function commonWidth(text: string, delimiter: string): number {
  try {
    const rows: string[][] = parseNow(text, {
      delimiter,
      to: 10,
      skip_empty_lines: true,
      relax_column_count: true,
      relax_quotes: true,
    });
    const first = rows[0]?.length ?? 0;
    return rows.every((row) => row.length === first) ? first : 0;
  } catch (error) {
    if (error instanceof CsvError) return 0;
    throw error;
  }
}

/** The file as text, in chunks; a byte order mark is gone. */
async function* readText(
  path: string,
  encoding: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  signal?.throwIfAborted();
  const decoder = decoderFor(encoding ?? (await encodingByMark(path)));
  const file = createReadStream(path, {
    highWaterMark: 1 << 18,
    ...(signal === undefined ? {} : { signal }),
  });
  const bytes = /\.gz$/i.test(path) ? pipeline(file, createGunzip(), LEFT_TO_THE_READER) : file;
  let lines = 1;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      const text = decoder.decode(chunk, { stream: true });
      if (text !== '') yield text;
      for (const byte of chunk) if (byte === 0x0a) lines += 1;
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ZooError('DATA', `${basename(path)} is not ${decoder.encoding}`, {
      found: `other bytes at or after line ${lines}`,
      hint: 'Save it as UTF-8, or name its encoding, such as windows-1252.',
      cause: error,
    });
  }
}

function decoderFor(label: string): TextDecoder {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch (cause) {
    throw new ZooError('USAGE', `Unknown encoding: ${JSON.stringify(label)}`, {
      expected: 'a name of the Encoding standard, such as utf-8 or windows-1252',
      cause,
    });
  }
}

async function encodingByMark(path: string): Promise<string> {
  if (/\.gz$/i.test(path)) return 'utf-8';
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      if (bytesRead === 2 && buffer[0] === 0xff && buffer[1] === 0xfe) return 'utf-16le';
      if (bytesRead === 2 && buffer[0] === 0xfe && buffer[1] === 0xff) return 'utf-16be';
      return 'utf-8';
    } finally {
      await file.close();
    }
  } catch (error) {
    throw tableError(path, error);
  }
}

function tableError(path: string, error: unknown): unknown {
  if (error instanceof CsvError) {
    const line = 'lines' in error && typeof error.lines === 'number' ? `:${error.lines}` : '';
    return new ZooError('DATA', `${basename(path)}${line} is not a row of the table`, {
      found: error.message,
      hint: 'Each row needs as many cells as the first; cells that hold the delimiter or a line break are quoted.',
      cause: error,
    });
  }
  if (isSystemError(error)) {
    if (error.code === 'ENOENT') {
      return new ZooError('NOT_FOUND', `No such file: ${path}`, { hint: 'Check the path.', cause: error });
    }
    if (error.code.startsWith('Z_')) {
      return new ZooError('DATA', `${basename(path)} is not a whole gzip file`, {
        found: error.message,
        cause: error,
      });
    }
  }
  return error;
}
