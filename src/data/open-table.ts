/** A table as a data set: each row names a file, or holds a text. */
import { basename, dirname, isAbsolute, join } from 'node:path';
import { ZooError } from '../core/errors.js';
import type { Modality } from '../registry/card-names.js';
import { type BrokenRow, brokenExample, refuseBrokenRows } from './broken-row.js';
import type { Dataset, Example } from './dataset.js';
import { fewOf } from './few-of.js';
import { fileExample } from './file-example.js';
import { countModalities, modalitiesOf } from './file-modality.js';
import { makeDataset } from './make-dataset.js';
import type { OpenDatasetOptions } from './open-options.js';
import { type Cell, readTable, type TableRow } from './read-table.js';
import { findColumn } from './table/find-column.js';
import { textExample } from './text/text-example.js';

const PATH_COLUMNS = [
  'path',
  'file',
  'filename',
  'file_name',
  'filepath',
  'file_path',
  'image',
  'audio',
  'recording',
];
const TEXT_COLUMNS = ['text', 'sentence', 'utterance', 'question', 'review', 'content', 'message', 'title'];
const LABEL_COLUMNS = ['label', 'labels', 'class', 'category', 'intent', 'topic', 'sentiment', 'tag', 'tags'];
/** Files whose first bytes say what all of them are. */
const LOOKED_AT = 64;

interface Columns {
  readonly kind: 'path' | 'text';
  readonly content: string;
  readonly label: string | undefined;
  readonly target: string | undefined;
}

/** A row that can be used. */
interface GoodRow {
  readonly name: string;
  readonly labels: readonly string[];
  readonly target: number | undefined;
  /** The text, or the path as it stands in the table. */
  readonly content: string;
}

/**
 * Rows without anything in any cell are no rows. Those without text or path, or without the number that is asked for,
 * count among the examples that can't be read: see `tolerate`.
 * @throws ZooError as `openDataset` and `readTable`.
 */
export async function openTable(path: string, options: OpenDatasetOptions): Promise<Dataset> {
  const { signal, tolerate } = options;
  const rows: (GoodRow | BrokenRow)[] = [];
  let columns: Columns | undefined;
  for await (const row of readTable(path, { encoding: options.encoding, signal })) {
    columns ??= chooseColumns(path, Object.keys(row.cells), options);
    if (Object.values(row.cells).every(isBlank)) continue;
    rows.push(readRow(`${basename(path)}:${row.line}`, row, columns, options.labelSeparator));
  }
  if (columns === undefined || rows.length === 0) {
    throw new ZooError('DATA', `${path} has no rows`, {
      expected: 'a first row with column names, and rows of data below it',
    });
  }
  const broken = rows.filter(isBroken);
  refuseBrokenRows(basename(path), broken, rows.length, tolerate ?? 0);
  const { kind, label } = columns;
  const fileOf = ({ content }: GoodRow) => (isAbsolute(content) ? content : join(dirname(path), content));
  const good = rows.filter(isGood);
  const modality =
    kind === 'text' ? kind : (options.modality ?? (await modalityOfFiles(path, good.map(fileOf), signal)));
  const examples = rows.map((row): Example => {
    if (isBroken(row)) return brokenExample(row);
    if (kind === 'path') return fileExample({ ...row, path: fileOf(row), modality });
    const example = textExample({ ...row, text: row.content });
    return row.target === undefined ? example : { ...example, target: row.target };
  });
  const unlabelled = label === undefined ? [] : good.filter(({ labels }) => labels.length === 0);
  const notes =
    unlabelled.length === 0
      ? []
      : [`${unlabelled.length} rows have no label: ${fewOf(unlabelled.map(({ name }) => name))}`];
  return makeDataset({ modality, origin: path, examples, notes, tolerate });
}

function isBroken(row: GoodRow | BrokenRow): row is BrokenRow {
  return 'error' in row;
}

function isGood(row: GoodRow | BrokenRow): row is GoodRow {
  return !isBroken(row);
}

