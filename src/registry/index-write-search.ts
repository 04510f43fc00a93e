/** Second half of a build: the models in the order of listing, and everything that search looks them up by. */

import { PLACE, PLACES, SCHEMA_INDEXES, WORD_STRIDE } from './index-format.js';
import type { Head, Heads } from './index-heads.js';
import type { LabelLists } from './index-label-lists.js';
import { PostingsWriter } from './index-postings.js';
import { hasSpellings, spellingKeys } from './index-spelling.js';
import { LISTED_PREFIX, listFacet, prefixFacet, wordsOf } from './index-words.js';
import type { Database } from './sqlite.js';

const TURN = 500;
/** So many of the most used words are found with two letters missing, too. */
const COMMON_WORDS = 65_536;
/** The trigram tokenizer finds nothing shorter. */
const MIN_INFIX = 3;

/** @returns how many models there are. */
export function* writeSearch(lists: LabelLists, heads: Heads, output: Database): Generator<void, number> {
  const insertModel = output.prepare(
    `INSERT INTO models VALUES (@rank, @category, @name, @key, @first, @count, @head, @size)`,
  );
  const vocabulary = new Vocabulary();
  const postings = new PostingsWriter(output);
  let rank = 0;
  for (const model of heads.ranked()) {
    const { category, name, key, first, count, head, size } = model;
    insertModel.run({ rank: ++rank, category, name, key, first, count, head, size });
    if (head !== null) addModel(rank, model, lists, vocabulary, postings);
    if (rank % TURN === 0) yield;
  }
  postings.flush();
  yield;
  writeListWords(lists, vocabulary, output);
  yield;
  writeVocabulary(vocabulary, output);
  yield* writeInfixes(vocabulary, output);
  yield* writeSpellings(vocabulary, output);
  output.exec(SCHEMA_INDEXES);
  const meta = output.prepare('INSERT INTO meta VALUES (?, ?)');
  meta.run('models', rank);
  meta.run('cards', output.prepare('SELECT count(*) FROM cards').pluck().get());
  return rank;
}

function addModel(
  rank: number,
  model: Head,
  lists: LabelLists,
  vocabulary: Vocabulary,
  postings: PostingsWriter,
): void {
  const nameWords = wordsOf(model.name);
  const everywhere = new Set([...nameWords, ...model.words.split('\n')]);
  for (const list of new Set([model.labels, model.classes])) {
    if (list === null) continue;
    if (lists.isShared(list)) everywhere.add(listFacet(list));
    else for (const word of lists.words(list)) everywhere.add(word);
  }
  for (const word of nameWords) {
    for (let length = 1; length <= Math.min(LISTED_PREFIX, word.length); length++) {
      everywhere.add(prefixFacet(word.slice(0, length)));
    }
  }
  for (const word of everywhere) {
    const id = vocabulary.id(word);
    vocabulary.count(id, 1);
    postings.add(rank, id * PLACES + PLACE.anywhere);
  }
  nameWords.forEach((word, index) => {
    const id = vocabulary.id(word);
    if (nameWords.indexOf(word) === index) vocabulary.countName(id);
    postings.add(rank, id * PLACES + PLACE.inName);
    if (index === 0) postings.add(rank, id * PLACES + PLACE.firstOfName);
  });
}

function writeListWords(lists: LabelLists, vocabulary: Vocabulary, output: Database): void {
  const insert = output.prepare('INSERT INTO list_words VALUES (?, ?)');
  for (const list of lists.shared()) {
    const facet = vocabulary.id(listFacet(list));
    for (const word of lists.words(list)) {
      const id = vocabulary.id(word);
      vocabulary.count(id, lists.uses(list));
      insert.run(id, facet);
    }
  }
}

function writeVocabulary(vocabulary: Vocabulary, output: Database): void {
  const insert = output.prepare('INSERT INTO words VALUES (?, ?, ?, ?)');
  for (const [word, id] of vocabulary.sorted()) {
    insert.run(word, id, vocabulary.uses(id), vocabulary.nameUses(id));
  }
}

function* writeInfixes(vocabulary: Vocabulary, output: Database): Generator<void> {
  const insert = output.prepare('INSERT INTO words_infix (rowid, word) VALUES (?, ?)');
  output.exec("INSERT INTO words_infix (words_infix, rank) VALUES ('hashsize', 33554432)");
  let order = 0;
  for (const [word, id] of vocabulary.byUse()) {
    if (word.length < MIN_INFIX) continue;
    insert.run(++order * WORD_STRIDE + id, word);
    if (order % TURN === 0) yield;
  }
  output.exec("INSERT INTO words_infix (words_infix) VALUES ('optimize')");
}

function* writeSpellings(vocabulary: Vocabulary, output: Database): Generator<void> {
  const keys: number[] = [];
  let order = 0;
  for (const [word, id] of vocabulary.byUse()) {
    if (!hasSpellings(word)) continue;
    for (const key of spellingKeys(word, id, order < COMMON_WORDS)) keys.push(key);
    if (++order % TURN === 0) yield;
  }
  const sorted = Float64Array.from(keys).sort();
  const insert = output.prepare('INSERT OR IGNORE INTO spellings VALUES (?)');
  for (const [index, key] of sorted.entries()) {
    insert.run(key);
    if (index % (TURN * 10) === 0) yield;
  }
}

/** Numbers words in the order of their first use and counts the models that use them. */
class Vocabulary {
  readonly #ids = new Map<string, number>();
  readonly #uses: number[] = [];
  readonly #nameUses: number[] = [];

  id(word: string): number {
    const known = this.#ids.get(word);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(word, id);
    this.#uses.push(0);
    this.#nameUses.push(0);
    return id;
  }

  count(id: number, models: number): void {
    this.#uses[id] = this.uses(id) + models;
  }

  countName(id: number): void {
    this.#nameUses[id] = this.nameUses(id) + 1;
  }

  uses(id: number): number {
    return this.#uses[id] ?? 0;
  }

  nameUses(id: number): number {
    return this.#nameUses[id] ?? 0;
  }

  /** Every word and facet, in the order of the words. */
  sorted(): [string, number][] {
    return [...this.#ids].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Words, without facets, the most used in names first; as many as have room in packed keys. */
  byUse(): [string, number][] {
    return [...this.#ids]
      .filter(([word, id]) => id < WORD_STRIDE && !word.includes(':'))
      .sort(([, a], [, b]) => this.nameUses(b) - this.nameUses(a) || this.uses(b) - this.uses(a) || a - b);
  }
}
