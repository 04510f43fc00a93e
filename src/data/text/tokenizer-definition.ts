/**
 * The three kinds of file that tokenizers come in, each as what the library builds a tokenizer from:
 * `tokenizer.json` (Hugging Face), `vocab.txt` (BERT's word pieces, one a line) and a JSON list of SentencePiece
 * pieces with their scores.
 */
import * as z from 'zod';
import { ZooError } from '../../core/errors.js';
import { type LocalFile, malformed } from '../../registry/describe/description.js';
import { readJson, readWhole } from '../../registry/describe/file-bytes.js';

/** The vocabularies of large multilingual models have some 20 MB. */
const MAX_FILE = 64_000_000;

const id = z.int().min(0).max(10_000_000);
const piece = z.string();
const words = z.record(piece, id);
const optional = z.looseObject({}).nullish();

const model = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('WordPiece'), vocab: words, unk_token: z.string() }),
  z.looseObject({ type: z.literal('BPE'), vocab: words }),
  z.looseObject({
    type: z.literal('Unigram'),
    vocab: z.array(z.tuple([piece, z.number()])).min(1),
    unk_id: id.nullish(),
  }),
]);

const definitionSchema = z.looseObject({
  model,
  added_tokens: z
    .array(z.looseObject({ id, content: z.string() }))
    .nullish()
    .transform((tokens) => tokens ?? []),
  normalizer: optional,
  pre_tokenizer: optional,
  post_processor: optional,
  padding: z.looseObject({ pad_id: id.optional() }).nullish(),
});

export type TokenizerDefinition = z.infer<typeof definitionSchema>;

/** @throws ZooError `INTEGRITY` for a file that is not a tokenizer of a known kind. */
export async function readTokenizerJson(file: LocalFile): Promise<TokenizerDefinition> {
  return checked(file, await readJson(file, MAX_FILE, 'a tokenizer'));
}

function checked(file: LocalFile, json: unknown): TokenizerDefinition {
  const read = definitionSchema.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw malformed(
    file.path,
    'it is not a tokenizer that can be used',
    'a model of type WordPiece, BPE or Unigram',
    issue === undefined ? undefined : `${issue.path.slice(0, 4).join('.')}: ${issue.message}`,
  );
}

/** BERT's own vocabulary file. @param lowerCase as the network was trained: lower case without accents. */
export async function readWordPieces(file: LocalFile, lowerCase: boolean): Promise<TokenizerDefinition> {
  const text = (await readWhole(file, MAX_FILE, 'a vocabulary')).toString('utf8');
  const pieces = text.replace(/\r?\n$/, '').split(/\r?\n/);
  const vocab: Record<string, number> = Object.create(null);
  for (const [index, word] of pieces.entries()) vocab[word] = index;
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].flatMap((content) => {
    const index = vocab[content];
    return index === undefined ? [] : [{ id: index, content, special: true, normalized: false }];
  });
  const [start, end] = ['[CLS]', '[SEP]'].map((content) =>
    special.find((token) => token.content === content),
  );
  if (start === undefined || end === undefined || vocab['[UNK]'] === undefined) {
    throw malformed(file.path, 'it is not a vocabulary of BERT', 'lines [CLS], [SEP] and [UNK]');
  }
  return checked(file, {
    added_tokens: special,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: lowerCase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', cls: ['[CLS]', start.id], sep: ['[SEP]', end.id] },
    decoder: null,
    model: {
      type: 'WordPiece',
      vocab,
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
    },
  });
}

const pairs = z
  .array(z.tuple([piece, z.number().nullable()]))
  .min(1)
  .max(10_000_000);

/** Longer words are cut here, so that time does not grow with their square. */
const LONGEST_WORD = 1000;

/**
 * A list of [piece, score]. The pieces in front with a score of 0 are reserved (unknown, begin, end …): text never
 * becomes one of them. A score of null counts as 0, as in the programs that these files were made for. Unknown
 * characters become id 0.
 */
export async function readSentencePieces(file: LocalFile): Promise<TokenizerDefinition> {
  const read = pairs.safeParse(await readJson(file, MAX_FILE, 'a vocabulary'));
  if (!read.success) throw malformed(file.path, 'it is not a list of pieces and scores');
  const reserved = read.data.findIndex(([, score]) => score !== 0);
  if (reserved < 1) {
    throw malformed(file.path, 'it has no reserved piece for what is unknown', 'a score of 0 at first');
  }
  // Lone surrogates occur in no text, as texts are made well-formed before.
  const vocab = read.data.map(([text, score], index): [string, number] =>
    index < reserved ? [String.fromCharCode(0xdc00 + index), 0] : [text, score ?? 0],
  );
  return checked(file, {
    added_tokens: [],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFKC' },
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: innerSpaces(vocab)
      ? null
      : {
          // No piece reaches over a space, so words can be taken one by one: the same pieces in less time.
          type: 'Split',
          pattern: { Regex: `▁[^▁]{0,${LONGEST_WORD}}|[^▁]{1,${LONGEST_WORD}}` },
          behavior: 'Removed',
          invert: true,
        },
    post_processor: null,
    decoder: null,
    model: { type: 'Unigram', unk_id: 0, vocab },
  });
}

function innerSpaces(vocab: readonly (readonly [string, number])[]): boolean {
  return vocab.some(([text]) => text.includes('▁', 1));
}

/** For a SentencePiece model in its own binary format. */
export function binaryModel(path: string): ZooError {
  return new ZooError('DATA', `${path} is a kind of tokenizer that can't be read`, {
    expected: 'tokenizer.json, vocab.txt, or pieces and scores in .json',
    hint: 'Many models have a tokenizer.json with the same content.',
  });
}
