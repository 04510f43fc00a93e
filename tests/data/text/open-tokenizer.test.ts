import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256OfFile } from '../../../src/core/digest.js';
import type { EncodedIds, IdTokenizer, TextTokenizer } from '../../../src/data/text/encoded-texts.js';
import { openTokenizer } from '../../../src/data/text/open-tokenizer.js';
import type { Card } from '../../../src/registry/card.js';
import minilm from '../../golden/minilm-tokens.json' with { type: 'json' };
import tiny from '../../golden/tiny-tokenizers.json' with { type: 'json' };
import useLite from '../../golden/use-lite-tokens.json' with { type: 'json' };
import { type RealModel, realModel } from '../../support/real-model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';

function idTokenizer(tokenizer: TextTokenizer): IdTokenizer {
  if (tokenizer.kind === 'ids') return tokenizer;
  throw new Error('it gives strings');
}

/** Ids of row `index` without the padding. */
function row({ ids, mask, length }: EncodedIds, index = 0): number[] {
  const start = index * length;
  return [...ids.slice(start, start + length)].filter((_, at) => mask[start + at] === 1);
}

type Entry = NonNullable<Extract<Card['input'], { modality: 'text' }>['tokenizer']>;

/** The real card with another tokenizer, whose file lies in a folder of its own. */
async function withFile(card: Card, name: string, content: string, entry: Entry): Promise<RealModel> {
  const folder = await temporaryFolder('tokenizer');
  await writeFile(join(folder, name), content);
  const [file] = card.files;
  if (file === undefined) throw new Error('no file');
  const files = [{ ...file, path: name, role: 'tokenizer' as const, size: Buffer.byteLength(content) }];
  return {
    folder,
    card: { ...card, files, input: { modality: 'text', tokenizer: { ...entry, file: name } } },
  };
}

let model: RealModel;
let lite: RealModel;
let bert: IdTokenizer;
beforeAll(async () => {
  model = await realModel('minilm-l6-v2');
  lite = await realModel('use-lite');
  bert = idTokenizer(await openTokenizer(model.folder, model.card));
});

describe('word pieces of MiniLM', () => {
  it('are those of the reference implementation', async () => {
    expect(await sha256OfFile(join(model.folder, 'tokenizer.json'))).toBe(minilm.tokenizer_json_sha256);
    expect(bert).toMatchObject({ vocabulary: 30522, padding: 0, unknown: 100 });
    expect(minilm.sentences).toHaveLength(60);
    for (const { text, ids } of minilm.sentences) {
      expect(row(bert.encode([text], { maxLength: 512 })), JSON.stringify(text)).toEqual(ids);
    }
  });

  it('are the same from vocab.txt', async () => {
    const file = model.card.files.find(({ path }) => path === 'vocab.txt');
    expect(file).toBeDefined();
    const { input } = model.card;
    if (input?.modality !== 'text' || input.tokenizer === undefined) throw new Error('no tokenizer');
    const card = { ...model.card, input: { ...input, tokenizer: { ...input.tokenizer, file: 'vocab.txt' } } };
    const other = idTokenizer(await openTokenizer(model.folder, card));
    for (const { text, ids } of minilm.sentences) {
      expect(row(other.encode([text], { maxLength: 512 })), JSON.stringify(text)).toEqual(ids);
    }
  });

  it('are padded to the longest of the batch, with a mask, and not to the length in tokenizer.json', () => {
    const texts = minilm.sentences.slice(0, 5);
    const batch = bert.encode(texts.map(({ text }) => text));
    expect(batch.batch).toBe(5);
    expect(batch.length).toBe(10);
    expect(batch.lengths).toEqual([9, 10, 2, 2, 6]);
    expect(batch.truncated).toBe(0);
    for (const [index, { ids }] of texts.entries()) {
      expect(row(batch, index)).toEqual(ids);
      const padding = batch.ids.slice(index * 10 + ids.length, (index + 1) * 10);
      expect(padding.every((id) => id === 0)).toBe(true);
    }
  });

  it('are cut where the reference implementation cuts, and it is counted', () => {
    for (const { text, max_length: maxLength, ids } of minilm.truncated) {
      const cut = bert.encode([text], { maxLength });
      expect(row(cut)).toEqual(ids);
      expect(cut.truncated).toBe(ids.length === maxLength ? 1 : 0);
    }
  });

  it('follow the length of the card, 256, and not the 128 of tokenizer.json', () => {
    const long = bert.encode(['word '.repeat(300), 'word '.repeat(254), 'word']);
    expect(long.lengths).toEqual([256, 256, 3]);
    expect(long.truncated).toBe(1);
    expect(row(long).slice(-2)).toEqual([2773, 102]);
  });

  it('need room for at least one token', async () => {
    expect((await thrownBy(() => bert.encode(['a'], { maxLength: 2 }))).code).toBe('USAGE');
  });

  it('of an empty batch are an empty batch', () => {
    expect(bert.encode([])).toMatchObject({ batch: 0, length: 0, lengths: [], truncated: 0 });
  });
});

