/** Everything about a folder of cards that can be checked without a network, as a list of findings. */
import { type Digest, sha256 } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { cardDigest } from './canonical-card.js';
import type { Card } from './card.js';
import { cardCategory } from './card-names.js';
import { licenseProblems } from './license-policy.js';
import { PUBLISHED_FILE, type Published, qualifiedId, readPublished, recordPublished } from './published.js';
import { listCards, readCard } from './read-cards.js';

export type FindingCode =
  /** Schema, version, paths, labels against units, pieces against sizes, or the wrong folder. */
  | 'invalid'
  /** A file or folder that is no card. */
  | 'stray'
  | 'license'
  /** The card differs from what was published under its version. */
  | 'changed'
  /** Published once, and its card is gone. */
  | 'missing'
  /** Not recorded as published yet. */
  | 'unpublished'
  /** Two versions of a name have the same files. */
  | 'same-files'
  /** One digest with two sizes or two lists of pieces. */
  | 'blob-conflict'
  /** The base model is not among the cards, or another one now. */
  | 'base';

export interface Finding {
  /** `image/mobilenet-v2@1.0.0`, or a path where there is no readable card. */
  readonly card: string;
  /** An error fails the check; a note only says what is so. */
  readonly severity: 'error' | 'warning' | 'note';
  readonly code: FindingCode;
  readonly message: string;
}

export interface CheckOptions {
  /** Licences that pass although they are not free. */
  readonly allowed?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface CheckResult {
  /** Cards that could be read. */
  readonly cards: number;
  /** In the order of the cards, errors of the whole set last. */
  readonly findings: Finding[];
}

/** Checks the folder of cards `root`. @throws ZooError `NOT_FOUND` when there is none. */
export async function checkCards(root: string, options: CheckOptions = {}): Promise<CheckResult> {
  const { cards, strays, findings } = await readAll(root, options.signal);
  for (const path of strays) {
    findings.push({ card: path, severity: 'warning', code: 'stray', message: 'this is no card' });
  }
  const published = await readPublished(root).catch((error: unknown) => {
    findings.push(invalid(PUBLISHED_FILE, error));
    return undefined;
  });
  const digests = new Map([...cards].map(([id, card]) => [id, cardDigest(card)] as const));
  if (published !== undefined) findings.push(...againstPublished(digests, published));
  findings.push(
    ...licenses(cards, digests, options.allowed ?? []),
    ...twins(cards.values()),
    ...blobs(cards.values()),
  );
  return { cards: cards.size, findings };
}

/**
 * Records every card that is not recorded as published yet.
 * @returns the ids that were added.
 * @throws ZooError `POLICY` when a published card was changed, `INVALID_CARD` when one can't be read; nothing is
 * written then.
 */
export async function publishCards(root: string, signal?: AbortSignal): Promise<string[]> {
  const digests: [string, Digest][] = [];
  const { cards } = await listCards(root, signal);
  for (const place of cards) {
    const card = await readCard(root, place, signal);
    digests.push([qualifiedId(card), cardDigest(card)]);
  }
  return recordPublished(root, digests);
}

async function readAll(root: string, signal: AbortSignal | undefined) {
  const listing = await listCards(root, signal);
  const cards = new Map<string, Card>();
  const findings: Finding[] = [];
  for (const place of listing.cards) {
    signal?.throwIfAborted();
    try {
      const card = await readCard(root, place, signal);
      cards.set(qualifiedId(card), card);
    } catch (error) {
      findings.push(invalid(place.path, error));
    }
  }
  return { cards, strays: listing.strays, findings };
}

function invalid(path: string, error: unknown): Finding {
  if (!(error instanceof ZooError)) throw error;
  const found = error.found === undefined ? '' : ` (expected ${error.expected}, found ${error.found})`;
  return { card: path, severity: 'error', code: 'invalid', message: `${error.message}${found}` };
}

function* againstPublished(digests: ReadonlyMap<string, Digest>, published: Published): Generator<Finding> {
  for (const [card, digest] of digests) {
    const before = published.get(card);
    if (before === undefined) {
      yield { card, severity: 'note', code: 'unpublished', message: 'not recorded as published yet' };
    } else if (before !== digest) {
      const message = `was changed after it was published: its digest was ${before} and is ${digest}`;
      yield { card, severity: 'error', code: 'changed', message };
    }
  }
  for (const card of published.keys()) {
    if (digests.has(card)) continue;
    const message = 'was published and its card is gone or unreadable; withdraw it instead of removing it';
    yield { card, severity: 'error', code: 'missing', message };
  }
}

function* licenses(
  cards: ReadonlyMap<string, Card>,
  digests: ReadonlyMap<string, Digest>,
  allowed: readonly string[],
): Generator<Finding> {
  const byDigest = new Map([...digests].map(([id, digest]) => [digest, cards.get(id)] as const));
  for (const [id, card] of cards) {
    const base = card.base === undefined ? undefined : byDigest.get(card.base.digest);
    if (card.base !== undefined && base === undefined) {
      const message = `its base model ${card.base.reference} with digest ${card.base.digest} is not among the cards`;
      yield { card: id, severity: 'warning', code: 'base', message };
    }
    for (const { subject, reason } of licenseProblems(card, allowed, base)) {
      const message = `the licence of its ${subject} is not free: ${reason}`;
      yield { card: id, severity: 'error', code: 'license', message };
    }
  }
}

function* twins(cards: Iterable<Card>): Generator<Finding> {
  const seen = new Map<string, Card>();
  for (const card of cards) {
    const files = card.files.map((file) => `${file.path}\0${file.sha256}`).sort();
    const key = `${cardCategory(card)}/${card.name}/${sha256(files.join('\n'))}`;
    const twin = seen.get(key);
    if (twin === undefined) seen.set(key, card);
    else {
      const message = `has the same files as version ${twin.version}`;
      yield { card: qualifiedId(card), severity: 'error', code: 'same-files', message };
    }
  }
}

function* blobs(cards: Iterable<Card>): Generator<Finding> {
  const seen = new Map<Digest, { size: number; pieces: string | undefined; owner: string }>();
  for (const card of cards) {
    for (const blob of [...card.files, ...(card.archives ?? [])]) {
      const owner = qualifiedId(card);
      const pieces = blob.pieces?.join(' ');
      const before = seen.get(blob.sha256);
      if (before === undefined || (before.pieces === undefined && before.size === blob.size)) {
        seen.set(blob.sha256, { size: blob.size, pieces, owner });
        continue;
      }
      const differs =
        before.size !== blob.size
          ? 'size'
          : pieces !== undefined && before.pieces !== pieces
            ? 'pieces'
            : undefined;
      if (differs === undefined) continue;
      const message = `gives the blob ${blob.sha256} another ${differs} than ${before.owner}`;
      yield { card: owner, severity: 'error', code: 'blob-conflict', message };
    }
  }
}
