/** What all kinds of tables give. */

/** Text as it stands in the file; a list only where JSON lines hold one. An absent or null value is ''. */
export type Cell = string | readonly string[];

export interface TableRow {
  /** Line that the row begins on, from 1. */
  readonly line: number;
  /** By column name; has no prototype. */
  readonly cells: Readonly<Record<string, Cell>>;
}

/** Characters. A row beyond this is a quote that was never closed, not a row. */
export const LONGEST_ROW = 16 * 2 ** 20;

/** A column may have any name, `__proto__` too. */
export function emptyCells(): Record<string, Cell> {
  return Object.create(null);
}
