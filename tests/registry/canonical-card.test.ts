import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalCard, canonicalJson, cardDigest } from '../../src/registry/canonical-card.js';
import type { Card } from '../../src/registry/card.js';
import { sampleCard } from '../support/sample-card.js';

/** The same value with the keys of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, shuffled(field)]),
  );
}

describe('canonical JSON', () => {
  it('means the same, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(shuffled(value))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('sorts keys and leaves out what is undefined', () => {
    expect(canonicalJson({ b: 1, a: [{ d: 'é', c: null }], x: undefined })).toBe(
      '{"a":[{"c":null,"d":"é"}],"b":1}',
    );
  });
});

describe('cardDigest', () => {
  it('is the sha256 of the canonical card', () => {
    const card = sampleCard();
    expect(cardDigest(card)).toBe(createHash('sha256').update(canonicalCard(card), 'utf8').digest('hex'));
  });

  it('stays when a version is withdrawn or its editor schema named, and changes with all else', () => {
    const card = sampleCard();
    const digest = cardDigest(card);
    expect(cardDigest({ ...card, $schema: 'x', withdrawn: { reason: 'broken', date: '2026-01-01' } })).toBe(
      digest,
    );
    expect(cardDigest(shuffled(card) as Card)).toBe(digest); // the same card in another order
    expect(cardDigest({ ...card, notes: 'new' })).not.toBe(digest);
    expect(cardDigest({ ...card, summary: `${card.summary} ` })).not.toBe(digest);
  });
});
