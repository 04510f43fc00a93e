/** What a person may say about their data. */
import type { Modality } from '../registry/card-names.js';

export interface OpenDatasetOptions {
  /** Told by what the files hold where it isn't given. */
  readonly modality?: Modality | undefined;
  /** Column of a table that holds the text. */
  readonly textColumn?: string | undefined;
  /** Column of a table that names files, relative to it. */
  readonly pathColumn?: string | undefined;
  /** Column of a table that holds the class. */
  readonly labelColumn?: string | undefined;
  /** Column of a table that holds a number to predict, in place of a class. */
  readonly targetColumn?: string | undefined;
  /** Between the labels of one cell, where examples have several. A list in JSON lines needs none. */
  readonly labelSeparator?: string | undefined;
  /** Encoding of a table. Default UTF-8. */
  readonly encoding?: string | undefined;
  /**
   * The largest share of examples, 0 … 1, that may turn out unreadable: broken files, and rows of a table without text,
   * path or number. Default 0.
   */
  readonly tolerate?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
