/**
 * Typo tolerance by deletion: two words within one edit have a common form after at most one letter is deleted
 * from each (so have two words whose neighbouring letters are swapped). The index holds hashes of these forms.
 */
import { distance } from 'fastest-levenshtein';
import { WORD_STRIDE } from './index-format.js';

/** Shorter words have too many neighbours for a correction to mean anything. */
export const MIN_SPELLING = 4;
const MAX_SPELLING = 24;
/** From this length on two typos are tolerated. */
const TWO_EDITS = 8;

/** Forms of a word with up to `deletions` letters missing, the word itself among them. */
function deletionForms(word: string, deletions: number): Set<string> {
  const forms = new Set([word]);
  let last: Iterable<string> = [word];
  for (let round = 0; round < deletions; round++) {
    const next = new Set<string>();
    for (const form of last) {
      for (let index = 0; index < form.length; index++)
        next.add(form.slice(0, index) + form.slice(index + 1));
    }
    for (const form of next) forms.add(form);
    last = next;
  }
  return forms;
}

/** FNV-1a over UTF-16 units; 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

export function hasSpellings(word: string): boolean {
  return word.length >= MIN_SPELLING && word.length <= MAX_SPELLING && !/^\d+$/.test(word);
}

/**
 * Keys of `spellings` for a word of the vocabulary.
 * @param common whether the word is used so much that two missing letters are looked for, too.
 */
export function* spellingKeys(word: string, id: number, common: boolean): Generator<number> {
  const deletions = common && word.length >= TWO_EDITS ? 2 : 1;
  for (const form of deletionForms(word, deletions)) yield hash(form) * WORD_STRIDE + id;
}

/** Ranges of keys that hold the words a typed word may stand for: [first, last] pairs. */
export function* spellingRanges(typed: string): Generator<readonly [number, number]> {
  for (const form of deletionForms(typed, typed.length >= TWO_EDITS ? 2 : 1)) {
    const first = hash(form) * WORD_STRIDE;
    yield [first, first + WORD_STRIDE - 1];
  }
}

/**
 * How far a word is from what was typed, in edits; a swap of neighbours counts as one.
 * Undefined when it is too far to be meant.
 */
export function spellingDistance(typed: string, word: string): number | undefined {
  const edits = isSwap(typed, word) ? 1 : distance(typed, word);
  return edits <= (Math.min(typed.length, word.length) >= TWO_EDITS - 1 ? 2 : 1) ? edits : undefined;
}

function isSwap(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let index = 0;
  while (index < a.length && a[index] === b[index]) index++;
  return (
    index + 1 < a.length &&
    a[index] === b[index + 1] &&
    a[index + 1] === b[index] &&
    a.slice(index + 2) === b.slice(index + 2)
  );
}
