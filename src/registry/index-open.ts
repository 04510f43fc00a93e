/** The index as programs use it: search, references to cards, versions, completion. Opened for reading only. */

import { type Digest, parseDigest, sha256 } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { canonicalCard } from './canonical-card.js';
import type { Card } from './card.js';
import { CATEGORIES, type Category } from './card-names.js';
import { joinCard, unpack } from './index-body.js';
import { Search, type SearchFilters } from './index-search.js';
import { asZooError, openIndexFile } from './index-sqlite.js';
import { noSuchName, noSuchVersion } from './not-found.js';
import { chooseVersion, type NameReference, parseReference, type VersionChoice } from './reference.js';
import type { Database, Statement } from './sqlite.js';

/** A model that matches, as its listed version: the newest that is neither withdrawn nor, where possible, a pre-release. */
export interface SearchHit {
  readonly category: Category;
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  /** How many versions there are, withdrawn ones counted. */
  readonly versions: number;
  /** Bytes of all files. */
  readonly size: number;
  /** The card; label lists of 20 names and more are left out (`get` has them). */
  readonly card: Card;
}

export interface ResolvedCard {
  readonly card: Card;
  readonly category: Category;
  /** Digest of the card; see `cardDigest`. */
  readonly digest: Digest;
  /** Present when the version was withdrawn and asked for by version or digest nevertheless. */
  readonly withdrawn?: NonNullable<Card['withdrawn']>;
}

export interface IndexedVersion extends VersionChoice {
  readonly category: Category;
  readonly digest: Digest;
}

export interface Index {
  readonly path: string;
  /** Models that match all words of the query, the best first; see `SearchFilters`. Never throws for a query's text. */
  search(query: string, filters?: SearchFilters): SearchHit[];
  /**
   * The card that a reference means.
   * @throws ZooError `USAGE` (no reference, or a locator), `NOT_FOUND` with the nearest names or the versions there
   * are, `AMBIGUOUS` with the candidates, `INVALID_INDEX` when the stored card is damaged.
   */
  resolve(reference: string): ResolvedCard;
  /** All versions of `name` or `category/name`, newest first, withdrawn ones too; empty when there is no such name. */
  versions(name: string): IndexedVersion[];
  get(category: string, name: string, version: string): ResolvedCard | undefined;
  count(): { readonly cards: number; readonly models: number };
  /** Names that begin with `prefix` (or `category/…`), in alphabetical order, for completion; at most `limit`, default 50. */
  names(prefix: string, limit?: number): string[];
  close(): void;
}

interface ModelRow {
  readonly category: Category;
  readonly name: string;
  readonly first: number;
  readonly count: number;
}

interface HitRow extends ModelRow {
  readonly size: number;
  readonly version: string;
  readonly digest: Buffer;
  readonly body: Buffer;
}

interface CardRow {
  readonly digest: Buffer;
  readonly withdrawn: string | null;
  readonly labels: number | null;
  readonly classes: number | null;
  readonly body: Buffer;
}

/** @throws ZooError `NOT_FOUND` when there is no file, `INVALID_INDEX` when it is no index that this program reads. */
export function openIndex(path: string): Index {
  const database = openIndexFile(path);
  try {
    return new OpenIndex(path, database);
  } catch (error) {
    database.close();
    throw asZooError(error, path);
  }
}

class OpenIndex implements Index {
  readonly path: string;
  readonly #database: Database;
  readonly #search: Search;
  readonly #count: { cards: number; models: number };
  readonly #hit: Statement<[number], HitRow>;
  readonly #models: Statement<[string], ModelRow>;
  readonly #versions: Statement<
    [number, number],
    { id: number; version: string; digest: Buffer; withdrawn: number }
  >;
  readonly #card: Statement<[number], CardRow>;
  readonly #list: Statement<[number], Buffer>;
  readonly #names: Statement<[string, string, number], string>;
  readonly #namesIn: Statement<[string, string, string, number], string>;