function isBlank(cell: Cell): boolean {
  return typeof cell === 'string' ? cell.trim() === '' : cell.every(isBlank);
}

function readRow(
  name: string,
  { cells }: TableRow,
  columns: Columns,
  separator: string | undefined,
): GoodRow | BrokenRow {
  const labels = columns.label === undefined ? [] : labelsOf(cells[columns.label], separator);
  try {
    const content = textOf(name, cells, columns.content);
    const target = columns.target === undefined ? undefined : targetOf(name, cells, columns.target);
    return { name, labels, content, target };
  } catch (error) {
    if (error instanceof ZooError) return { name, labels, error };
    throw error;
  }
}

function chooseColumns(path: string, names: readonly string[], options: OpenDatasetOptions): Columns {
  const { modality, textColumn, pathColumn, labelColumn, targetColumn } = options;
  const target = targetColumn === undefined ? undefined : findColumn(names, targetColumn, []);
  const label =
    target === undefined || labelColumn !== undefined
      ? findColumn(names, labelColumn, LABEL_COLUMNS)
      : undefined;
  const mayBeText = textColumn !== undefined || ((modality ?? 'text') === 'text' && pathColumn === undefined);
  const file = textColumn === undefined ? findColumn(names, pathColumn, PATH_COLUMNS) : undefined;
  const text = mayBeText ? findColumn(names, textColumn, TEXT_COLUMNS) : undefined;
  if (text !== undefined && (file === undefined || modality === 'text')) {
    return { kind: 'text', content: text, label, target };
  }
  if (file !== undefined) return { kind: 'path', content: file, label, target };
  throw new ZooError(
    'DATA',
    `${basename(path)} has no column with ${modality === undefined ? 'paths or texts' : modality === 'text' ? 'texts' : 'paths'}`,
    {
      expected: 'a column called path, or text, and one called label',
      found: names.map((name) => JSON.stringify(name)).join(', '),
      hint: 'Name the columns, or rename them.',
    },
  );
}

function textOf(name: string, cells: TableRow['cells'], column: string): string {
  const cell = cells[column] ?? '';
  if (typeof cell !== 'string') {
    throw new ZooError('DATA', `${name}: ${JSON.stringify(column)} is a list`, {
      expected: 'one text or path a row',
    });
  }
  if (!isBlank(cell)) return cell;
  throw new ZooError('DATA', `${name} has nothing in ${JSON.stringify(column)}`, {
    hint: 'Mend or remove the row, or allow a share of the rows to be left out.',
  });
}

function labelsOf(cell: Cell | undefined, separator: string | undefined): readonly string[] {
  const parts =
    typeof cell !== 'string' ? (cell ?? []) : separator === undefined ? [cell] : cell.split(separator);
  return Array.from(new Set(parts.map((part) => part.trim()).filter((part) => part !== '')));
}

function targetOf(name: string, cells: TableRow['cells'], column: string): number {
  const cell = cells[column] ?? '';
  const value = typeof cell === 'string' && !isBlank(cell) ? Number(cell) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new ZooError('DATA', `${name}: ${JSON.stringify(column)} is not a number`, {
    found: JSON.stringify(cell),
    hint: 'Mend or remove the row, or allow a share of the rows to be left out.',
  });
}

/** Files that are spread over the table tell what all are. */
async function modalityOfFiles(
  table: string,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Modality> {
  const step = Math.max(1, Math.floor(files.length / LOOKED_AT));
  const some = files.filter((_, index) => index % step === 0).slice(0, LOOKED_AT);
  const counts = countModalities(await modalitiesOf(some, signal));
  const [most, second] = counts;
  if (most === undefined) {
    throw new ZooError('DATA', `${basename(table)} names no pictures, recordings or texts`, {
      found: fewOf(files, 3),
      hint: 'Paths are relative to the folder of the table.',
    });
  }
  if (second === undefined) return most[0];
  throw new ZooError('DATA', `${basename(table)} mixes kinds of data, and a network takes one`, {
    found: counts.map(([modality]) => modality).join(', '),
    hint: 'Say which modality is meant, or make a table for each.',
  });
}
