/** The card of a folder with a network in it: its own, or one of what its files tell. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { sha256 } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import type { Card } from '../registry/card.js';
import { describeFiles, type LocalFile } from '../registry/describe/describe-files.js';
import { parseCard } from '../registry/parse-card.js';

const CARD_FILE = 'card.json';
/** Far more than any network has. */
const MAX_FILES = 20_000;
/** Nothing compares the files of such a card, so they are not hashed: this stands for all of them. */
const NOT_HASHED = sha256('');

/**
 * True for a path that a person means as a folder: written as one, or one with a card or a model.json, so that a
 * folder that happens to have the name of a model is not taken for it.
 * @param path absolute. @param typed as it was typed.
 */
export async function meansFolder(path: string, typed: string): Promise<boolean> {
  if (/^(\.|~|[A-Za-z]:[\\/]|[\\/])/.test(typed)) return true;
  const found = await Promise.all([CARD_FILE, 'model.json'].map((name) => isFile(join(path, name))));
  return found.includes(true);
}

/**
 * What the library takes for a network that a person named: a folder's card, or the name as it was typed.
 * @throws ZooError `NOT_FOUND` for a folder without a card; `USAGE` for an adapted model.
 */
export async function networkReference(typed: string, cwd: string): Promise<string> {
  const path = resolve(cwd, typed);
  if (/\.json$/i.test(typed) || !(await meansFolder(path, typed))) return typed;
  const own = join(path, CARD_FILE);
  if (!(await isFile(own))) {
    throw new ZooError('NOT_FOUND', `There is no ${CARD_FILE} in ${path}`, {
      expected: 'the name of a network, or a folder that zoo train has written',
      hint: 'A card for files of your own: zoo index add file:PATH',
    });
  }
  const { format, name, base } = parseCard(await readFile(own, 'utf8'), own);
  if (format.name !== 'zoo-adapted') return own;
  throw new ZooError('USAGE', `${name} is an adapted model, not a network`, {
    expected: 'a whole network',
    found: typed,
    hint: base === undefined ? undefined : `Adapt the network that it was made from: ${base.reference}`,
  });
}

/**
 * @throws ZooError `NOT_FOUND` when there is no such folder or no network in it; `INTEGRITY`, `POLICY` and
 * `INVALID_CARD` for what is there and malformed.
 */
export async function folderCard(path: string): Promise<Card> {
  const own = join(path, CARD_FILE);
  if (await isFile(own)) return parseCard(await readFile(own, 'utf8'), own);
  const files = await filesIn(path);
  const { format, input, output, features, roles } = await describeFiles(files);
  return {
    kind: 'model',
    name: basename(path),
    version: '0.0.0',
    // Of what only a person can know nothing is used here.
    modality: input?.modality ?? 'text',
    task: 'unknown',
    summary: 'A network in a folder that has no card',
    published: '1970-01-01',
    license: { weights: 'NONE', statedIn: 'nowhere: the folder has no card', checked: '1970-01-01' },
    format,
    ...(output ? { output } : {}),
    ...(features ? { features } : {}),
    files: files.map((file) => ({
      path: file.path,
      role: roles[file.path] ?? 'data',
      size: file.size,
      sha256: NOT_HASHED,
      sources: [],
    })),
  };
}

async function filesIn(path: string): Promise<LocalFile[]> {
  let names: string[];
  try {
    names = await readdir(path, { recursive: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new ZooError('NOT_FOUND', `There is no folder ${path}`, {
      hint: 'Name an installed model (zoo list), or a folder with a network in it.',
    });
  }
  if (names.length > MAX_FILES) {
    throw new ZooError('NOT_FOUND', `${path} has too many files to be one network`, {
      expected: `at most ${MAX_FILES}`,
      found: names.length,
    });
  }
  const files: LocalFile[] = [];
  for (const name of names.toSorted()) {
    const file = join(path, name);
    const found = await stat(file);
    if (found.isFile()) files.push({ path: name.split(sep).join('/'), file, size: found.size });
  }
  return files;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