  constructor(path: string, database: Database) {
    this.path = path;
    this.#database = database;
    const meta = database.prepare<[string], number>('SELECT value FROM meta WHERE key = ?').pluck();
    this.#count = { cards: meta.get('cards') ?? 0, models: meta.get('models') ?? 0 };
    this.#search = new Search(database, this.#count.models);
    this.#hit = database.prepare(`
      SELECT category, name, first, count, size, version, digest, body
      FROM models JOIN cards ON cards.id = models.head WHERE rank = ?`);
    this.#models = database.prepare(
      'SELECT category, name, first, count FROM models WHERE name = ? ORDER BY category',
    );
    this.#versions = database.prepare(`
      SELECT id, version, digest, withdrawn IS NOT NULL AS withdrawn
      FROM cards WHERE id >= ? AND id < ? ORDER BY id`);
    this.#card = database.prepare('SELECT digest, withdrawn, labels, classes, body FROM cards WHERE id = ?');
    this.#list = database.prepare<[number], Buffer>('SELECT labels FROM label_lists WHERE id = ?').pluck();
    const range = 'name >= ? AND name < ?';
    this.#names = database
      .prepare<[string, string, number], string>(
        `SELECT DISTINCT name FROM models WHERE ${range} ORDER BY name LIMIT ?`,
      )
      .pluck();
    this.#namesIn = database
      .prepare<[string, string, string, number], string>(
        `SELECT name FROM models WHERE ${range} AND category = ? ORDER BY name LIMIT ?`,
      )
      .pluck();
  }

  search(query: string, filters: SearchFilters = {}): SearchHit[] {
    return this.#reading(() => {
      const hits: SearchHit[] = [];
      for (const rank of this.#search.ranks(query, filters)) {
        const row = this.#hit.get(rank);
        if (row === undefined) throw this.#damaged(`model ${rank} is missing`);
        hits.push({
          category: row.category,
          name: row.name,
          version: row.version,
          digest: parseDigest(row.digest.toString('hex')),
          versions: row.count,
          size: row.size,
          card: joinCard({ body: row.body }),
        });
      }
      return hits;
    });
  }

  resolve(text: string): ResolvedCard {
    const reference = parseReference(text);
    if (reference.kind === 'locator') {
      throw new ZooError(
        'USAGE',
        `${text.trim().slice(0, 200)} is a locator: it names bytes, not a model of an index`,
      );
    }
    return this.#reading(() => this.#resolveName(reference));
  }

  #resolveName(reference: NameReference): ResolvedCard {
    const { category, name, wanted } = reference;
    const named = this.#models.all(name);
    const models = named.filter((model) => category === undefined || model.category === category);
    if (models.length === 0) throw this.#unknown(reference, named);
    const choices = models.map((model) => ({ model, versions: this.#versionsOf(model) }));
    const meant =
      wanted.by === 'digest'
        ? choices.filter(({ versions }) => versions.some(({ digest }) => digest === wanted.digest))
        : choices;
    if (meant.length > 1) {
      const candidates = meant.map(({ model }) => `${model.category}/${model.name}`);
      throw new ZooError('AMBIGUOUS', `There is more than one ${name}`, {
        found: candidates.join(', '),
        hint: `Write ${candidates.join(' or ')}.`,
      });
    }
    const [only] = meant;
    const chosen = only === undefined ? undefined : chooseVersion(only.versions, wanted);
    if (only === undefined || chosen === undefined) {
      throw noSuchVersion(
        reference,
        choices.flatMap(({ versions }) => versions),
      );
    }
    return this.#load(chosen.id, only.model.category);
  }

  #versionsOf(model: ModelRow) {
    return this.#versions.all(model.first, model.first + model.count).map((row) => ({
      id: row.id,
      category: model.category,
      version: row.version,
      digest: parseDigest(row.digest.toString('hex')),
      withdrawn: row.withdrawn === 1,
    }));
  }

  #load(id: number, category: Category): ResolvedCard {
    const row = this.#card.get(id);
    if (row === undefined) throw this.#damaged(`card ${id} is missing`);
    const withdrawn = row.withdrawn === null ? undefined : (JSON.parse(row.withdrawn) as Card['withdrawn']); // written by the build
    const card = joinCard({
      body: row.body,
      labels: this.#labels(row.labels),
      classes: this.#labels(row.classes),
      withdrawn,
    });
    const digest = parseDigest(row.digest.toString('hex'));
    const actual = sha256(canonicalCard(card));
    if (actual !== digest)
      throw this.#damaged(`${card.name}@${card.version} hashes to ${actual} instead of ${digest}`);
    return { card, category, digest, ...(withdrawn === undefined ? {} : { withdrawn }) };
  }

  #labels(list: number | null): string[] | undefined {
    if (list === null) return undefined;
    const packed = this.#list.get(list);
    if (packed === undefined) throw this.#damaged(`label list ${list} is missing`);
    return JSON.parse(unpack(packed)) as string[]; // written by the build; covered by the card's digest
  }

  versions(name: string): IndexedVersion[] {
    const [category, bare] = splitCategory(name);
    return this.#reading(() =>
      this.#models
        .all(bare)
        .filter((model) => category === undefined || model.category === category)
        .flatMap((model) => this.#versionsOf(model))
        .map(({ id: _row, ...version }) => version),
    );
  }

  get(category: string, name: string, version: string): ResolvedCard | undefined {
    return this.#reading(() => {
      const model = this.#models.all(name).find((row) => row.category === category);
      const row = model && this.#versionsOf(model).find((candidate) => candidate.version === version);
      return row === undefined ? undefined : this.#load(row.id, row.category);
    });
  }

  count(): { cards: number; models: number } {
    return { ...this.#count };
  }

  names(prefix: string, limit = 50): string[] {
    const [category, begin] = splitCategory(prefix);
    const end = `${begin}\u{10ffff}`;
    return this.#reading(() =>
      category === undefined
        ? this.#names.all(begin, end, limit)
        : this.#namesIn.all(begin, end, category, limit).map((name) => `${category}/${name}`),
    );
  }

  close(): void {
    this.#database.close();
  }

  #unknown(reference: NameReference, elsewhere: readonly ModelRow[]): ZooError {
    const { category, name } = reference;
    const others = elsewhere.map((model) => `${model.category}/${model.name}`);
    return noSuchName(
      reference,
      others,
      this.search(name, { category, limit: 10 }).map((hit) => hit.name),
    );
  }

  #damaged(what: string): ZooError {
    return new ZooError('INVALID_INDEX', `The index ${this.path} is damaged: ${what}`, {
      hint: 'Fetch it again, or build it with zoo index build.',
    });
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw asZooError(error, this.path);
    }
  }
}

function splitCategory(text: string): [Category | undefined, string] {
  const slash = text.indexOf('/');
  const category = CATEGORIES.find((known) => known === text.slice(0, Math.max(slash, 0)));
  return category === undefined ? [undefined, text] : [category, text.slice(slash + 1)];
}
