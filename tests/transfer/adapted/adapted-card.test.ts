import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/digest.js';
import { NAME_PATTERN } from '../../../src/registry/card-names.js';
import { adaptedCard, adaptedName } from '../../../src/transfer/adapted/adapted-card.js';
import { detailsSchema } from '../../../src/transfer/adapted/adapted-details.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { BASE, fittedHead, sampleContent } from './sample-adapted.js';

describe('the name of a card', () => {
  it.each([
    ['My Digits (2)', 'my-digits-2'],
    ['Vögel und Bäume', 'vogel-und-baume'],
    ['v1.5', 'v1.5'],
    ['..hidden..', 'hidden'],
    ['鳥', 'adapted'],
    ['', 'adapted'],
    ['---', 'adapted'],
  ])('%j becomes %j', (text, name) => {
    expect(adaptedName(text)).toBe(name);
  });

  it('is a name that cards may have, whatever the folder is called', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 120 }),
      fc.string({ unit: fc.constantFrom('a', 'B', '7', '.', '-', ' ', '_', 'é'), maxLength: 120 }),
    );
    fc.assert(
      fc.property(text, (folder) => {
        const name = adaptedName(folder);
        expect(name).toMatch(NAME_PATTERN);
        expect(name.length).toBeLessThanOrEqual(80);
        expect(adaptedName(name)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the card', () => {
  it('of many labels names the first of them', () => {
    const labels = Array.from({ length: 1000 }, (_, index) => `the class number ${index} 🐦`);
    const content = sampleContent({ head: fittedHead(classifier({ labels }), 4) });
    const { head, backbone, recipe, seed, data, metrics } = content;
    const blob = { path: 'head.safetensors', role: 'weights', size: 9, sha256: sha256('head') } as const;
    const details = detailsSchema.parse({
      formatVersion: 1,
      head: head.head.describe(),
      backbone,
      recipe,
      seed,
      data,
      metrics,
    });
    const { summary, output } = adaptedCard(BASE, head, details, [blob], head.size, content);
    expect(summary).toMatch(
      /^mobilenet-v2@1\.0\.0 with a new linear head for 1000 labels: the class number 0 /,
    );
    expect(summary.length).toBeLessThanOrEqual(400);
    expect(summary.endsWith('…')).toBe(true);
    expect(output?.labels).toEqual(labels);
  });
});
