/** Texts to the tensors of a network that reads: padded ids with a mask, one sparse matrix of ids, or strings. */
import { ZooError } from '../../core/errors.js';
import type { Raw, RawText } from '../../data/dataset.js';
import type { IdTokenizer, TextTokenizer } from '../../data/text/encoded-texts.js';
import type { Network } from '../../formats/network.js';
import type { CardInput } from '../../registry/card-input.js';
import { tf } from '../../runtime/tensorflow.js';
import { otherModality } from './modality.js';
import { type Batch, Notes, type Prepared, type Preparer } from './preparer.js';
import { type InputLayout, inputLayout, tokenBatch } from './token-batch.js';

export type TextInput = Extract<CardInput, { modality: 'text' }>;

export interface TextOptions {
  /** Most tokens of a text (characters for a network that takes strings); the card's by default. */
  readonly maxTokens?: number | undefined;
}

/**
 * @throws ZooError `DATA` when the network has fewer tokens or positions than are asked for, or inputs that are not
 * known.
 */
export function textPreparer(
  input: TextInput,
  tokenizer: TextTokenizer,
  network: Network,
  options: TextOptions = {},
): Preparer {
  const most = options.maxTokens ?? tokenizer.maxLength;
  if (tokenizer.kind === 'strings') return new StringPreparer(input, tokenizer, most);
  checkVocabulary(network, tokenizer);
  checkPositions(network, most);
  return new IdPreparer(input, tokenizer, most, inputLayout(network));
}

/** Ids beyond the table of word vectors would be rows of nothing. */
function checkVocabulary(network: Network, { vocabulary }: IdTokenizer): void {
  const rows = tableRows(network, /word_?embedding/i);
  if (rows === undefined || vocabulary <= rows) return;
  throw new ZooError('DATA', 'The tokenizer has more words than the network knows', {
    expected: `at most ${rows}`,
    found: vocabulary,
    hint: 'The tokenizer belongs to another network.',
  });
}

function checkPositions(network: Network, most: number | undefined): void {
  const rows = tableRows(network, /position_?embedding/i);
  if (rows === undefined || most === undefined || most <= rows) return;
  throw new ZooError('DATA', `This network reads at most ${rows} tokens of a text`, {
    expected: `at most ${rows}`,
    found: most,
    hint: 'Longer texts are cut, or cut them into parts before.',
  });
}

function tableRows({ parameters }: Network, name: RegExp): number | undefined {
  for (const parameter of parameters.values()) {
    if (name.test(parameter.name) && parameter.shape.length === 2) return parameter.shape[0];
  }
  return undefined;
}

/** What both kinds share: the text, whether it was cut, and that it is not empty. */
function textOf(raw: Raw, takes: string): string {
  if (raw.kind !== 'text') throw otherModality(takes, 'text', raw.kind);
  if (raw.text.trim() !== '') return raw.text;
  throw new ZooError('DATA', 'The text is empty', {
    expected: 'at least one word',
    found: JSON.stringify(raw.text),
  });
}

const NEUTRAL: RawText = { kind: 'text', text: 'a' };

function identityOf({ tokenizer, modality }: TextInput, most: number | undefined): string {
  return JSON.stringify({ modality, tokenizer, most: most ?? null });
}

class IdPreparer implements Preparer {
  readonly modality = 'text';
  readonly identity: string;
  readonly takes: string;
  readonly #tokenizer: IdTokenizer;
  readonly #most: number | undefined;
  readonly #layout: InputLayout;
  readonly #unknown: number | undefined;
  /** Behind the end of a text. The mask says that nothing is there; it is the tokenizer's own padding all the same. */
  readonly #padding: number;
  readonly #notes = new Notes();

