import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cardDigest } from '../../src/registry/canonical-card.js';
import { buildIndex } from '../../src/registry/index-build.js';
import { type Index, openIndex } from '../../src/registry/index-open.js';
import { sampleCard } from '../support/sample-card.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

const withdrawn = { reason: 'trained on leaked data', date: '2026-02-01' };
const labels = Array.from({ length: 1000 }, (_, n) => `label ${n}`);
const CARDS = [
  sampleCard({ version: '1.0.0', output: { units: 1000, labels } }),
  sampleCard({ version: '1.2.0' }),
  sampleCard({ version: '1.10.0' }),
  sampleCard({ version: '1.11.0', withdrawn }),
  sampleCard({ version: '2.0.0-rc.1' }),
  sampleCard({ name: 'digits', kind: 'dataset', classes: labels }),
  sampleCard({ name: 'digits', modality: 'audio', version: '3.0.0' }),
  sampleCard({ name: 'early', version: '0.1.0-alpha' }),
  sampleCard({ name: 'gone', withdrawn }),
];

let index: Index;

beforeAll(async () => {
  const path = join(await temporaryFolder('open'), 'index.sqlite');
  await buildIndex(CARDS, path);
  index = openIndex(path);
});

afterAll(() => index.close());

describe('resolve', () => {
  it.each([
    ['mobilenet-v2', '1.10.0'],
    ['image/mobilenet-v2', '1.10.0'],
    ['mobilenet-v2@latest', '1.10.0'],
    ['mobilenet-v2@~1.2', '1.2.0'],
    ['mobilenet-v2@>=1 <1.10', '1.2.0'],
    ['mobilenet-v2@1.0.0', '1.0.0'],
    ['mobilenet-v2@^2.0.0-rc', '2.0.0-rc.1'],
    ['audio/digits', '3.0.0'],
    ['early@0.1.0-alpha', '0.1.0-alpha'],
  ])('takes %s to %s', (reference, version) => {
    const found = index.resolve(reference);
    expect(found.card.version).toBe(version);
    expect(found.withdrawn).toBeUndefined();
  });

  it('gives the card as it was, with its digest and category', () => {
    const [card] = CARDS;
    if (card === undefined) throw new Error('there are cards');
    expect(index.resolve('mobilenet-v2@1.0.0')).toEqual({
      card,
      category: 'image',
      digest: cardDigest(card),
    });
    expect(index.resolve('dataset/digits').card.classes).toEqual(labels);
  });

  it('finds a version by the digest of its card, across categories', () => {
    for (const card of CARDS) {
      expect(index.resolve(`${card.name}@sha256:${cardDigest(card)}`).card).toEqual(card);
    }
  });

  it('flags a withdrawn version that was asked for exactly', () => {
    expect(index.resolve('mobilenet-v2@1.11.0')).toMatchObject({
      withdrawn,
      card: { version: '1.11.0', withdrawn },
    });
    expect(index.resolve('gone@1.0.0').withdrawn).toEqual(withdrawn);
  });

  it('lists the candidates for an ambiguous name', async () => {
    const error = await thrownBy(() => index.resolve('digits'));
    expect([error.code, error.exitCode]).toEqual(['AMBIGUOUS', 3]);
    expect(error.found).toBe('audio/digits, dataset/digits');
    expect(error.hint).toContain('dataset/digits');
  });

  it.each([
    ['moblienet-v2', 'Did you mean mobilenet-v2?'],
    ['mobilenet', 'Did you mean mobilenet-v2?'],
    ['mobilenetv2', 'Did you mean mobilenet-v2?'],
    ['audio/mobilenet-v2', 'Did you mean image/mobilenet-v2?'],
    ['qqqqqq', 'zoo search finds models by what they do.'],
  ])('suggests what %s may mean', async (reference, hint) => {
    const error = await thrownBy(() => index.resolve(reference));
    expect([error.code, error.hint]).toEqual(['NOT_FOUND', hint]);
  });

  it.each([
    [
      'mobilenet-v2@^3',
      '2.0.0-rc.1, 1.11.0 (withdrawn), 1.10.0, 1.2.0, 1.0.0',
      'Name one exactly, such as mobilenet-v2@2.0.0-rc.1.',
    ],
    ['mobilenet-v2@1.11.1', '2.0.0-rc.1, 1.11.0 (withdrawn), 1.10.0, 1.2.0, 1.0.0', undefined],
    ['early', '0.1.0-alpha', 'Name one exactly, such as early@0.1.0-alpha.'],
    ['gone', '1.0.0 (withdrawn)', 'All versions of gone were withdrawn; one can still be named exactly.'],
    [`early@sha256:${'0'.repeat(64)}`, '0.1.0-alpha', undefined],
  ])('lists the versions that there are: %s', async (reference, found, hint) => {
    const error = await thrownBy(() => index.resolve(reference));
    expect([error.code, error.found]).toEqual(['NOT_FOUND', found]);
    if (hint !== undefined) expect(error.hint).toBe(hint);
  });

  it('leaves locators to the sources', async () => {
    expect((await thrownBy(() => index.resolve('npm:a@1.0.0#x'))).code).toBe('USAGE');
  });
});

describe('looking things up', () => {
  it('lists versions, newest first', () => {
    expect(index.versions('mobilenet-v2').map(({ version }) => version)).toEqual([
      '2.0.0-rc.1',
      '1.11.0',
      '1.10.0',
      '1.2.0',
      '1.0.0',
    ]);
    expect(index.versions('digits').map(({ category }) => category)).toEqual(['audio', 'dataset']);
    expect(index.versions('dataset/digits')).toMatchObject([{ category: 'dataset', withdrawn: false }]);
    expect(index.versions('nothing')).toEqual([]);
  });

  it('gets one card', () => {
    expect(index.get('audio', 'digits', '3.0.0')?.card).toEqual(CARDS[6]);
    expect(index.get('audio', 'digits', '3.0.1')).toBeUndefined();
    expect(index.get('text', 'digits', '3.0.0')).toBeUndefined();
  });

  it('completes names', () => {
    expect(index.names('')).toEqual(['digits', 'early', 'gone', 'mobilenet-v2']);
    expect(index.names('mob')).toEqual(['mobilenet-v2']);
    expect(index.names('dataset/')).toEqual(['dataset/digits']);
    expect(index.names('', 2)).toHaveLength(2);
  });

  it('counts', () => {
    expect(index.count()).toEqual({ cards: 9, models: 5 });
  });
});
