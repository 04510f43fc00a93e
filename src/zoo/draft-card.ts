/**
 * A new card from locators: everything that bytes and headers tell is filled in, and what only a person can know is
 * listed.
 */
import { rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { ZooError } from '../core/errors.js';
import type { TransferResult } from '../download/transfers.js';
import type { CardArchive, CardFile } from '../registry/card.js';
import { describeFiles } from '../registry/describe/describe-files.js';
import { archiveLocator, type Locator, parseLocator } from '../registry/locator.js';
import { archiveKind } from '../sources/archive-kind.js';
import { SourceFault } from '../sources/remote-file.js';
import { type DraftFile, draftArchive, draftDirect } from './draft-files.js';
import { faultError } from './fault-error.js';
import type { FetchTools } from './fetch-tools.js';
import { dropTransfer } from './transfer.js';

export interface CardDraft {
  /** A card that lacks what `missing` says; fields in the order of the schema. */
  readonly card: Readonly<Record<string, unknown>>;
  /** What a person must still fill in, one sentence each. */
  readonly missing: readonly string[];
}

/** What no file can tell. */
const FOR_A_PERSON = [
  'name: check the proposed one (lower-case words joined by hyphens)',
  'modality: image, audio or text',
  'task: such as image-classification',
  'summary: one or two sentences',
  'license: SPDX expression of the weights, where it is stated, and when you read it there',
  'training: data set, examples, classes',
  'input: how to prepare it (colour order, range, mean and std; or sample rate and window; or tokenizer)',
];

/**
 * Fetches what the locators name, hashes it and reads its headers.
 * @param today ISO date for `published`.
 * @throws ZooError of the transfers, archives and formats; `USAGE` without a locator.
 */
export async function draftCard(
  locators: readonly string[],
  today: string,
  tools: FetchTools,
): Promise<CardDraft> {
  const parsed = locators.map(parseLocator);
  const [first] = parsed;
  if (first === undefined) {
    throw new ZooError('USAGE', 'No locator given', { hint: 'zoo index add npm:NAME@VERSION#model.json' });
  }
  const folder = join(tools.cache.partialFolder, `draft-${process.pid}`);
  try {
    const files: DraftFile[] = [];
    const archives: CardArchive[] = [];
    const transfers: TransferResult[] = [];
    for (const group of grouped(parsed)) {
      const {
        files: found,
        archive,
        transfer,
      } = group.archive
        ? await draftArchive(group.locators, folder, tools)
        : await draftDirect(group.locators[0], folder, tools);
      files.push(...found);
      transfers.push(transfer);
      if (archive !== undefined) archives.push(archive);
    }
    const paths = cleanPaths(files);
    const described = await describeFiles(
      files.map(({ file, size }, index) => ({ path: paths[index] ?? file, file, size })),
    );
    const { roles, unknown, ...fields } = described;
    const cardFiles = files.map((file, index): CardFile => {
      const path = paths[index] ?? file.path;
      const role = roles[path] ?? 'configuration';
      const pieces = file.pieces.length > 0 ? { pieces: [...file.pieces] } : {};
      return { path, role, size: file.size, sha256: file.sha256, ...pieces, sources: [file.source] };
    });
    const card = {
      $schema: '../../../card.schema.json',
      kind: 'model',
      name: proposedName(first),
      version: '1.0.0',
      ...(fields.input?.modality === undefined ? {} : { modality: fields.input.modality }),
      published: today,
      ...fields,
      files: cardFiles,
      ...(archives.length > 0 ? { archives } : {}),
    };
    for (const transfer of transfers) await dropTransfer(transfer);
    return { card, missing: [...FOR_A_PERSON.filter((line) => !answered(line, card)), ...unknown] };
  } catch (error) {
    throw error instanceof SourceFault ? faultError(error) : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function answered(line: string, card: Readonly<Record<string, unknown>>): boolean {
  return line.startsWith('modality') && card.modality !== undefined;
}

interface Group {
  readonly archive: boolean;
  readonly locators: [Locator, ...Locator[]];
}

/** Locators into one package belong together. */
function grouped(locators: readonly Locator[]): Group[] {
  const groups = new Map<string, Group>();
  for (const locator of locators) {
    const archive =
      locator.scheme === 'npm' || locator.scheme === 'pypi' || archiveKind(locator) !== undefined;
    const key = archive ? archiveLocator(locator) : `${archiveLocator(locator)}\n${locator.path ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { archive, locators: [locator] });
    else group.locators.push(locator);
  }
  return [...groups.values()];
}

/** Paths without the folders that all files but licences share. */
function cleanPaths(files: readonly DraftFile[]): string[] {
  const folders = files
    .filter((file) => !/licen[cs]e|notice|copying/i.test(posix.basename(file.path)))
    .map((file) => posix.dirname(file.path));
  const common = folders.reduce((shared, folder) => commonFolder(shared, folder), folders[0] ?? '.');
  return files.map(({ path }) => {
    if (common !== '.' && path.startsWith(`${common}/`)) return path.slice(common.length + 1);
    return /licen[cs]e|notice|copying/i.test(posix.basename(path)) ? posix.basename(path) : path;
  });
}

function commonFolder(a: string, b: string): string {
  const left = a.split('/');
  const right = b.split('/');
  const shared = left.findIndex((segment, index) => segment !== right[index]);
  return shared < 0 ? a : left.slice(0, shared).join('/') || '.';
}

/** The name that the card of these locators gets until a person knows a better one. @throws ZooError `USAGE`. */
export function draftName(locators: readonly string[]): string {
  const [first] = locators.map(parseLocator);
  return first === undefined ? 'model' : proposedName(first);
}

function proposedName(locator: Locator): string {
  const last = ownName(locator).split(/[\\/]/).at(-1) ?? '';
  const name = last
    .replace(/\.[a-z0-9]+$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name || 'model';
}

function ownName(locator: Locator): string {
  switch (locator.scheme) {
    case 'npm':
    case 'pypi':
      return locator.name;
    case 'hf':
    case 'github':
      return locator.repository;
    case 'https':
      return new URL(locator.url).pathname;
    case 'file':
      return locator.file;
  }
}
