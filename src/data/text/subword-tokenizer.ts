/** Text to ids of words and pieces of words, by Hugging Face's tokenizers in JavaScript. */
import { Tokenizer } from '@huggingface/tokenizers';
import { ZooError } from '../../core/errors.js';
import { malformed } from '../../registry/describe/description.js';
import { type EncodedIds, type EncodeOptions, type IdTokenizer, padRows } from './encoded-texts.js';
import type { TokenizerDefinition } from './tokenizer-definition.js';

/** What is used of the library. */
interface Encoder {
  encode(text: string, options?: { add_special_tokens?: boolean }): { ids: number[] };
  get_vocab(): Map<string, number>;
  token_to_id(token: string): number | undefined;
}

/**
 * Truncation and padding that the file sets are not used: `maxLength` and the longest text of a batch decide.
 * @param path of the file, for messages.
 * @throws ZooError `INTEGRITY` when the library can't use the definition.
 */
export function subwordTokenizer(
  definition: TokenizerDefinition,
  path: string,
  maxLength: number | undefined,
): IdTokenizer {
  try {
    return new SubwordTokenizer(definition, maxLength);
  } catch (cause) {
    if (cause instanceof ZooError || !(cause instanceof Error)) throw cause;
    throw malformed(path, 'it is not a tokenizer that can be used', undefined, cause.message.slice(0, 200));
  }
}

class SubwordTokenizer implements IdTokenizer {
  readonly kind = 'ids';
  readonly vocabulary: number;
  readonly padding: number;
  readonly unknown: number | undefined;
  readonly maxLength: number | undefined;
  readonly #encoder: Encoder;
  readonly #lowerCase: boolean;
  /** Ids in front of and behind every text. */
  readonly #front: readonly number[];
  readonly #back: readonly number[];

  constructor(definition: TokenizerDefinition, maxLength: number | undefined) {
    // The library looks for these keys by name.
    const keys = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
    this.#encoder = new Tokenizer({ ...keys, ...definition }, {});
    this.maxLength = maxLength;
    this.#lowerCase = lowersCase(definition.normalizer);
    this.padding =
      definition.padding?.pad_id ??
      this.#encoder.token_to_id('[PAD]') ??
      this.#encoder.token_to_id('<pad>') ??
      0;
    this.unknown = unknownId(definition);
    let highest = -1;
    for (const id of this.#encoder.get_vocab().values()) highest = Math.max(highest, id);
    this.vocabulary = highest + 1;
    [this.#front, this.#back] = this.#surroundings();
  }

  encode(texts: readonly string[], options: EncodeOptions = {}): EncodedIds {
    const most = (options.maxLength ?? this.maxLength ?? Number.POSITIVE_INFINITY) - this.#around;
    if (!(most >= 1)) {
      throw new ZooError('USAGE', 'The longest text must have room for a token', {
        expected: `more than ${this.#around}`,
        found: String(options.maxLength ?? this.maxLength),
      });
    }
    let truncated = 0;
    const rows = texts.map((text) => {
      const ids = this.#ids(text);
      if (ids.length > most) truncated += 1;
      return [...this.#front, ...ids.slice(0, most), ...this.#back];
    });
    return padRows(rows, this.padding, truncated);
  }

  get #around(): number {
    return this.#front.length + this.#back.length;
  }

  /** Ids of the text alone. */
  #ids(text: string): number[] {
    // Sigma is the one letter that JavaScript lowers by what stands around it; the tokenizers of the networks don't.
    const wellFormed = text.toWellFormed();
    const prepared = this.#lowerCase ? wellFormed.replaceAll('Σ', 'σ') : wellFormed;
    try {
      return this.#encoder.encode(prepared, { add_special_tokens: false }).ids;
    } catch (cause) {
      // The library spreads all pieces of a run without spaces over the stack.
      if (!(cause instanceof RangeError)) throw cause;
      throw new ZooError('DATA', 'A text is too long for the tokenizer', {
        found: `${text.length} characters, ${JSON.stringify(text.slice(0, 40))} …`,
        hint: 'Cut it into parts.',
        cause,
      });
    }
  }

  /** What the post-processor puts around a text, seen from a probe. */
  #surroundings(): [number[], number[]] {
    const probe = 'a';
    const alone = this.#encoder.encode(probe, { add_special_tokens: false }).ids;
    const whole = this.#encoder.encode(probe).ids;
    for (let front = 0; front + alone.length <= whole.length; front++) {
      if (alone.every((id, index) => whole[front + index] === id)) {
        return [whole.slice(0, front), whole.slice(front + alone.length)];
      }
    }
    throw new Error('its post-processor changes the tokens of a text');
  }
}

function unknownId({ model }: TokenizerDefinition): number | undefined {
  if (model.type === 'Unigram') return model.unk_id ?? undefined;
  const { unk_token: token, vocab } = model;
  return typeof token === 'string' && Object.hasOwn(vocab, token) ? vocab[token] : undefined;
}

/** True when the normalizer, or one of a sequence, lowers case. */
function lowersCase(normalizer: unknown): boolean {
  if (typeof normalizer !== 'object' || normalizer === null) return false;
  const settings: Record<string, unknown> = { ...normalizer };
  if (settings.type === 'Lowercase') return true;
  if (settings.type === 'BertNormalizer') return settings.lowercase !== false;
  return Array.isArray(settings.normalizers) && settings.normalizers.some(lowersCase);
}
