import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WORD_STRIDE } from '../../src/registry/index-format.js';
import {
  hasSpellings,
  spellingDistance,
  spellingKeys,
  spellingRanges,
} from '../../src/registry/index-spelling.js';

/** Whether the word would be looked at as a correction of what was typed. */
function meets(typed: string, word: string, common: boolean): boolean {
  const keys = [...spellingKeys(word, 3, common)];
  return [...spellingRanges(typed)].some(([first, last]) => keys.some((key) => key >= first && key <= last));
}

const words = fc.stringMatching(/^[a-z]{5,12}$/);
const letter = fc.constantFrom(...'abcxyz');

describe('typo tolerance', () => {
  it('meets every word with one typing error in it', () => {
    fc.assert(
      fc.property(words, fc.nat(), letter, (word, seed, other) => {
        const at = seed % (word.length - 1);
        const before = word.slice(0, at);
        const typos = [
          before + word.slice(at + 1),
          before + other + word.slice(at),
          before + other + word.slice(at + 1),
          `${before}${word[at + 1]}${word[at]}${word.slice(at + 2)}`,
        ];
        for (const typo of typos) {
          expect(meets(typo, word, false)).toBe(true);
          expect(spellingDistance(typo, word)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('meets a common, long word with two letters missing or wrong', () => {
    expect(meets('effcientt', 'efficientnet', true)).toBe(false);
    expect(meets('effcienet', 'efficientnet', true)).toBe(false);
    expect(meets('eficientet', 'efficientnet', true)).toBe(true);
    expect(meets('clasificaton', 'classification', true)).toBe(true);
    expect(meets('clossificatiun', 'classification', true)).toBe(true);
  });

  it('counts a swap of neighbours as one error', () => {
    expect(spellingDistance('moblienet', 'mobilenet')).toBe(1);
    expect(spellingDistance('resnt50', 'resnet50')).toBe(1);
    expect(spellingDistance('espreso', 'espresso')).toBe(1);
    expect(spellingDistance('cat', 'dog')).toBeUndefined();
    expect(spellingDistance('same', 'same')).toBe(0);
  });

  it('leaves short words and numbers alone', () => {
    expect(['cat', 'bert', '1000', '10000', 'v10000', 'x'.repeat(25)].map(hasSpellings)).toEqual([
      false,
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  it('keeps keys exact for the last of the numbers of words', () => {
    for (const key of spellingKeys('classification', WORD_STRIDE - 1, true)) {
      expect(Number.isSafeInteger(key)).toBe(true);
      expect(key % WORD_STRIDE).toBe(WORD_STRIDE - 1);
    }
  });
});
