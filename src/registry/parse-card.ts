/** JSON text to a checked card. */

import { ZooError } from '../core/errors.js';
import { pieceCount } from '../core/pieces.js';
import { checkPathSet } from '../core/safe-path.js';
import { type Card, cardSchema } from './card.js';
import { archiveLocator, parseLocator } from './locator.js';

/** Larger than any honest card, small enough to parse at once: 16 MiB. */
export const MAX_CARD_BYTES = 16 * 1024 * 1024;

/**
 * Reads a card from JSON text.
 * @param origin names the file or address in errors.
 * @throws ZooError `INVALID_CARD` (with the path of the first wrong field) or `UNSAFE_PATH`.
 */
export function parseCard(text: string, origin: string): Card {
  if (text.length > MAX_CARD_BYTES) {
    throw new ZooError('INVALID_CARD', `${origin} is too large for a card`, {
      expected: `at most ${MAX_CARD_BYTES} bytes`,
      found: text.length,
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ZooError(
      'INVALID_CARD',
      `${origin} is not JSON: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
  return checkCard(json, origin);
}

/** Checks a parsed JSON value; see `parseCard`. */
export function checkCard(json: unknown, origin: string): Card {
  const result = cardSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    const where = issue === undefined ? '' : issue.path.join('.');
    throw new ZooError(
      'INVALID_CARD',
      `${origin} is not a valid card: ${where || 'document'}: ${issue?.message ?? 'unknown'}`,
      {
        hint: 'registry/card.schema.json describes every field; an editor can check a card against it.',
        cause: result.error,
      },
    );
  }
  const card = result.data;
  checkPathSet(
    card.files.map((file) => file.path),
    origin,
  );
  for (const blob of [...card.files, ...(card.archives ?? [])]) {
    const expected = pieceCount(blob.size);
    const found = blob.pieces?.length ?? 0;
    if (found !== 0 && found !== expected) {
      throw new ZooError('INVALID_CARD', `${origin} has the wrong number of piece hashes for a blob`, {
        expected,
        found,
      });
    }
  }
  if (card.input !== undefined && card.input.modality !== card.modality) {
    throw new ZooError('INVALID_CARD', `${origin} says one modality and describes the input of another`, {
      expected: card.modality,
      found: card.input.modality,
    });
  }
  checkOutput(card, origin);
  checkArchives(card, origin);
  return card;
}

function checkOutput(card: Card, origin: string): void {
  const { units, labels } = card.output ?? {};
  if (units !== undefined && labels !== undefined && labels.length !== units) {
    throw new ZooError('INVALID_CARD', `${origin} has another number of labels than of output units`, {
      expected: units,
      found: labels.length,
    });
  }
}

function checkArchives(card: Card, origin: string): void {
  const known = new Set(card.archives?.map((archive) => archive.locator));
  if (known.size !== (card.archives?.length ?? 0)) {
    throw new ZooError('INVALID_CARD', `${origin} lists an archive twice`);
  }
  for (const file of card.files) {
    for (const source of file.sources) {
      const locator = parseLocator(source);
      if (locator.scheme !== 'npm' && locator.scheme !== 'pypi') continue;
      if (locator.path === undefined || !known.has(archiveLocator(locator))) {
        throw new ZooError(
          'INVALID_CARD',
          `${origin} takes ${file.path} from an archive that it does not list`,
          {
            expected: `an entry of "archives" with locator ${archiveLocator(locator)}`,
            found: source,
          },
        );
      }
    }
  }
}
