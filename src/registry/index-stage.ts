/** Where a build keeps its cards until all are there and can be sorted: on disk, so memory stays bounded. */
import { sha256 } from '../core/digest.js';
import { canonicalCard } from './canonical-card.js';
import { type Card, cardSize } from './card.js';
import { cardCategory } from './card-names.js';
import { pack, splitCard } from './index-body.js';
import { createScratch } from './index-sqlite.js';
import { facetsOf, textWords, wordsOf } from './index-words.js';
import { requireFreeLicense } from './license-policy.js';

/** One staged card. */
export interface StagedCard {
  readonly id: number;
  readonly category: string;
  readonly name: string;
  readonly version: string;
  readonly published: string;
  readonly size: number;
  readonly digest: Buffer;
  readonly withdrawn: string | null;
  /** Numbers of staged label lists. */
  readonly labels: number | null;
  readonly classes: number | null;
  readonly body: Buffer;
  /** Words and facets, joined by newlines. */
  readonly words: string;
}

export interface StagedList {
  readonly labels: Buffer;
  readonly words: string;
}

export interface Stage {
  add(card: Card): void;
  /** Ends adding. */
  finish(): void;
  /** All cards by category and name. */
  cards(): IterableIterator<StagedCard>;
  /** A staged label list, packed, and its words. */
  list(id: number): StagedList;
  close(): void;
}

export function openStage(path: string, allowed: readonly string[]): Stage {
  const database = createScratch(path);
  database.exec(`
    CREATE TABLE cards (
      id INTEGER PRIMARY KEY, category TEXT, name TEXT, version TEXT, published TEXT, size INTEGER, digest BLOB,
      withdrawn TEXT, labels INTEGER, classes INTEGER, body BLOB, words TEXT
    );
    CREATE TABLE lists (id INTEGER PRIMARY KEY, digest BLOB UNIQUE, labels BLOB, words TEXT);
    BEGIN;
  `);
  const insert = database.prepare('INSERT INTO cards VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const findList = database.prepare<[Buffer], number>('SELECT id FROM lists WHERE digest = ?').pluck();
  const insertList = database.prepare('INSERT INTO lists VALUES (NULL, ?, ?, ?)');
  const readList = database.prepare<[number], StagedList>('SELECT labels, words FROM lists WHERE id = ?');

  function listId(list: readonly string[] | undefined): number | null {
    if (list === undefined) return null;
    const text = JSON.stringify(list);
    const digest = Buffer.from(sha256(text), 'hex');
    const known = findList.get(digest);
    if (known !== undefined) return known;
    const words = [...new Set(wordsOf(list.join(' ')))].join('\n');
    return Number(insertList.run(digest, pack(text), words).lastInsertRowid);
  }

  return {
    add(card) {
      requireFreeLicense(card, allowed);
      const canonical = canonicalCard(card);
      const parts = splitCard(card, canonical);
      const category = cardCategory(card);
      const size = cardSize(card);
      const inline: string[] = [];
      if (parts.labels === undefined) inline.push(...(card.output?.labels ?? []));
      if (parts.classes === undefined) inline.push(...(card.classes ?? []));
      const words = new Set([
        ...facetsOf(card, category, size),
        ...textWords(card),
        ...wordsOf(inline.join(' ')),
      ]);
      insert.run(
        category,
        card.name,
        card.version,
        card.published,
        size,
        Buffer.from(sha256(canonical), 'hex'),
        card.withdrawn === undefined ? null : JSON.stringify(card.withdrawn),
        listId(parts.labels),
        listId(parts.classes),
        parts.body,
        [...words].join('\n'),
      );
    },
    finish() {
      database.exec('COMMIT');
      database.exec('CREATE INDEX by_name ON cards (category, name)');
    },
    cards() {
      return database.prepare<[], StagedCard>('SELECT * FROM cards ORDER BY category, name').iterate();
    },
    list(id) {
      const list = readList.get(id);
      if (list === undefined) throw new Error(`no staged label list ${id}`);
      return list;
    },
    close() {
      database.close();
    },
  };
}
