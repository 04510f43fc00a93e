/** Columns by their names. */
import { ZooError } from '../../core/errors.js';

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
