/** The tokenizer that a model's card names. */
import { join } from 'node:path';
import { ZooError } from '../../core/errors.js';
import type { Card } from '../../registry/card.js';
import type { CardInput } from '../../registry/card-input.js';
import type { EncodedStrings, EncodeOptions, StringTokenizer, TextTokenizer } from './encoded-texts.js';
import { subwordTokenizer } from './subword-tokenizer.js';
import {
  binaryModel,
  readSentencePieces,
  readTokenizerJson,
  readWordPieces,
  type TokenizerDefinition,
} from './tokenizer-definition.js';

type TextInput = Extract<CardInput, { modality: 'text' }>;
type TokenizerEntry = NonNullable<TextInput['tokenizer']>;

/**
 * @param folder where the files of `card` lie.
 * @throws ZooError `DATA` for a card without text input, and for a kind of tokenizer that is not built; `INTEGRITY`
 * for a malformed file, or one with more ids than the network has; `NOT_FOUND` when the card lacks the file.
 */
export async function openTokenizer(folder: string, card: Card): Promise<TextTokenizer> {
  const { input } = card;
  if (input?.modality !== 'text' || input.tokenizer === undefined) {
    throw new ZooError('DATA', `${card.name} does not say how it takes in text`, {
      found: input === undefined ? 'no input' : `${input.modality} without a tokenizer`,
    });
  }
  const { tokenizer, maxLength } = input;
  if (tokenizer.kind === 'none') return new WholeStrings(maxLength);
  if (tokenizer.kind === 'bytes') {
    throw new ZooError('DATA', `${card.name} reads bytes by a rule of its own, which is not built`, {
      found: tokenizer.detail,
    });
  }
  const opened = subwordTokenizer(
    await readDefinition(folder, card, tokenizer),
    fileOf(card, tokenizer).path,
    maxLength,
  );
  if (tokenizer.vocabulary !== undefined && opened.vocabulary > tokenizer.vocabulary) {
    throw new ZooError('INTEGRITY', `The tokenizer of ${card.name} has ids that the network does not know`, {
      expected: `at most ${tokenizer.vocabulary}`,
      found: opened.vocabulary,
    });
  }
  return opened;
}

async function readDefinition(
  folder: string,
  card: Card,
  entry: TokenizerEntry,
): Promise<TokenizerDefinition> {
  const { path, size } = fileOf(card, entry);
  const local = { path, file: join(folder, path), size };
  if (/\.txt$/i.test(path) && entry.kind === 'wordpiece')
    return readWordPieces(local, entry.lowerCase ?? true);
  if (/\.json$/i.test(path)) {
    const own = entry.kind === 'sentencepiece' && !/(^|\/)tokenizer\.json$/i.test(path);
    return own ? readSentencePieces(local) : readTokenizerJson(local);
  }
  throw binaryModel(path);
}

function fileOf(card: Card, { file: path }: TokenizerEntry): Card['files'][number] {
  const found = card.files.find((file) =>
    path === undefined ? file.role === 'tokenizer' : file.path === path,
  );
  if (found !== undefined) return found;
  throw new ZooError('NOT_FOUND', `${card.name} lacks the file of its tokenizer`, {
    expected: path ?? 'a file with the role tokenizer',
    found: card.files.map((file) => file.path).join(', '),
  });
}

class WholeStrings implements StringTokenizer {
  readonly kind = 'strings';
  readonly maxLength: number | undefined;

  constructor(maxLength: number | undefined) {
    this.maxLength = maxLength;
  }

  encode(texts: readonly string[], options: EncodeOptions = {}): EncodedStrings {
    const most = options.maxLength ?? this.maxLength ?? Number.POSITIVE_INFINITY;
    let truncated = 0;
    const cut = texts.map((text) => {
      if (text.length <= most) return text;
      truncated += 1;
      // Not through the middle of a character that takes two units.
      return text.slice(0, /[\ud800-\udbff]/.test(text[most - 1] ?? '') ? most - 1 : most);
    });
    return { kind: 'strings', texts: cut, truncated };
  }
}
