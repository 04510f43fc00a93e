/** Rows of CSV and its kin: cells with commas, tabs or other characters between them. */
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { parse as parseNow } from 'csv-parse/sync';
import { ZooError } from '../../core/errors.js';
import { type Cell, emptyCells, LONGEST_ROW, type TableRow } from './table-row.js';

const DELIMITERS = [',', '\t', ';', '|'];
const CHARACTERS_FOR_GUESSING = 64 * 1024;

/** What csv-parse gives with `info: true`. */
interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * @param name of the file, for messages.
 * @param header false where the first row holds no names: columns are then called "1", "2" …
 * @throws ZooError `DATA`, with file and line, for rows of different length, open quotes and repeated column names.
 */
export async function* csvRows(
  name: string,
  text: AsyncIterable<string>,
  delimiter: string,
  header: boolean,
): AsyncGenerator<TableRow> {
  const parser = parse({
    delimiter,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
    info: true,
    // Tab-separated files of most programs don't quote; a quote inside a cell is part of it there.
    ...(delimiter === '\t' ? { relax_quotes: true } : {}),
  });
  // Errors of a pipeline come to whoever reads its end.
  pipeline(Readable.from(text), parser, () => {});
  let columns: readonly string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      if (columns === undefined) {
        columns = header ? columnNames(record) : record.map((_, index) => String(index + 1));
        if (header) continue;
      }
      // The parser says where the row ends.
      yield { line: info.lines - lineBreaks(record), cells: cellsOf(columns, record) };
    }
  } catch (error) {
    throw rowError(name, error);
  }
}

function lineBreaks(record: readonly string[]): number {
  return record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
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
  const cells = emptyCells();
  columns.forEach((column, index) => {
    cells[column] = record[index] ?? '';
  });
  return cells;
}

function rowError(name: string, error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  const line = 'lines' in error && typeof error.lines === 'number' ? `:${error.lines}` : '';
  return new ZooError('DATA', `${name}${line} is not a row of the table`, {
    found: error.message,
    hint: 'Each row needs as many cells as the first; cells that hold the delimiter or a line break are quoted.',
    cause: error,
  });
}

/** The delimiter that cuts the first lines into the most, equally many cells; a comma where none does. */
export async function guessDelimiter(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) {
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
