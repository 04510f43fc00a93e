/** The card of an adapted model. */
import type { Digest } from '../../core/digest.js';
import { cardDigest } from '../../registry/canonical-card.js';
import type { Card, CardFile } from '../../registry/card.js';
import { cardCategory, cardId, NAME_PATTERN } from '../../registry/card-names.js';
import { checkCard } from '../../registry/parse-card.js';
import type { FittedHead } from '../heads/fitted-head.js';
import type { AdaptedDetails } from './adapted-details.js';

/** What the caller decides; nothing is read from the clock. */
export interface CardChoices {
  /** Lower-case words joined by hyphens; see `adaptedName`. */
  readonly name: string;
  /** Default `1.0.0`. */
  readonly version?: string | undefined;
  /** ISO date. */
  readonly published: string;
  /** Replaces the sentence that is made of base, head and labels. */
  readonly summary?: string | undefined;
}

export interface AdaptedBlob {
  readonly path: string;
  readonly role: CardFile['role'];
  readonly size: number;
  readonly sha256: Digest;
}

const LONGEST_NAME = 80;
const LONGEST_SUMMARY = 400;
const TASKS = {
  classification: 'classification',
  'multi-label': 'multi-label-classification',
  regression: 'regression',
};

/** A name for a card out of that of a folder: `My Digits (2)` gives `my-digits-2`. */
export function adaptedName(text: string): string {
  const name = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/[.-]*-[.-]*|\.{2,}/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, LONGEST_NAME)
    .replace(/[.-]+$/, '');
  return NAME_PATTERN.test(name) ? name : 'adapted';
}

/**
 * Licence and input come from the base, labels from the head.
 * @param parameters numbers in the head and in changed tensors.
 * @throws ZooError `INVALID_CARD` for a bad name, version or date.
 */
export function adaptedCard(
  base: Card,
  head: FittedHead,
  { backbone }: AdaptedDetails,
  blobs: readonly AdaptedBlob[],
  parameters: number,
  choices: CardChoices,
): Card {
  const { kind, task, labels, outputs, activation } = head.head;
  const { cut, pooling, width } = backbone;
  return checkCard(
    {
      kind: 'model',
      name: choices.name,
      version: choices.version ?? '1.0.0',
      modality: base.modality,
      task: `${base.modality}-${TASKS[task]}`,
      summary: choices.summary ?? summaryOf(base, head),
      ...(base.architecture === undefined ? {} : { architecture: base.architecture }),
      format: { name: 'zoo-adapted', detail: `a ${kind} head on ${cardId(base)}, cut at ${cut}` },
      parameters,
      license: base.license,
      ...(base.input === undefined ? {} : { input: base.input }),
      output: {
        units: outputs,
        activation: activation === 'none' ? 'none' : activation,
        ...(labels.length > 0 ? { labels: [...labels] } : {}),
      },
      features: { layer: cut, width, ...(pooling === 'frames' ? {} : { pooling }) },
      base: { reference: `${cardCategory(base)}/${cardId(base)}`, digest: cardDigest(base) },
      published: choices.published,
      files: blobs.map((blob) => ({ ...blob, sources: [`file:${blob.path}`] })),
    },
    choices.name,
  );
}

function summaryOf(base: Card, { head }: FittedHead): string {
  const start = `${cardId(base)} with a new ${head.kind} head`;
  if (head.labels.length === 0) return `${start} that gives a number.`;
  const text = `${start} for ${head.labels.length} labels: ${head.labels.join(', ')}.`;
  return text.length <= LONGEST_SUMMARY ? text : `${text.slice(0, LONGEST_SUMMARY - 1).toWellFormed()}…`;
}
