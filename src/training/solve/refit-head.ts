/** A head that was fitted already, once more on some of its examples. */
import { type FeatureTable, rowsOfTable } from '../features/feature-table.js';
import { fitHead } from './fit-head.js';
import type { FitOptions, HeadFit } from './fit-options.js';

/**
 * @param fit of all rows of the table: its C is taken again, without cross-validation.
 * @param options as for `fit`; groups are those of all rows.
 * @throws ZooError as `fitHead`.
 */
export function refitHead(
  { fitted, evidence }: HeadFit,
  table: FeatureTable,
  rows: readonly number[],
  options: FitOptions,
): Promise<HeadFit> {
  const { groups } = options;
  return fitHead(fitted.head, rowsOfTable(table, rows), {
    ...options,
    c: evidence.c ?? undefined,
    folds: undefined,
    groups: groups === undefined ? undefined : rows.map((row) => groups[row] ?? row),
  });
}
