/** A folder of cards: `<category>/<name>/<version>.json`. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, ZooError } from '../core/errors.js';
import type { Card } from './card.js';
import { CATEGORIES } from './card-names.js';
import { MAX_CARD_BYTES, parseCard } from './parse-card.js';
import { qualifiedId } from './published.js';

/** A card's file. */
export interface CardPath {
  readonly category: string;
  readonly name: string;
  readonly version: string;
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
}

/** What lies in a folder of cards: cards' files, and names that have no place there. */
export interface CardListing {
  readonly cards: CardPath[];
  readonly strays: string[];
}

const ENDING = '.json';

/**
 * Lists a folder of cards in alphabetical order. Links are strays: a card is a file. Files directly in the folder
 * (the schema, the record of what is published) are left alone.
 * @throws ZooError `NOT_FOUND` when there is no such folder.
 */
export async function listCards(root: string, signal?: AbortSignal): Promise<CardListing> {
  const listing: CardListing = { cards: [], strays: [] };
  const categories = await entries(root).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new ZooError('NOT_FOUND', `There is no folder of cards at ${root}`, { cause: error });
  });
  const known: readonly string[] = CATEGORIES;
  for (const category of categories) {
    if (category.isFile()) continue;
    if (!category.isDirectory() || !known.includes(category.name)) {
      listing.strays.push(category.name);
      continue;
    }
    for (const model of await entries(join(root, category.name))) {
      signal?.throwIfAborted();
      const folder = `${category.name}/${model.name}`;
      if (!model.isDirectory()) {
        listing.strays.push(folder);
        continue;
      }
      for (const file of await entries(join(root, category.name, model.name))) {
        const path = `${folder}/${file.name}`;
        if (!file.isFile() || !file.name.endsWith(ENDING)) listing.strays.push(path);
        else {
          const version = file.name.slice(0, -ENDING.length);
          listing.cards.push({ category: category.name, name: model.name, version, path });
        }
      }
    }
  }
  return listing;
}

async function entries(folder: string) {
  const found = await readdir(folder, { withFileTypes: true });
  return found.filter((entry) => !entry.name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Reads one card of a folder and checks it against its place.
 * @throws ZooError `INVALID_CARD` or `UNSAFE_PATH`; see `parseCard`.
 */
export async function readCard(root: string, place: CardPath, signal?: AbortSignal): Promise<Card> {
  const path = join(root, ...place.path.split('/'));
  const { size } = await stat(path);
  if (size > MAX_CARD_BYTES) {
    throw new ZooError('INVALID_CARD', `${place.path} is too large for a card`, {
      expected: `at most ${MAX_CARD_BYTES} bytes`,
      found: size,
    });
  }
  const card = parseCard(await readFile(path, { encoding: 'utf8', signal }), place.path);
  const expected = `${place.category}/${place.name}@${place.version}`;
  if (qualifiedId(card) !== expected) {
    throw new ZooError('INVALID_CARD', `${place.path} holds the card of another model or version`, {
      expected,
      found: qualifiedId(card),
      hint: 'The folders are the category and the name, the file is the version.',
    });
  }
  return card;
}

/**
 * Yields the cards of a folder in the order of their paths.
 * @throws ZooError at the first that is not sound; `checkCards` reports all of them.
 */
export async function* readCards(root: string, signal?: AbortSignal): AsyncGenerator<Card> {
  const { cards } = await listCards(root, signal);
  for (const place of cards) {
    signal?.throwIfAborted();
    yield await readCard(root, place, signal);
  }
}