  constructor(input: TextInput, tokenizer: IdTokenizer, most: number | undefined, layout: InputLayout) {
    this.#tokenizer = tokenizer;
    this.#most = most;
    this.#layout = layout;
    this.#unknown = unknownId(tokenizer);
    this.#padding = paddingId(tokenizer);
    this.identity = identityOf(input, most);
    this.takes = most === undefined ? 'text' : `text of at most ${most} tokens`;
  }

  get notes(): readonly string[] {
    return this.#notes.list();
  }

  forgetNotes(): void {
    this.#notes.clear();
  }

  async prepare(raw: Raw): Promise<Prepared> {
    const text = textOf(raw, this.takes);
    const { ids, truncated } = this.#tokenizer.encode([text], { maxLength: this.#most });
    if (ids.length === 0)
      throw new ZooError('DATA', 'The text holds no word', { found: JSON.stringify(text.slice(0, 80)) });
    if (truncated > 0) this.#notes.add('cut', (count) => `${texts(count)} cut at ${this.#most} tokens`);
    const unknown =
      this.#unknown === undefined ? 0 : ids.filter((id) => id === this.#unknown).length / ids.length;
    return { rows: 1, shape: [ids.length], values: ids, unknown };
  }

  batch(prepared: readonly Prepared[], positions?: number): Batch {
    const rows = prepared.map(({ values }) => {
      if (values instanceof Int32Array) return values;
      throw new RangeError('these rows are not of token ids');
    });
    return tokenBatch(rows, this.#layout, this.#padding, positions);
  }

  neutral(): RawText {
    return NEUTRAL;
  }
}

/**
 * The id that stands for what the vocabulary does not have: what a sign that no network was trained on becomes. None
 * where every byte has an id, so that two such signs differ.
 */
function unknownId(tokenizer: IdTokenizer): number | undefined {
  const [nothing, one, other] = ['', '\u{13000}', '\u{10381}'].map((text) => [
    ...tokenizer.encode([text]).ids,
  ]);
  const last = (ids: number[] = []) => {
    let end = ids.length;
    let same = nothing?.length ?? 0;
    while (end > 0 && same > 0 && ids[end - 1] === nothing?.[same - 1]) {
      end -= 1;
      same -= 1;
    }
    return ids[end - 1];
  };
  return last(one) === last(other) ? last(one) : undefined;
}

/** What stands behind the shorter of two texts. */
function paddingId(tokenizer: IdTokenizer): number {
  const { ids, length } = tokenizer.encode(['a', 'a a a a']);
  return ids[length - 1] ?? 0;
}

class StringPreparer implements Preparer {
  readonly modality = 'text';
  readonly identity: string;
  readonly takes: string;
  readonly #tokenizer: Extract<TextTokenizer, { kind: 'strings' }>;
  readonly #most: number | undefined;
  readonly #notes = new Notes();

  constructor(
    input: TextInput,
    tokenizer: Extract<TextTokenizer, { kind: 'strings' }>,
    most: number | undefined,
  ) {
    this.#tokenizer = tokenizer;
    this.#most = most;
    this.identity = identityOf(input, most);
    this.takes = most === undefined ? 'text' : `text of at most ${most} characters`;
  }

  get notes(): readonly string[] {
    return this.#notes.list();
  }

  forgetNotes(): void {
    this.#notes.clear();
  }

  async prepare(raw: Raw): Promise<Prepared> {
    const { texts: cut, truncated } = this.#tokenizer.encode([textOf(raw, this.takes)], {
      maxLength: this.#most,
    });
    if (truncated > 0) this.#notes.add('cut', (count) => `${texts(count)} cut at ${this.#most} characters`);
    return { rows: 1, shape: [], values: cut[0] ?? '' };
  }

  batch(prepared: readonly Prepared[]): Batch {
    return {
      inputs: tf.tensor1d(
        prepared.map(({ values }) => String(values)),
        'string',
      ),
      mask: undefined,
    };
  }

  neutral(): RawText {
    return NEUTRAL;
  }
}

function texts(count: number): string {
  return count === 1 ? '1 text was' : `${count} texts were`;
}