describe('sentence pieces of USE-lite', () => {
  it('are those of the golden file', async () => {
    expect(await sha256OfFile(join(lite.folder, 'vocab.json'))).toBe(useLite.vocab_sha256);
    const tokenizer = idTokenizer(await openTokenizer(lite.folder, lite.card));
    expect(tokenizer).toMatchObject({ vocabulary: 8000, padding: 0, unknown: 0 });
    expect(useLite.sentences).toHaveLength(60);
    for (const sentence of useLite.sentences) {
      // Of two equally likely splits of 100 letters A the two reference programs choose one each.
      const ids = sentence.unigram_ids ?? sentence.ids;
      expect(row(tokenizer.encode([sentence.text])), JSON.stringify(sentence.text)).toEqual(ids);
    }
  });

  it('never become reserved pieces, and take long texts and words in their stride', async () => {
    const tokenizer = idTokenizer(await openTokenizer(lite.folder, lite.card));
    const ids = row(tokenizer.encode(['<s> </s> extra_token_id_1 \udc01']));
    expect(ids.filter((id) => id > 0 && id < 6)).toEqual([]);
    const many = tokenizer.encode(['The cat sat on the mat. '.repeat(10_000)]);
    expect(many.lengths).toEqual([80_001]);
    expect(tokenizer.encode(['x'.repeat(100_000)]).lengths[0]).toBeGreaterThan(10_000);
  });
});

describe('tokenizer.json of other kinds', () => {
  it.each(tiny.cases)(
    'gives the ids of the reference implementation: $name',
    async ({ name, tokenizer, texts }) => {
      const entry: Entry = { kind: name.startsWith('BPE') ? 'bpe' : 'wordpiece' };
      const own = await withFile(model.card, 'tokenizer.json', JSON.stringify(tokenizer), entry);
      const opened = idTokenizer(await openTokenizer(own.folder, own.card));
      for (const { text, ids } of texts) {
        expect(row(opened.encode([text])), JSON.stringify(text)).toEqual(ids);
      }
      const unknown = { 'BPE of bytes': undefined, Unigram: 0, 'WordPiece with capitals': 1 }[name];
      expect(opened.unknown).toBe(unknown);
      const all = opened.encode(texts.map(({ text }) => text));
      const padding = name.startsWith('BPE') || name.startsWith('Unigram') ? 1 : 0;
      for (const [at, id] of all.ids.entries()) if (all.mask[at] === 0) expect(id).toBe(padding);
    },
  );
});

describe('text as it is', () => {
  it('is cut to the characters that the card allows', async () => {
    const { folder, card } = await realModel('guesslang');
    const strings = await openTokenizer(folder, card);
    if (strings.kind !== 'strings') throw new Error('it gives ids');
    expect(strings.maxLength).toBe(10_000);
    const texts = ['short', 'x'.repeat(10_001), `${'x'.repeat(9_999)}😀`];
    const { texts: cut, truncated } = strings.encode(texts);
    expect(cut.map((text) => text.length)).toEqual([5, 10_000, 9_999]);
    expect(truncated).toBe(2);
  });
});

describe('what is refused', () => {
  it.each([
    ['text that is not JSON', '{', 'INTEGRITY'],
    ['another document', '{"model":{}}', 'INTEGRITY'],
    ['a model of another type', '{"model":{"type":"Weird","vocab":{}}}', 'INTEGRITY'],
    ['ids that are no ids', '{"model":{"type":"WordPiece","unk_token":"u","vocab":{"a":-1}}}', 'INTEGRITY'],
    [
      'a normalizer that nobody knows',
      '{"model":{"type":"WordPiece","unk_token":"u","vocab":{"u":0}},"normalizer":{"type":"Odd"}}',
      'INTEGRITY',
    ],
  ])('%s', async (_, content, code) => {
    const own = await withFile(model.card, 'tokenizer.json', content, { kind: 'wordpiece' });
    expect((await thrownBy(() => openTokenizer(own.folder, own.card))).code).toBe(code);
  });

  it.each([
    [
      'more ids than the network has',
      'vocab.json',
      '[["u",0],["a",-1],["b",-2]]',
      'sentencepiece',
      'INTEGRITY',
    ],
    ['pieces without a reserved one', 'vocab.json', '[["a",-1],["b",-2]]', 'sentencepiece', 'INTEGRITY'],
    ['a list of something else', 'vocab.json', '[["a","b"]]', 'sentencepiece', 'INTEGRITY'],
    ['a vocabulary without [CLS]', 'vocab.txt', '[UNK]\na\n', 'wordpiece', 'INTEGRITY'],
    ['a binary model', 'spiece.model', '\n\u0004', 'sentencepiece', 'DATA'],
    ['bytes by a rule of their own', 'x.json', '{}', 'bytes', 'DATA'],
  ] as const)('%s', async (_, name, content, kind, code) => {
    const own = await withFile(model.card, name, content, { kind, vocabulary: 2 });
    expect((await thrownBy(() => openTokenizer(own.folder, own.card))).code).toBe(code);
  });

  it('a card of pictures, and one that lacks the file', async () => {
    const { input, ...rest } = model.card;
    expect(input).toBeDefined();
    expect((await thrownBy(() => openTokenizer(model.folder, rest))).code).toBe('DATA');
    const none = { ...model.card, files: model.card.files.filter(({ role }) => role !== 'tokenizer') };
    expect((await thrownBy(() => openTokenizer(model.folder, none))).code).toBe('NOT_FOUND');
  });
});
