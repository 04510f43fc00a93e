/** The words of an open index: exact, by prefix, by infix, and by likeness to a typing error. */

import { PLACE, PLACES, WORD_STRIDE } from './index-format.js';
import { hasSpellings, spellingDistance, spellingRanges } from './index-spelling.js';
import { LISTED_PREFIX, prefixFacet } from './index-words.js';
import type { Database, Statement } from './sqlite.js';

export interface Word {
  readonly word: string;
  readonly id: number;
  /** Models that have it anywhere, and in their name. */
  readonly uses: number;
  readonly nameUses: number;
}

/** A prefix of a name's word stands for at most this many words, the most used ones. */
const MAX_EXPANSIONS = 64;
const MAX_CORRECTIONS = 8;
/** Likely candidates are found long before; a bound for vocabularies full of look-alikes. */
const MAX_CANDIDATES = 400;
/** Words a prefix scan looks at. */
const MAX_SCAN = 20_000;
const MIN_INFIX = 3;
/** Words kept in memory once looked up. */
const MAX_KNOWN = 4096;

export class Vocabulary {
  readonly #find: Statement<[string], Word>;
  readonly #byId: Statement<[number], Word>;
  readonly #prefixInNames: Statement<[string, string], number>;
  readonly #prefix: Statement<[string, string, number], number>;
  readonly #infix: Statement<[string, number], number>;
  readonly #spellings: Statement<[number, number], number>;
  readonly #lists: Statement<[number], number>;
  readonly #known = new Map<string, Word | undefined>();
  readonly #corrected = new Map<string, readonly Word[]>();

  constructor(database: Database) {
    const columns = 'word, id, uses, name_uses AS nameUses';
    this.#find = database.prepare(`SELECT ${columns} FROM words WHERE word = ?`);
    this.#byId = database.prepare(`SELECT ${columns} FROM words WHERE id = ?`);
    const range = `FROM (SELECT * FROM words WHERE word >= ? AND word < ? LIMIT ${MAX_SCAN})`;
    this.#prefixInNames = database
      .prepare<[string, string], number>(
        `SELECT id ${range} WHERE name_uses > 0 ORDER BY name_uses DESC, id LIMIT ${MAX_EXPANSIONS}`,
      )
      .pluck();
    this.#prefix = database
      .prepare<[string, string, number], number>(`SELECT id ${range} ORDER BY uses DESC, id LIMIT ?`)
      .pluck();
    this.#infix = database
      .prepare<[string, number], number>(
        'SELECT rowid FROM words_infix WHERE words_infix MATCH ? ORDER BY rowid LIMIT ?',
      )
      .pluck();
    this.#spellings = database
      .prepare<[number, number], number>(
        `SELECT key FROM spellings WHERE key BETWEEN ? AND ? LIMIT ${MAX_CANDIDATES}`,
      )
      .pluck();
    this.#lists = database.prepare<[number], number>('SELECT list FROM list_words WHERE word = ?').pluck();
  }

  find(word: string): Word | undefined {
    if (this.#known.has(word)) return this.#known.get(word);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const found = this.#find.get(word);
    this.#known.set(word, found);
    return found;
  }

  /** The posting list of a facet; undefined when no model has it. */
  facetTerm(facet: string): number | undefined {
    const found = this.find(facet);
    return found === undefined ? undefined : found.id * PLACES + PLACE.anywhere;
  }

  /** Posting lists of the names with a word that begins so. */
  namePrefixTerms(prefix: string): number[] {
    if (prefix.length <= LISTED_PREFIX) {
      const term = this.facetTerm(prefixFacet(prefix));
      return term === undefined ? [] : [term];
    }
    return this.#prefixInNames.all(prefix, afterPrefix(prefix)).map((id) => id * PLACES + PLACE.inName);
  }

  /** Words that begin so, the most used first. */
  withPrefix(prefix: string, limit: number): number[] {
    return this.#prefix.all(prefix, afterPrefix(prefix), limit);
  }

  /** Words that contain it, those most used in names first. `bert` finds `distilbert`. */
  containing(infix: string, limit: number): number[] {
    if ([...infix].length < MIN_INFIX) return [];
    // Only letters and digits get here, and the quotes make them a string of FTS5's query language.
    return this.#infix.all(`"${infix}"`, limit).map((key) => key % WORD_STRIDE);
  }

  /** Words that may have been meant, the likeliest first. */
  corrections(typed: string): readonly Word[] {
    if (!hasSpellings(typed)) return [];
    const known = this.#corrected.get(typed);
    if (known !== undefined) return known;
    if (this.#corrected.size >= MAX_KNOWN) this.#corrected.clear();
    const found = this.#findCorrections(typed);
    this.#corrected.set(typed, found);
    return found;
  }

  #findCorrections(typed: string): Word[] {
    const ids = new Set<number>();
    for (const [first, last] of spellingRanges(typed)) {
      for (const key of this.#spellings.all(first, last)) ids.add(key % WORD_STRIDE);
      if (ids.size > MAX_CANDIDATES) break;
    }
    const candidates: { word: Word; edits: number }[] = [];
    for (const id of ids) {
      const word = this.#byId.get(id);
      const edits = word === undefined ? undefined : spellingDistance(typed, word.word);
      if (word !== undefined && edits !== undefined && edits > 0) candidates.push({ word, edits });
    }
    const otherStart = (word: Word) => (word.word[0] === typed[0] ? 0 : 1);
    candidates.sort(
      (a, b) => a.edits - b.edits || otherStart(a.word) - otherStart(b.word) || b.word.uses - a.word.uses,
    );
    return candidates.slice(0, MAX_CORRECTIONS).map(({ word }) => word);
  }

  /** Posting lists of the models that have one of the words anywhere, shared label lists among them. */
  anywhereTerms(ids: Iterable<number>): number[] {
    const terms = new Set<number>();
    for (const id of ids) {
      terms.add(id * PLACES + PLACE.anywhere);
      for (const list of this.#lists.all(id)) terms.add(list * PLACES + PLACE.anywhere);
    }
    return [...terms];
  }
}

/** The least string after all that begin with `prefix`: no word has this character. */
function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}
