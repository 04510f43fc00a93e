/**
 * What a card's identity is: the sha256 of its canonical JSON. `@sha256:` references and the check that a
 * published card never changes both use it. `$schema` (an editor's aid) and `withdrawn` (the one thing that
 * may be said about a version afterwards) are left out.
 */
import { type Digest, sha256 } from '../core/digest.js';
import type { Card } from './card.js';

/** JSON without spaces, keys in the order of their UTF-16 units (as RFC 8785); fields set to undefined are absent. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    if (!value.some((item) => typeof item === 'object' && item !== null)) return JSON.stringify(value);
    return `[${value.map(canonicalJson).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const record = value as Record<string, unknown>; // an object that is neither null nor an array
  const fields: string[] = [];
  for (const key of Object.keys(record).sort()) {
    const field = record[key];
    if (field !== undefined) fields.push(`${JSON.stringify(key)}:${canonicalJson(field)}`);
  }
  return `{${fields.join(',')}}`;
}

/** The canonical text; its UTF-8 bytes are what `cardDigest` hashes. */
export function canonicalCard(card: Card): string {
  const { $schema: _editor, withdrawn: _later, ...identity } = card;
  return canonicalJson(identity);
}

/** The digest that `name@sha256:…` asks for. */
export function cardDigest(card: Card): Digest {
  return sha256(canonicalCard(card));
}
