/** Tables that fit the terminal: columns shrink, the most flexible one first, and long cells are cut with "…". */
import Table from 'cli-table3';
import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import type { Terminal } from './terminal.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Gives way first when the table is too wide; never below `minimum` columns. */
  readonly flexible?: boolean;
  readonly minimum?: number;
}

const GAP = 2;
const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};

/** Widths that add up to at most `width`, taken from what the cells need. */
export function fitColumns(needed: readonly number[], columns: readonly Column[], width: number): number[] {
  const widths = [...needed];
  let excess = widths.reduce((sum, value) => sum + value, 0) + GAP * (widths.length - 1) - width;
  for (const flexible of [true, false]) {
    for (let index = columns.length - 1; index >= 0 && excess > 0; index--) {
      const column = columns[index];
      const current = widths[index];
      if (column === undefined || current === undefined || (column.flexible ?? false) !== flexible) continue;
      const floor = Math.min(current, column.minimum ?? (flexible ? 12 : 6));
      const shrunk = Math.max(floor, current - excess);
      widths[index] = shrunk;
      excess -= current - shrunk;
    }
  }
  return widths;
}

/** Renders rows under a line of titles. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminal: Terminal,
): string {
  const needed = columns.map((column, index) =>
    rows.reduce((widest, row) => Math.max(widest, stringWidth(row[index] ?? '')), stringWidth(column.title)),
  );
  const widths = fitColumns(needed, columns, terminal.width);
  const cut = (cell: string, index: number) => cliTruncate(cell, widths[index] ?? 0);
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colAligns: columns.map((column) => column.align ?? 'left'),
    colWidths: widths,
  });
  table.push(columns.map((column, index) => terminal.colours.dim(cut(column.title, index))));
  for (const row of rows) table.push(row.map(cut));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
