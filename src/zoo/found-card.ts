/** From a reference to a card: out of the index, or a foreign card read from a file or an address. */
import { dirname, resolve } from 'node:path';
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { cardDigest } from '../registry/canonical-card.js';
import type { Card } from '../registry/card.js';
import type { Index } from '../registry/index-open.js';
import { formatLocator, type Locator, parseLocator } from '../registry/locator.js';
import { checkCard, MAX_CARD_BYTES, parseCard } from '../registry/parse-card.js';
import { parseReference } from '../registry/reference.js';
import { type AddressKind, literalHostKind } from '../sources/address-kind.js';
import { archiveKind } from '../sources/archive-kind.js';
import { localPath } from '../sources/file.js';
import type { Sources } from '../sources/open-sources.js';
import { SourceFault } from '../sources/remote-file.js';
import { faultError } from './fault-error.js';

export interface FoundCard {
  readonly card: Card;
  readonly digest: Digest;
  /** `index`, or the locator that a foreign card was read from. */
  readonly origin: string;
  readonly withdrawn: Card['withdrawn'];
  /** Where a card that was read from a file lies: its `file:` sources are relative to there. */
  readonly folder?: string | undefined;
}

export interface FindCardContext {
  readonly index: () => Index;
  readonly sources: () => Promise<Sources>;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/**
 * Finds the card that a reference means. A locator, or a path that ends in `.json`, is read as a foreign card.
 * @throws ZooError of the index; `USAGE` for a locator that is no card; `NETWORK`, `NOT_FOUND`, `INVALID_CARD`;
 * `POLICY` for a foreign card from the network that reaches for files or servers of this machine.
 */
export async function findCard(reference: string, context: FindCardContext): Promise<FoundCard> {
  const locator = foreignLocator(reference, context.cwd);
  if (locator !== undefined) return readForeignCard(locator, context);
  const { card, digest, withdrawn } = context.index().resolve(reference);
  // The index may be anybody's, and it does not check its cards when it answers.
  return { card: checkCard(card, `the card of ${reference}`), digest, origin: 'index', withdrawn };
}

function foreignLocator(reference: string, cwd: string): Locator | undefined {
  if (/^([a-z]:)?[^:]+\.json$/i.test(reference)) return { scheme: 'file', file: resolve(cwd, reference) };
  const parsed = parseReference(reference);
  if (parsed.kind !== 'locator') return undefined;
  if (archiveKind(parsed.locator) === undefined && /\.json$/.test(nameOf(parsed.locator)))
    return parsed.locator;
  throw new ZooError('USAGE', `${reference} is the address of bytes, not of a card`, {
    expected: 'a name, or a card: a .json file or address',
    hint: `Make a card for it first: zoo index add '${reference}'`,
  });
}

function nameOf(locator: Locator): string {
  if (locator.scheme === 'https') return new URL(locator.url).pathname;
  if (locator.scheme === 'file') return locator.file;
  return locator.path ?? '';
}

async function readForeignCard(locator: Locator, context: FindCardContext): Promise<FoundCard> {
  const origin = formatLocator(locator);
  const text = await readSmallFile(locator, context);
  const card = parseCard(text, origin);
  if (locator.scheme !== 'file' && hostKindOf(locator) !== 'loopback') refuseLocalSources(card, origin);
  const folder = locator.scheme === 'file' ? dirname(localPath(locator.file, context.cwd)) : undefined;
  const found = { card, digest: cardDigest(card), origin, withdrawn: card.withdrawn };
  return folder === undefined ? found : { ...found, folder };
}

async function readSmallFile(locator: Locator, context: FindCardContext): Promise<string> {
  try {
    const sources = await context.sources();
    const file = await sources.candidate(locator).open(context.signal);
    const { body } = await file.read(undefined, context.signal);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > MAX_CARD_BYTES) {
        throw new ZooError('INVALID_CARD', `${formatLocator(locator)} is too large for a card`, {
          expected: `at most ${MAX_CARD_BYTES} bytes`,
          found: 'more',
        });
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    if (!(error instanceof SourceFault)) throw error;
    throw faultError(error, "The card can't be read: ");
  }
}

/**
 * A card from elsewhere must not make this machine read its own files or ask its own servers.
 * @throws ZooError `POLICY`.
 */
export function refuseLocalSources(card: Card, origin: string): void {
  for (const file of card.files) {
    for (const source of file.sources) {
      const locator = parseLocator(source);
      if (locator.scheme === 'file' || ['loopback', 'never'].includes(hostKindOf(locator) ?? '')) {
        throw new ZooError('POLICY', `${origin} names a source on this machine for ${file.path}`, {
          expected: 'sources on the network',
          found: source,
          hint: 'If you trust it, save the card as a file and pull that.',
        });
      }
    }
  }
}

function hostKindOf(locator: Locator): AddressKind | undefined {
  return locator.scheme === 'https' ? literalHostKind(new URL(locator.url).hostname) : undefined;
}
