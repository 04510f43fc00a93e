/** The models of a build, each with the version that is listed, on their way into the order of listing. */
import { createScratch } from './index-sqlite.js';

/** A model: all versions of one name in one category. */
export interface Head {
  readonly category: string;
  readonly name: string;
  /** See `nameKey`. */
  readonly key: string;
  /** Words of the name. */
  readonly length: number;
  /** Rows of its versions in `cards`: `count` from `first` on, newest first. */
  readonly first: number;
  readonly count: number;
  /** The version that is listed; null when all are withdrawn. */
  readonly head: number | null;
  /** Of that version, like all that follows. */
  readonly size: number;
  readonly published: string;
  readonly words: string;
  /** Numbers of label lists in the index. */
  readonly labels: number | null;
  readonly classes: number | null;
}

export interface Heads {
  add(head: Head): void;
  /**
   * Models in the order in which search lists those that match equally well: the plainest names first, so that
   * `mobilenet-v2` comes before its variants, then the newest. Withdrawn ones are last.
   */
  ranked(): IterableIterator<Head>;
  close(): void;
}

export function openHeads(path: string): Heads {
  const database = createScratch(path);
  database.exec(`
    CREATE TABLE heads (
      category TEXT, name TEXT, key TEXT, length INTEGER, first INTEGER, count INTEGER, head INTEGER,
      size INTEGER, published TEXT, words TEXT, labels INTEGER, classes INTEGER
    );
    BEGIN;
  `);
  const insert = database.prepare(`
    INSERT INTO heads VALUES (
      @category, @name, @key, @length, @first, @count, @head, @size, @published, @words, @labels, @classes
    )`);
  return {
    add(head) {
      insert.run(head);
    },
    ranked() {
      database.exec('COMMIT');
      return database
        .prepare<[], Head>(
          `SELECT * FROM heads
           ORDER BY head IS NULL, length, length(key), published DESC, name, category`,
        )
        .iterate();
    },
    close() {
      database.close();
    },
  };
}
