/** A person's own data as a data set: a folder with one subfolder a class, a table, or a single file. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { hasCode, ZooError } from '../core/errors.js';
import { checkTolerance } from './check-number.js';
import type { Dataset } from './dataset.js';
import { fileExample } from './file-example.js';
import { modalitiesOf } from './file-modality.js';
import { makeDataset } from './make-dataset.js';
import { openFolder } from './open-folder.js';
import type { OpenDatasetOptions } from './open-options.js';
import { openTable } from './open-table.js';
import { isTableName } from './read-table.js';

export type { OpenDatasetOptions } from './open-options.js';

/**
 * Opens a folder (each subfolder is a class), a CSV, TSV or JSON lines table with a column of paths or of texts, or
 * one file. Examples are decoded when they are asked for; only names, labels and texts of tables are held.
 * @throws ZooError `NOT_FOUND` when there is nothing at `path`; `DATA` when there is nothing in it that a network could
 *   take, when it mixes modalities, or when a table lacks a column; `USAGE` for a bad `tolerate`.
 */
export async function openDataset(path: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const { tolerate, signal } = options;
  if (tolerate !== undefined) checkTolerance(tolerate);
  signal?.throwIfAborted();
  if (await isFolder(path)) return openFolder(path, options);
  if (isTableName(path)) return openTable(path, options);
  const modality = options.modality ?? (await modalitiesOf([path], signal))[0];
  if (modality === undefined) {
    throw new ZooError('DATA', `${path} is neither a folder, a table, a picture, a recording nor a text`, {
      expected: 'a folder, .csv, .tsv or .jsonl, or one file of data',
      hint: 'A table is told by its name: give it one of these endings.',
    });
  }
  const example = fileExample({ path, modality, name: basename(path), labels: [] });
  return makeDataset({ modality, origin: path, examples: [example], tolerate });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      throw new ZooError('NOT_FOUND', `There is nothing at ${path}`, {
        hint: 'Check the path.',
        cause: error,
      });
    }
    throw error;
  }
}
