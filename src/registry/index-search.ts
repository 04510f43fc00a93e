/**
 * Search: a query becomes a list of conditions from the strictest to the loosest, each a set of posting lists of
 * which all must hold. They are asked in turn, each in the order of ranks, until there are enough models.
 */

import { CONDITIONS, CORRECTED, Reading, within } from './index-conditions.js';
import { Group, PostingsReader } from './index-postings.js';
import { Vocabulary, type Word } from './index-vocabulary.js';
import { type FacetName, facet, meaningfulWords, nameKey, sizesUpTo, wordsOf } from './index-words.js';
import type { Database, Statement } from './sqlite.js';

export interface SearchFilters {
  readonly modality?: string | undefined;
  /** `image`, `audio`, `text` or `dataset`. */
  readonly category?: string | undefined;
  /** `model` or `dataset`. */
  readonly kind?: string | undefined;
  readonly task?: string | undefined;
  /** An SPDX identifier that occurs in the licence of the weights, or their whole expression. */
  readonly license?: string | undefined;
  readonly format?: string | undefined;
  /** Bytes of all files of the listed version. */
  readonly maxSize?: number | undefined;
  /** At most so many models, 1 to 1,000; default 20. */
  readonly limit?: number | undefined;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;
/** Words of a query beyond these are not looked at. */
const MAX_WORDS = 12;
/** Words of a query that are taken for typing errors at most, those least used first. */
const MAX_CORRECTED = 4;
/** Longer queries that match are not stretched to words within words. */
const FEW_WORDS = 3;
/** A correction this many times as frequent as what was typed is offered besides it. */
const FAR_MORE_FREQUENT = 100;

export class Search {
  readonly #vocabulary: Vocabulary;
  readonly #postings: PostingsReader;
  readonly #ranksByKey: Statement<[string], number>;
  readonly #ranks: Statement<[number], number>;
  readonly #size: Statement<[number], number>;
  readonly #models: number;

  constructor(database: Database, models: number) {
    this.#models = models;
    this.#vocabulary = new Vocabulary(database);
    this.#postings = new PostingsReader(database, models);
    this.#ranksByKey = database
      .prepare<[string], number>(
        'SELECT rank FROM models WHERE key = ? AND head IS NOT NULL ORDER BY rank LIMIT 1000',
      )
      .pluck();
    this.#ranks = database
      .prepare<[number], number>('SELECT rank FROM models WHERE head IS NOT NULL ORDER BY rank LIMIT ?')
      .pluck();
    this.#size = database.prepare<[number], number>('SELECT size FROM models WHERE rank = ?').pluck();
  }

