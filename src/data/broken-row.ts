/** Rows of a table that can't be used stay in their places, and count among the examples that can't be read. */
import { sha256 } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { mostUnreadable } from './check-number.js';
import type { Example } from './dataset.js';
import { fewOf } from './few-of.js';

export interface BrokenRow {
  /** `file.csv:12`. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly error: ZooError;
}

/** An example that can't be loaded. Its digest changes when the row is mended. */
export function brokenExample({ name, labels, error }: BrokenRow): Example {
  return {
    name,
    labels,
    load: async () => {
      throw error;
    },
    digest: async () => sha256(`broken row ${name}: ${error.message}`),
  };
}

/**
 * Refuses at once what would be refused after long work.
 * @param share of the rows, 0 … 1, that may be unreadable.
 * @throws ZooError `DATA`: the first row's own error where none is tolerated, else a list.
 */
export function refuseBrokenRows(
  table: string,
  broken: readonly BrokenRow[],
  rows: number,
  share: number,
): void {
  const most = mostUnreadable(share, rows);
  const [first] = broken;
  if (first === undefined || broken.length <= most) return;
  if (most === 0) throw first.error;
  throw new ZooError('DATA', `Too many rows of ${table} can't be used`, {
    expected: `at most ${most} of ${rows}`,
    found: fewOf(
      broken.map(({ name }) => name),
      10,
    ),
    hint: `The first one: ${first.error.message}. Mend or remove these rows, or tolerate a larger share.`,
    cause: first.error,
  });
}
