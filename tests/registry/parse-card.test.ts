import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { ZooError } from '../../src/core/errors.js';
import { PIECE_SIZE } from '../../src/core/pieces.js';
import { cardSize } from '../../src/registry/card.js';
import { cardCategory, cardId } from '../../src/registry/card-names.js';
import { MAX_CARD_BYTES, parseCard } from '../../src/registry/parse-card.js';
import { sampleCard } from '../support/sample-card.js';

function thrownBy(card: unknown): ZooError {
  try {
    parseCard(typeof card === 'string' ? card : JSON.stringify(card), 'card.json');
  } catch (error) {
    if (error instanceof ZooError) return error;
    throw error;
  }
  throw new Error('the card was accepted');
}

const [file] = sampleCard().files;
const withFile = (changes: object) => ({ ...sampleCard(), files: [{ ...file, ...changes }] });

describe('parseCard', () => {
  it('reads back what was written', () => {
    const card = sampleCard({ withdrawn: { reason: 'wrong labels', date: '2026-02-01' } });
    expect(parseCard(JSON.stringify(card), 'card.json')).toEqual(card);
  });

  it('knows a card by name, version and category', () => {
    expect(cardId(sampleCard())).toBe('mobilenet-v2@1.0.0');
    expect(cardCategory(sampleCard())).toBe('image');
    expect(cardCategory(sampleCard({ kind: 'dataset' }))).toBe('dataset');
    expect(cardSize(sampleCard())).toBe(1_000_000);
  });

  it.each([
    ['name', { ...sampleCard(), name: 'MobileNet' }],
    ['name', { ...sampleCard(), name: 'a/../b' }],
    ['version', { ...sampleCard(), version: '1.0' }],
    ['version', { ...sampleCard(), version: 'v1.0.0' }],
    ['files.0.sha256', withFile({ sha256: '../../../etc/passwd' })],
    ['files.0.sha256', withFile({ sha256: sha256('x').toUpperCase() })],
    ['files.0.size', withFile({ size: -1 })],
    ['files.0.sources', withFile({ sources: [] })],
    ['files.0.sources.0', withFile({ sources: ['http://example.org/x'] })],
    ['files', { ...sampleCard(), files: [] }],
    ['license', { ...sampleCard(), license: undefined }],
    ['surprise', { ...sampleCard(), surprise: 1 }],
  ])('says where a card is wrong: %s', (where, card) => {
    const error = thrownBy(card);
    expect(error.code).toBe('INVALID_CARD');
    expect(error.message).toContain(where);
  });

  it.each([
    '../up',
    '/etc/passwd',
    'a\\b',
    'C:x',
    'aux',
    'a/./b',
    'a//b',
    'ends.',
    '.git/config',
    'a\u202eb',
    '',
  ])('refuses the path %j', (path) => {
    expect(thrownBy(withFile({ path })).message).toContain('path is refused');
  });

  it('never accepts a path that leaves the folder', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('..', 'a', '.', '', 'b', 'NUL', 'c:'), { minLength: 1, maxLength: 6 }),
        (parts) => {
          fc.pre(parts.some((part) => part !== 'a' && part !== 'b'));
          expect(thrownBy(withFile({ path: parts.join('/') })).exitCode).toBe(4);
        },
      ),
    );
  });

  it.each([
    ['the same path twice', ['a.bin', 'a.bin']],
    ['paths that differ by case', ['Labels.txt', 'labels.txt']],
    ['a file inside a file', ['a', 'a/b']],
  ])('refuses %s', (_what, paths) => {
    expect(thrownBy({ ...sampleCard(), files: paths.map((path) => ({ ...file, path })) }).code).toBe(
      'UNSAFE_PATH',
    );
  });

  it('counts piece hashes against the size', () => {
    const piece = sha256('piece');
    expect(
      parseCard(JSON.stringify(withFile({ size: PIECE_SIZE + 1, pieces: [piece, piece] })), 'x').files,
    ).toHaveLength(1);
    for (const pieces of [[piece], [piece, piece, piece]]) {
      const error = thrownBy(withFile({ size: PIECE_SIZE + 1, pieces }));
      expect([error.code, error.expected, error.found]).toEqual(['INVALID_CARD', 2, pieces.length]);
    }
  });

  it('holds labels against units', () => {
    const error = thrownBy({ ...sampleCard(), output: { units: 3, labels: ['cat', 'dog'] } });
    expect([error.expected, error.found]).toEqual([3, 2]);
  });

  it('holds the modality against the input', () => {
    const input = { modality: 'audio', shape: [null, 16000], dtype: 'float32', sampleRate: 16000 };
    expect(thrownBy({ ...sampleCard(), input }).message).toContain('another');
  });

  it('wants every archive listed once', () => {
    const archive = {
      locator: 'npm:weights@1.0.0',
      name: 'weights.tgz',
      size: 10,
      sha256: sha256('archive'),
    };
    const card = withFile({ sources: ['npm:weights@1.0.0#model.bin'] });
    expect(parseCard(JSON.stringify({ ...card, archives: [archive] }), 'x').archives).toHaveLength(1);
    expect(thrownBy(card).expected).toContain('npm:weights@1.0.0');
    expect(thrownBy({ ...card, archives: [archive, archive] }).message).toContain('twice');
  });

  it('refuses what is no JSON or too large', () => {
    expect(thrownBy('{').message).toContain('not JSON');
    expect(thrownBy(' '.repeat(MAX_CARD_BYTES + 1)).message).toContain('too large');
  });
});
