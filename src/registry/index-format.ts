/**
 * The index file: one SQLite database. `cards` holds every version, `models` one row a name in the order in
 * which search lists them, and an inverted index over the models is kept as bitmaps.
 *
 * Why not one FTS5 table over the cards: FTS5 walks its posting lists one entry at a time, about 30 ns each, so
 * two common words that rarely meet ("image" and "audio"), or a word beside a filter that excludes it, cost 20 ms
 * to 130 ms at a million documents. Here a posting list is cut into blocks of 65,536 models, each a bitmap of
 * 8 KiB or a sorted list, as in Roaring bitmaps; combining two takes microseconds, and because models are
 * numbered by rank a query stops at the block in which it has found enough. FTS5 (trigrams) finds the words of
 * the vocabulary that contain what was typed; see `words_infix`.
 */

/** `PRAGMA application_id`: "zoo1" in ASCII. */
export const APPLICATION_ID = 0x7a6f6f31;
/** `PRAGMA user_version`: raised with every change that older readers can't read. */
export const INDEX_VERSION = 1;

/** Models a block of a posting list spans. */
export const BLOCK = 65_536;
/** Bytes of a block as a bitmap; shorter data is a sorted list of 16-bit numbers, little-endian. */
export const BITMAP_BYTES = BLOCK / 8;

/** Where in a model a word occurs. A posting list belongs to one word at one place. */
export const PLACE = { anywhere: 0, inName: 1, firstOfName: 2 } as const;
export const PLACES = 4;

/** Rows of `postings` are numbered block × this + word × PLACES + place, so a block lies together on disk. */
export const BLOCK_STRIDE = 2 ** 32;

/** Numbers of words are packed into keys beside a hash or a rank; words beyond it have no typo tolerance. */
export const WORD_STRIDE = 2 ** 21;

/** Label lists at least this long are kept once for all cards that share them. */
export const SHARED_LIST_LENGTH = 20;
/** A shared list is searched as one posting list when at least this many models use it. */
export const SHARED_LIST_USES = 4;

export const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  -- every version; those of one model are neighbours, newest first
  CREATE TABLE cards (
    id INTEGER PRIMARY KEY, version TEXT NOT NULL, digest BLOB NOT NULL, withdrawn TEXT,
    labels INTEGER, classes INTEGER, body BLOB NOT NULL
  );
  -- rank 1 is listed first; head is the version that is listed, null when all are withdrawn
  CREATE TABLE models (
    rank INTEGER PRIMARY KEY, category TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    first INTEGER NOT NULL, count INTEGER NOT NULL, head INTEGER, size INTEGER NOT NULL
  );
  CREATE TABLE label_lists (id INTEGER PRIMARY KEY, labels BLOB NOT NULL);
  -- words, and facets written with a colon, which no word has
  CREATE TABLE words (
    word TEXT PRIMARY KEY, id INTEGER NOT NULL, uses INTEGER NOT NULL, name_uses INTEGER NOT NULL
  ) WITHOUT ROWID;
  -- shared label lists that have a word, as the numbers of their facets
  CREATE TABLE list_words (word INTEGER, list INTEGER, PRIMARY KEY (word, list)) WITHOUT ROWID;
  CREATE TABLE postings (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
  -- hash of a word without one or two of its letters × WORD_STRIDE + word
  CREATE TABLE spellings (key INTEGER PRIMARY KEY);
  -- rowid = order of use × WORD_STRIDE + word
  CREATE VIRTUAL TABLE words_infix USING fts5(
    word, content='', columnsize=0, tokenize='trigram case_sensitive 1'
  );
`;

export const SCHEMA_INDEXES = `
  CREATE UNIQUE INDEX models_name ON models (name, category);
  CREATE INDEX models_key ON models (key);
  CREATE UNIQUE INDEX words_id ON words (id);
`;
