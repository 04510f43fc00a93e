/** A look at a finished index before it replaces another: what was written can be read, found and resolved. */
import { ZooError } from '../core/errors.js';
import { openIndex } from './index-open.js';
import { openIndexFile } from './index-sqlite.js';

const SAMPLES = 64;

/** @throws ZooError `INVALID_INDEX` with the first thing that is wrong. */
export function checkIndex(path: string, expected: { cards: number; models: number }): void {
  const database = openIndexFile(path);
  try {
    const verdict = database.pragma('quick_check(1)', { simple: true });
    if (verdict !== 'ok') throw wrong(path, String(verdict));
    const step = Math.max(1, Math.floor(expected.models / SAMPLES));
    const samples = database
      .prepare<[number], { category: string; name: string; head: number | null }>(
        'SELECT category, name, head FROM models WHERE rank % ? = 0',
      )
      .all(step);
    checkSamples(path, expected, samples);
  } finally {
    database.close();
  }
}

function checkSamples(
  path: string,
  expected: { cards: number; models: number },
  samples: readonly { category: string; name: string; head: number | null }[],
): void {
  const index = openIndex(path);
  try {
    const { cards, models } = index.count();
    if (cards !== expected.cards || models !== expected.models) {
      throw wrong(
        path,
        `${cards} cards of ${models} models instead of ${expected.cards} of ${expected.models}`,
      );
    }
    for (const { category, name, head } of samples) {
      for (const { version } of index.versions(`${category}/${name}`)) index.get(category, name, version);
      // Names that differ by separators alone share the first places.
      const found = index.search(name, { category, limit: 10 }).some((hit) => hit.name === name);
      if (head !== null && !found) {
        throw wrong(path, `${category}/${name} is not found by its name`);
      }
    }
  } finally {
    index.close();
  }
}

function wrong(path: string, what: string): ZooError {
  return new ZooError('INVALID_INDEX', `The index just built at ${path} is not sound: ${what}`);
}
