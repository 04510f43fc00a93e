/** Where an export may go: only an export is ever replaced. */
import type { Dirent } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, ZooError } from '../core/errors.js';
import { checkPlace } from '../core/place-folder.js';
import { parseCard } from '../registry/parse-card.js';

export const CARD_FILE = 'card.json';
export const README_FILE = 'README.md';
/** Begins `format.detail` of the card of every export. */
export const EXPORTED = 'exported by neuralzoo';

/**
 * Says before any work whether an export may go there.
 * @throws ZooError `FILE_SYSTEM` when a file lies there, or a folder with anything else than an export, or one that may not
 *   be overwritten.
 */
export async function checkExportTarget(folder: string, overwrite = false): Promise<void> {
  await checkPlace(folder, { mayReplace, overwrite });
}

/** A folder is an export where its card names every file in it. */
export async function mayReplace(
  folder: string,
  entries: readonly Dirent[],
  overwrite: boolean,
): Promise<void> {
  const known = await exportedNames(folder);
  const foreign = entries.filter(({ name }) => !known.has(name));
  if (foreign.length > 0) {
    throw new ZooError('FILE_SYSTEM', 'Other files lie where the export should go', {
      expected: 'a new folder, an empty one, or one with an export and nothing else',
      found: `${folder}: ${foreign
        .slice(0, 5)
        .map(({ name }) => name)
        .join(', ')}`,
      hint: 'Choose another folder.',
    });
  }
  if (overwrite) return;
  throw new ZooError('FILE_SYSTEM', 'There is an export already', {
    found: folder,
    hint: 'Choose another folder, or replace it with --force.',
  });
}

/** Files and folders at its top that an export has; none where there is no export. */
async function exportedNames(folder: string): Promise<Set<string>> {
  try {
    const card = parseCard(await readFile(join(folder, CARD_FILE), 'utf8'), CARD_FILE);
    if (card.format.detail?.startsWith(EXPORTED) !== true) return new Set();
    const tops = card.files.map(({ path }) => path.split('/')[0] ?? path);
    return new Set([...tops, CARD_FILE, README_FILE]);
  } catch (error) {
    if (error instanceof ZooError || hasCode(error, 'ENOENT', 'EISDIR')) return new Set();
    throw error;
  }
}