  /** Ranks of the models that match, the best first. No text is an error: only its words count. */
  ranks(query: string, filters: SearchFilters = {}): number[] {
    const limit = Math.min(Math.max(Math.trunc(filters.limit ?? DEFAULT_LIMIT), 1), MAX_LIMIT);
    this.#postings.begin();
    const narrowing = this.#narrowing(filters);
    if (narrowing === undefined) return [];
    const all = wordsOf(query);
    if (all.length === 0 && narrowing.length === 0) return this.#ranks.all(limit);
    const found = new Set<number>();
    const fits = (rank: number) =>
      filters.maxSize === undefined || (this.#size.get(rank) ?? 0) <= filters.maxSize;
    const collect = (groups: readonly Group[] | undefined): boolean => {
      if (groups !== undefined && found.size < limit) {
        for (const rank of this.#postings.intersect([...groups, ...narrowing])) {
          if (!found.has(rank) && fits(rank)) found.add(rank);
          if (found.size >= limit) break;
        }
      }
      return found.size < limit;
    };

    for (const rank of this.#ranksByKey.all(nameKey(all))) {
      if (found.size < limit && this.#postings.has(narrowing, rank) && fits(rank)) found.add(rank);
    }
    if (all.length === 0) {
      collect([]);
      return [...found];
    }
    const named = found.size > 0;
    const words = meaningfulWords(all).slice(0, MAX_WORDS);
    const readings = this.#readings(words).map((reading) => new Reading(reading, this.#vocabulary));
    for (const condition of CONDITIONS) {
      if (!readings.every((reading) => collect(condition(reading)))) return [...found];
    }
    // Who has typed a name or many words that match needs no guesses.
    if (found.size === 0 || words.length <= FEW_WORDS) {
      for (const reading of readings) collect(within(reading));
    }
    if (!named) {
      const respelt = this.#respell(words);
      const corrections = this.#corrections(respelt, found.size === 0);
      const corrected = new Reading(respelt, this.#vocabulary, corrections);
      if (corrections.size > 0) for (const condition of CORRECTED) collect(condition(corrected));
    }
    return [...found];
  }

  /** Undefined when a filter's value is one that no model has. */
  #narrowing(filters: SearchFilters): Group[] | undefined {
    const groups: Group[] = [];
    const names: FacetName[] = ['kind', 'modality', 'category', 'task', 'format', 'license'];
    for (const name of names) {
      const value = filters[name];
      if (value === undefined) continue;
      const term = this.#vocabulary.facetTerm(facet(name, value));
      if (term === undefined) return undefined;
      groups.push(new Group([term]));
    }
    if (filters.maxSize !== undefined) {
      const terms = sizesUpTo(filters.maxSize).map((size) => this.#vocabulary.facetTerm(size));
      groups.push(new Group(terms.filter((term) => term !== undefined)));
    }
    return groups;
  }

  /** The words as typed, and as they read with neighbours joined (`resnet 50`) or cut apart (`mobilenetv2`). */
  #readings(words: readonly string[]): string[][] {
    const readings = [[...words]];
    const joined: string[] = [];
    for (let index = 0; index < words.length; index++) {
      const pair = `${words[index]}${words[index + 1] ?? ''}`;
      if (index + 1 < words.length && (this.#vocabulary.find(pair)?.nameUses ?? 0) > 0) {
        joined.push(pair);
        index++;
      } else joined.push(words[index] ?? '');
    }
    if (joined.length < words.length) readings.push(joined);
    const cut = words.flatMap((word) => this.#cut(word, (left) => this.#inNames(left) > 0));
    if (cut.length > words.length) readings.push(cut);
    return readings;
  }

  /** Cuts an unknown word into two that names have, where the rarer of them is most used. */
  #cut(word: string, accepts: (left: string) => boolean): string[] {
    if (this.#vocabulary.find(word) !== undefined) return [word];
    let best: string[] = [word];
    let bestUses = 0;
    for (let index = word.length - 1; index >= 2; index--) {
      const left = word.slice(0, index);
      const right = word.slice(index);
      const uses = this.#inNames(right);
      if (uses > bestUses && accepts(left)) {
        best = [left, right];
        bestUses = uses;
      }
    }
    return best;
  }

  /**
   * Words that may have been meant, by what was typed. Where nothing was found every word is doubtful; otherwise
   * only one that another, far more frequent one resembles.
   */
  #corrections(words: readonly string[], nothingFound: boolean): Map<string, Word[]> {
    const uses = (word: string) => this.#vocabulary.find(word)?.uses ?? 0;
    const doubtful = words
      .filter((word) => nothingFound || uses(word) * FAR_MORE_FREQUENT <= this.#models)
      .sort((a, b) => uses(a) - uses(b))
      .slice(0, MAX_CORRECTED);
    const corrections = new Map<string, Word[]>();
    for (const word of doubtful) {
      const least = nothingFound ? 0 : uses(word) * FAR_MORE_FREQUENT;
      const likely = this.#vocabulary.corrections(word).filter((other) => other.uses >= least);
      if (likely.length > 0) corrections.set(word, likely);
    }
    return corrections;
  }

  #inNames(word: string): number {
    return this.#vocabulary.find(word)?.nameUses ?? 0;
  }

  /** Cuts fused words whose first part has a typing error: `moblienetv2`. */
  #respell(words: readonly string[]): string[] {
    return words.flatMap((word) => {
      if (this.#vocabulary.find(word) !== undefined || this.#vocabulary.corrections(word).length > 0)
        return [word];
      return this.#cut(word, (left) => this.#vocabulary.corrections(left).length > 0);
    });
  }
}
