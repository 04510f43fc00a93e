/** How the table of kinds knows a head. */
import type * as z from 'zod';
import type { Head } from './head.js';

export interface HeadKind<Schema extends z.ZodType = z.ZodType> {
  readonly kind: string;
  /** The description without its `kind`. */
  readonly options: Schema;
  /** @throws ZooError `DATA` or `USAGE` for options that make no head. */
  make(options: z.output<Schema>): Head;
}

/** Ties the options that `make` takes to the schema. */
export function headKind<Schema extends z.ZodType>(kind: HeadKind<Schema>): HeadKind<Schema> {
  return kind;
}
