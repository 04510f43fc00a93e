/** Text to words, and a card to everything that search finds it by. */
import type { Card } from './card.js';
import { licenseIds } from './license-policy.js';

const MAX_WORD = 40;
const STOP_WORDS = new Set('a an and as at by for from in is it of on or that the to with'.split(' '));

/**
 * Words in lower case, without accents, in the order of the text: runs of letters and digits of any script.
 * Every other character only separates, so no text has a meaning beyond its words.
 */
export function wordsOf(text: string): string[] {
  const plain = text
    .toWellFormed()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) =>
    word.length <= MAX_WORD ? word : [...word].slice(0, MAX_WORD).join(''),
  );
}

/** Words that carry meaning; all of them when none does. */
export function meaningfulWords(words: readonly string[]): string[] {
  const meaningful = words.filter((word) => !STOP_WORDS.has(word));
  return [...new Set(meaningful.length > 0 ? meaningful : words)];
}

/** A name without its separators: `mobilenet v2`, `MobileNetV2` and `mobilenet-v2` have the same key. */
export function nameKey(words: readonly string[]): string {
  return words.join('');
}

/** Longest prefix of a name's word that has a posting list of its own. */
export const LISTED_PREFIX = 3;

export function prefixFacet(prefix: string): string {
  return `prefix:${prefix}`;
}

export function listFacet(list: number): string {
  return `list:${list}`;
}

/** What search can be narrowed by with a word: kind, modality, category, task, format and licence. */
export type FacetName = 'kind' | 'modality' | 'category' | 'task' | 'format' | 'license';

export function facet(name: FacetName, value: string): string {
  return `${name}:${value
    .trim()
    .toLowerCase()
    .replace(/\s+/g, name === 'license' ? ' ' : '-')}`;
}

/** Facets of a card, in the words of the vocabulary. */
export function facetsOf(card: Card, category: string, size: number): string[] {
  const facets = [
    facet('kind', card.kind),
    facet('modality', card.modality),
    facet('category', category),
    facet('task', card.task),
    facet('format', card.format.name),
    facet('license', card.license.weights),
  ];
  for (const id of licenseIds(card.license.weights)) facets.push(facet('license', id));
  return [...new Set(facets), ...sizeFacets(size)];
}

/** Words of a card's text, labels left out, each once, without stop words. */
export function textWords(card: Card): string[] {
  const text = [
    card.summary,
    card.task,
    card.modality,
    card.kind === 'dataset' ? 'dataset' : '',
    card.architecture,
    card.format.name,
    card.training?.dataset,
    card.paper?.title,
    card.content,
  ];
  const words = wordsOf(text.filter((part) => part !== undefined).join(' '));
  return [...new Set(words)].filter((word) => !STOP_WORDS.has(word));
}

// Sizes fall into 64 buckets, two an octave from 256 bytes on. A card carries its bucket's number in binary, and
// every beginning of it, so that any range of buckets is the union of at most 6 such facets.
const SIZE_BITS = 6;

function sizeBucket(size: number): number {
  const bucket = Math.floor(2 * Math.log2(Math.max(size, 1))) - 16;
  return Math.min(Math.max(bucket, 0), 2 ** SIZE_BITS - 1);
}

function sizeFacets(size: number): string[] {
  const bits = sizeBucket(size).toString(2).padStart(SIZE_BITS, '0');
  return Array.from({ length: SIZE_BITS }, (_, index) => `size:${bits.slice(0, index + 1)}`);
}

/** Facets whose union holds every card of at most `size` bytes, and some a little larger. */
export function sizesUpTo(size: number): string[] {
  const bits = sizeBucket(size).toString(2).padStart(SIZE_BITS, '0');
  const facets = [`size:${bits}`];
  for (let index = 0; index < SIZE_BITS; index++) {
    if (bits[index] === '1') facets.push(`size:${bits.slice(0, index)}0`);
  }
  return facets;
}
