import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Card } from '../../src/registry/card.js';
import { buildIndex } from '../../src/registry/index-build.js';
import { type Index, openIndex } from '../../src/registry/index-open.js';
import type { SearchFilters } from '../../src/registry/index-search.js';
import { generateCards } from '../support/generated-cards.js';
import { sampleCard } from '../support/sample-card.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const mit = { weights: 'MIT', statedIn: 'LICENSE', checked: '2026-11-01' };
const imagenet = [
  'tench',
  'encoderly',
  'espresso',
  'tabby cat',
  ...Array.from({ length: 30 }, (_, n) => `thing${n}`),
];

/** Models of which several tempt a search that ranks carelessly. */
const CARDS: Card[] = [
  sampleCard({ output: { units: imagenet.length, labels: imagenet } }),
  sampleCard({ name: 'mobilenet-v1', published: '2026-05-01' }),
  sampleCard({ name: 'mobilenet-v2-100-cifar10' }),
  sampleCard({ name: 'mobilenet-v2-tiny', published: '2026-06-01' }),
  sampleCard({ name: 'deep-mobilenet-v2' }),
  sampleCard({
    name: 'mobilenet-v3-large',
    summary: 'Better than mobilenet v2, mobilenet v2 and mobilenet v2.',
  }),
  sampleCard({ name: 'a1', summary: 'An image network distilled from mobilenet v2 for phones.' }),
  sampleCard({
    name: 'resnet50',
    version: '1.0.0',
    license: mit,
    output: { units: imagenet.length, labels: imagenet },
  }),
  sampleCard({ name: 'resnet50', version: '2.0.0-rc.1', license: mit }),
  sampleCard({
    name: 'distilbert',
    modality: 'text',
    task: 'sentence-embedding',
    summary: 'Sentence embeddings of a distilled encoder.',
  }),
  sampleCard({
    name: 'yamnet',
    modality: 'audio',
    task: 'audio-classification',
    summary: 'Sounds of 521 classes, among them speech.',
    format: { name: 'tflite' },
  }),
  sampleCard({
    name: 'photos',
    kind: 'dataset',
    summary: 'Ten photographs, one of an espresso.',
    format: { name: 'data' },
    classes: ['espresso', 'cat'],
  }),
  sampleCard({ name: 'withdrawn-only', withdrawn: { reason: 'leaked data', date: '2026-02-01' } }),
  sampleCard({ name: 'half-withdrawn', version: '1.0.0', summary: 'The version that stands, about zebras.' }),
  sampleCard({
    name: 'half-withdrawn',
    version: '1.1.0',
    summary: 'The version that fell, about okapis.',
    withdrawn: { reason: 'x', date: '2026-02-01' },
  }),
  sampleCard({ name: 'huge', summary: 'A network that is larger than the others.', files: [bigFile()] }),
];

function bigFile(): Card['files'][number] {
  const [file] = sampleCard().files;
  if (file === undefined) throw new Error('a sample card has a file');
  return { ...file, size: 5_000_000_000 };
}

let index: Index;

beforeAll(async () => {
  const path = join(await temporaryFolder('search'), 'index.sqlite');
  await buildIndex(CARDS, path);
  index = openIndex(path);
});

afterAll(() => index.close());

function names(query: string, filters?: SearchFilters): string[] {
  return index.search(query, filters).map((hit) => hit.name);
}

