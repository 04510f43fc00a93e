import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  facetsOf,
  meaningfulWords,
  nameKey,
  sizesUpTo,
  textWords,
  wordsOf,
} from '../../src/registry/index-words.js';
import { sampleCard } from '../support/sample-card.js';

describe('wordsOf', () => {
  it('gives letters and digits in lower case, whatever separates them', () => {
    expect(wordsOf('MobileNet-V2 (1.0_224), "Él" NEAR/3 a*')).toEqual([
      'mobilenet',
      'v2',
      '1',
      '0',
      '224',
      'el',
      'near',
      '3',
      'a',
    ]);
    expect(wordsOf('図書館 ΑΒΓ İstanbul ﬁn')).toEqual(['図書館', 'αβγ', 'istanbul', 'fin']);
    expect(wordsOf(' -*"\'\0\ud800')).toEqual([]);
  });

  it('gives words that are words again, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const word of wordsOf(text)) {
          expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
          expect(wordsOf(word)).toEqual([word]);
          expect([...word].length).toBeLessThanOrEqual(40);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('makes one key of all spellings of a name', () => {
    const keys = ['mobilenet v2', 'MobileNetV2', 'mobilenet-v2', 'mobilenet.v2'].map((text) =>
      nameKey(wordsOf(text)),
    );
    expect(new Set(keys)).toEqual(new Set(['mobilenetv2']));
  });

  it('leaves out words without meaning, unless there are no others', () => {
    expect(meaningfulWords(['a', 'network', 'for', 'birds', 'network'])).toEqual(['network', 'birds']);
    expect(meaningfulWords(['the', 'of'])).toEqual(['the', 'of']);
  });
});

describe('what a card is found by', () => {
  it('is its text and its facets', () => {
    const card = sampleCard({
      architecture: 'MobileNetV2 1.0',
      license: { weights: 'MIT OR Apache-2.0', statedIn: 'x', checked: '2026-01-01' },
    });
    expect(textWords(card)).toEqual(
      expect.arrayContaining(['small', 'picture', 'classification', 'mobilenetv2', 'safetensors']),
    );
    expect(facetsOf(card, 'image', 1000)).toEqual(
      expect.arrayContaining([
        'modality:image',
        'task:image-classification',
        'license:mit',
        'license:apache-2.0',
        'license:mit or apache-2.0',
      ]),
    );
  });

  it('includes every size up to a limit, and none that is much larger', () => {
    const size = fc.oneof(fc.nat(5000), fc.nat(2 ** 31 - 1), fc.maxSafeNat());
    fc.assert(
      fc.property(size, size, (size, limit) => {
        const facets = facetsOf(sampleCard(), 'image', size);
        const found = sizesUpTo(limit).some((facet) => facets.includes(facet));
        if (size <= limit) expect(found).toBe(true);
        else if (size > 1000 && limit > 256 && limit < 2 ** 39 && size > 2 * limit) expect(found).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
