/** What a query may mean: its words, the posting lists each stands for, and the conditions a model is held to. */
import { PLACE, PLACES } from './index-format.js';
import { Group } from './index-postings.js';
import type { Vocabulary, Word } from './index-vocabulary.js';

/** A prefix or infix stands for at most this many words, the most used ones. */
const MAX_EXPANSIONS = 64;

/** The words of a query and the posting lists that each stands for, looked up when a condition needs them. */
export class Reading {
  readonly words: readonly string[];
  readonly #vocabulary: Vocabulary;
  readonly #groups = new Map<string, Group | undefined>();
  /** What each word may stand for besides itself. */
  readonly #corrections: ReadonlyMap<string, readonly Word[]>;

  /** How many words a prefix or infix stands for: the more words a query has, the less each is stretched. */
  get #expansions(): number {
    return Math.ceil(MAX_EXPANSIONS / this.words.length);
  }

  constructor(
    words: readonly string[],
    vocabulary: Vocabulary,
    corrections: ReadonlyMap<string, readonly Word[]> = new Map(),
  ) {
    this.words = words;
    this.#vocabulary = vocabulary;
    this.#corrections = corrections;
  }

  first(word: string): Group | undefined {
    return this.#group('first', word, () => this.#ids(word).map((id) => id * PLACES + PLACE.firstOfName));
  }

  inName(word: string): Group | undefined {
    return this.#group('name', word, () => this.#ids(word).map((id) => id * PLACES + PLACE.inName));
  }

  prefixInName(word: string): Group | undefined {
    return this.#group('prefix', word, () => this.#vocabulary.namePrefixTerms(word));
  }

  anywhere(word: string): Group | undefined {
    return this.#group('any', word, () => this.#vocabulary.anywhereTerms(this.#forms(word)));
  }

  prefixAnywhere(word: string): Group | undefined {
    return this.#group('any prefix', word, () =>
      this.#vocabulary.anywhereTerms([
        ...this.#forms(word),
        ...this.#vocabulary.withPrefix(word, this.#expansions),
      ]),
    );
  }

  /** Words that contain it anywhere in a model. */
  within(word: string): Group | undefined {
    return this.#group('within', word, () =>
      this.#vocabulary.anywhereTerms([
        ...this.#forms(word),
        ...this.#vocabulary.withPrefix(word, this.#expansions),
        ...this.#vocabulary.containing(word, this.#expansions),
      ]),
    );
  }

  someInName(): Group | undefined {
    return this.#group('some', '', () =>
      this.words.flatMap((word) => [
        ...this.#ids(word).map((id) => id * PLACES + PLACE.inName),
        ...this.#vocabulary.namePrefixTerms(word),
      ]),
    );
  }

  #group(kind: string, word: string, terms: () => number[]): Group | undefined {
    const key = `${kind}:${word}`;
    if (!this.#groups.has(key)) {
      const found = [...new Set(terms())];
      this.#groups.set(key, found.length === 0 ? undefined : new Group(found));
    }
    return this.#groups.get(key);
  }

  #ids(word: string): number[] {
    const exact = this.#vocabulary.find(word);
    const corrected = this.#corrections.get(word) ?? [];
    return [...(exact === undefined ? [] : [exact]), ...corrected].map(({ id }) => id);
  }

  /** The word, its corrections, and its other number: `embedding`, `embeddings`. */
  #forms(word: string): number[] {
    const other = word.endsWith('s') ? word.slice(0, -1) : `${word}s`;
    const plural = word.length > 3 ? this.#vocabulary.find(other) : undefined;
    return [...this.#ids(word), ...(plural === undefined ? [] : [plural.id])];
  }
}

/** All groups of a condition; undefined when one of them is empty, so that nothing can match. */
function all(groups: readonly (Group | undefined)[]): Group[] | undefined {
  const present = groups.filter((group) => group !== undefined);
  return present.length === groups.length ? present : undefined;
}

type Condition = (reading: Reading) => Group[] | undefined;

const inName: Condition = (reading) => all(reading.words.map((word) => reading.inName(word)));

/** The last word may still be being typed. */
const anywhere: Condition = (reading) =>
  all(
    reading.words.map((word, index) =>
      index === reading.words.length - 1 ? reading.prefixAnywhere(word) : reading.anywhere(word),
    ),
  );

const someInName: Condition = (reading) => {
  const words = anywhere(reading);
  const some = reading.someInName();
  return words === undefined || some === undefined ? undefined : [some, ...words];
};

/** From the strictest to the loosest. */
export const CONDITIONS: readonly Condition[] = [
  (reading) =>
    all(reading.words.map((word, index) => (index === 0 ? reading.first(word) : reading.inName(word)))),
  inName,
  (reading) =>
    all(
      reading.words.map((word, index) =>
        index === reading.words.length - 1 ? reading.prefixInName(word) : reading.inName(word),
      ),
    ),
  (reading) => all(reading.words.map((word) => reading.prefixInName(word))),
  someInName,
  // `pitch` itself before the `pitcher` among somebody's labels.
  (reading) => all(reading.words.map((word) => reading.anywhere(word))),
  anywhere,
];

/** The loosest: words within words. */
export const within: Condition = (reading) => all(reading.words.map((word) => reading.within(word)));

/** What a corrected query is asked by: prefixes of a misspelt word mean nothing. */
export const CORRECTED: readonly Condition[] = [inName, someInName, anywhere];