describe('ranking', () => {
  it.each(['mobilenet v2', 'mobilenet-v2', 'MobileNetV2', 'MOBILENET_V2', 'mobilenetv2', ' mobilenet  v2 '])(
    'puts mobilenet-v2 first for %j',
    (query) => {
      expect(names(query)[0]).toBe('mobilenet-v2');
    },
  );

  it('puts variants next, then other names, then mere mentions', () => {
    expect(names('mobilenet v2')).toEqual([
      'mobilenet-v2',
      'mobilenet-v2-tiny',
      'mobilenet-v2-100-cifar10',
      'deep-mobilenet-v2',
      'mobilenet-v3-large',
      'a1',
    ]);
  });

  it('puts names that begin with the word before names that contain it', () => {
    const found = names('mobilenet');
    expect(found.indexOf('deep-mobilenet-v2')).toBeGreaterThan(found.indexOf('mobilenet-v2-tiny'));
    expect(found.slice(0, 2).sort()).toEqual(['mobilenet-v1', 'mobilenet-v2']);
  });

  it('puts a word before words that begin with it', () => {
    expect(names('encoder')).toEqual(['distilbert', 'resnet50', 'mobilenet-v2']);
  });

  it('finds words in any order', () => {
    expect(names('tiny v2 mobilenet')[0]).toBe('mobilenet-v2-tiny');
  });
});

describe('what is searched', () => {
  it('is labels of models and classes of data sets', () => {
    expect(names('espresso').sort()).toEqual(['mobilenet-v2', 'photos', 'resnet50']);
    expect(names('tabby')).toEqual(['resnet50', 'mobilenet-v2']);
  });

  it('is the task and the summary, in either number', () => {
    expect(names('sentence embedding')).toEqual(['distilbert']);
    expect(names('sentences embeddings')).toEqual(['distilbert']);
    expect(names('audio classification')).toEqual(['yamnet']);
    expect(names('a network for phones')).toEqual(['a1']);
  });

  it.each(['m', 'mo', 'mob', 'mobi', 'mobilene', 'mobilenet v', 'mobilenet-v2-t'])(
    'is what begins so, as one types: %s',
    (query) => {
      expect(names(query)).toContain('mobilenet-v2-tiny');
    },
  );

  it('is the beginning of a word in a summary, and a word within a word', () => {
    expect(names('photogr')).toEqual(['photos']);
    expect(names('bert')).toEqual(['distilbert']);
    expect(names('resnet imagen')).toEqual([]);
  });

  it('is a name written with other gaps', () => {
    expect(names('resnet 50')[0]).toBe('resnet50');
    expect(names('mobilenetv2 tiny')[0]).toBe('mobilenet-v2-tiny');
  });
});

describe('typing errors', () => {
  it.each([
    ['moblienet', 'mobilenet-v2'],
    ['mobilnet v2', 'mobilenet-v2'],
    ['moblienetv2', 'mobilenet-v2'],
    ['resnt50', 'resnet50'],
    ['espreso', 'photos'],
    ['distlbert', 'distilbert'],
    ['clasification audio', 'yamnet'],
  ])('%s finds %s', (query, expected) => {
    expect(names(query)).toContain(expected);
  });

  it('put the model itself first, too', () => {
    expect(names('moblienet v2')[0]).toBe('mobilenet-v2');
    expect(names('resnt50')[0]).toBe('resnet50');
  });

  it('are not seen in what is right', () => {
    expect(names('photos')).toEqual(['photos']);
    expect(names('qqqqqqq')).toEqual([]);
  });
});

describe('filters', () => {
  it.each<[SearchFilters, string[]]>([
    [{ modality: 'audio' }, ['yamnet']],
    [{ category: 'dataset' }, ['photos']],
    [{ kind: 'dataset' }, ['photos']],
    [{ task: 'sentence-embedding' }, ['distilbert']],
    [{ task: 'Sentence Embedding' }, ['distilbert']],
    [{ license: 'mit' }, ['resnet50']],
    [{ format: 'tflite' }, ['yamnet']],
    [{ modality: 'text', license: 'MIT' }, []],
    [{ modality: 'smell' }, []],
    [{ maxSize: 10 }, []],
  ])('%j', (filters, expected) => {
    expect(names('', filters)).toEqual(expected);
  });

  it('narrow a search', () => {
    expect(names('espresso', { kind: 'dataset' })).toEqual(['photos']);
    expect(names('mobilenet v2', { modality: 'audio' })).toEqual([]);
    expect(names('photos', { kind: 'model' })).toEqual([]);
  });

  it('take sizes exactly', () => {
    expect(names('', { maxSize: 999_999, limit: 100 })).toEqual([]);
    expect(names('', { maxSize: 1_000_000, limit: 100 })).toContain('yamnet');
    expect(names('huge', { maxSize: 4_999_999_999 })).toEqual([]);
    expect(names('huge', { maxSize: 5_000_000_000 })).toEqual(['huge']);
  });

  it('hold the limit', () => {
    expect(names('mobilenet', { limit: 3 })).toHaveLength(3);
    expect(names('', { limit: 1 })).toHaveLength(1);
    expect(names('mobilenet', { limit: 0 })).toHaveLength(1);
  });
});

