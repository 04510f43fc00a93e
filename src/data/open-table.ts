/** A table as a data set: each row names a file, or holds a text. */
import { basename, dirname, isAbsolute, join } from 'node:path';
import { ZooError } from '../core/errors.js';
import type { Modality } from '../registry/card-names.js';
import type { Dataset, Example } from './dataset.js';
import { fewOf } from './few-of.js';
import { fileExample } from './file-example.js';
import { countModalities, modalitiesOf } from './file-modality.js';
import { makeDataset } from './make-dataset.js';
import type { OpenDatasetOptions } from './open-options.js';
import { type Cell, findColumn, readTable, type TableRow } from './read-table.js';
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

/** @throws ZooError as `openDataset` and `readTable`. */
export async function openTable(path: string, options: OpenDatasetOptions): Promise<Dataset> {
  const { signal } = options;
  const contents: string[] = [];
  const labels: (readonly string[])[] = [];
  const targets: (number | undefined)[] = [];
  const lines: number[] = [];
  const empty: string[] = [];
  const unlabelled: string[] = [];
  let columns: Columns | undefined;
  for await (const row of readTable(path, { encoding: options.encoding, signal })) {
    columns ??= chooseColumns(path, Object.keys(row.cells), options);
    const content = textOf(path, row, columns.content);
    const name = `${basename(path)}:${row.line}`;
    if (content.trim() === '') {
      empty.push(name);
      continue;
    }
    const found =
      columns.label === undefined ? [] : labelsOf(row.cells[columns.label], options.labelSeparator);
    if (columns.label !== undefined && found.length === 0) unlabelled.push(name);
    contents.push(content);
    labels.push(found);
    targets.push(columns.target === undefined ? undefined : targetOf(path, row, columns.target));
    lines.push(row.line);
  }
  if (columns === undefined || contents.length === 0) {
    throw new ZooError('DATA', `${path} has no rows`, {
      expected: 'a first row with column names, and rows of data below it',
    });
  }
  const { kind, content } = columns;
  const files =
    kind === 'text' ? [] : contents.map((file) => (isAbsolute(file) ? file : join(dirname(path), file)));
  const modality =
    kind === 'text' ? 'text' : (options.modality ?? (await modalityOfFiles(path, files, signal)));
  const examples = contents.map((text, index): Example => {
    const parts = { name: `${basename(path)}:${lines[index]}`, labels: labels[index] ?? [] };
    const target = targets[index];
    if (kind === 'path') return fileExample({ ...parts, path: files[index] ?? '', modality, target });
    const example = textExample({ ...parts, text });
    return target === undefined ? example : { ...example, target };
  });
  const notes: string[] = [];
  if (empty.length > 0) {
    notes.push(
      `${empty.length} rows have nothing in ${JSON.stringify(content)} and were left out: ${fewOf(empty)}`,
    );
  }
  if (unlabelled.length > 0) notes.push(`${unlabelled.length} rows have no label: ${fewOf(unlabelled)}`);
  return makeDataset({ modality, origin: path, examples, notes, tolerate: options.tolerate });
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

function textOf(path: string, row: TableRow, column: string): string {
  const cell = row.cells[column] ?? '';
  if (typeof cell === 'string') return cell;
  throw new ZooError('DATA', `${basename(path)}:${row.line}: ${JSON.stringify(column)} is a list`, {
    expected: 'one text or path a row',
  });
}

function labelsOf(cell: Cell | undefined, separator: string | undefined): readonly string[] {
  const parts =
    typeof cell !== 'string' ? (cell ?? []) : separator === undefined ? [cell] : cell.split(separator);
  return Array.from(new Set(parts.map((part) => part.trim()).filter((part) => part !== '')));
}

function targetOf(path: string, row: TableRow, column: string): number {
  const cell = row.cells[column] ?? '';
  const value = typeof cell === 'string' && cell.trim() !== '' ? Number(cell) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new ZooError('DATA', `${basename(path)}:${row.line}: ${JSON.stringify(column)} is not a number`, {
    found: JSON.stringify(cell),
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