describe('what is listed', () => {
  it('is each model once, as its newest standing version', () => {
    expect(index.search('resnet50')).toMatchObject([
      { name: 'resnet50', version: '1.0.0', versions: 2, category: 'image' },
    ]);
    expect(index.search('half-withdrawn')).toMatchObject([{ version: '1.0.0' }]);
    expect(names('okapis')).toEqual([]);
    expect(names('zebras')).toEqual(['half-withdrawn']);
  });

  it('leaves out what was withdrawn altogether', () => {
    expect(names('withdrawn only')).not.toContain('withdrawn-only');
    expect(names('', { limit: 100 })).not.toContain('withdrawn-only');
    expect(names('', { limit: 100 })).toHaveLength(new Set(CARDS.map((card) => card.name)).size - 1);
  });
});

describe('any text', () => {
  it.each([
    '"',
    '*',
    'NEAR(a b)',
    'a AND',
    'NOT',
    '-v2',
    'name:x',
    '^',
    '(',
    "'; DROP TABLE cards; --",
    '\0',
    '\ud800',
    'a"b*',
  ])('is only words: %j', (query) => {
    expect(Array.isArray(index.search(query))).toBe(true);
  });

  it('never makes a search throw', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc
        .array(
          fc.constantFrom(
            'mobilenet',
            'NEAR',
            'OR',
            '"',
            '*',
            '-',
            '(',
            ')',
            ':',
            'v2',
            'é',
            '図書',
            '\0',
            '^',
          ),
        )
        .map((parts) => parts.join(' ')),
      fc.string({ minLength: 200, maxLength: 3000 }),
    );
    fc.assert(
      fc.property(text, text, (query, value) => {
        index.search(query);
        index.search(query, { task: value, license: value, modality: value });
        index.names(query);
        index.versions(query);
        index.get(value, query, value);
      }),
      { numRuns: 300 },
    );
  });
});

describe('many models', () => {
  const cards = [...generateCards(2000, { seed: 11, vocabulary: 3000 })];
  let many: Index;

  beforeAll(async () => {
    const path = join(await temporaryFolder('search'), 'index.sqlite');
    await buildIndex(cards, path);
    many = openIndex(path);
  });
  afterAll(() => many.close());

  it('are each found first by their name', () => {
    for (const card of cards.filter((_, n) => n % 40 === 0)) {
      if (many.versions(card.name).every((version) => version.withdrawn)) continue;
      expect(many.search(card.name)[0]?.name).toBe(card.name);
      expect(many.search(card.name.replaceAll('-', ' '))[0]?.name).toBe(card.name);
    }
  });

  it('match a filter exactly when their card does', () => {
    const standing = new Map(
      many.search('', { limit: 1000, modality: 'audio' }).map((hit) => [hit.name, hit.card]),
    );
    expect(standing.size).toBeGreaterThan(200);
    for (const card of standing.values()) expect(card.modality).toBe('audio');
    const limit = 3_000_000;
    const small = many.search('', { limit: 1000, modality: 'audio', maxSize: limit });
    const expected = many
      .search('', { limit: 1000, modality: 'audio' })
      .filter((hit) => hit.size <= limit)
      .map((hit) => hit.name);
    expect(small.map((hit) => hit.name)).toEqual(expected);
  });
});
