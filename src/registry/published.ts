/**
 * `registry/published.json`: the digest with which each version was published. It is what makes a card immutable:
 * entries are added and never changed.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Digest, isDigest } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import type { Card } from './card.js';
import { cardCategory, cardId } from './card-names.js';
import { publishFile } from './index-publish.js';

export const PUBLISHED_FILE = 'published.json';

const publishedSchema = z.record(z.string(), z.string().refine(isDigest, { error: 'not a sha256 digest' }));

/** Digests by `qualifiedId`. */
export type Published = ReadonlyMap<string, Digest>;

/** `image/mobilenet-v2@1.0.0`: names one version among all cards. */
export function qualifiedId(card: Pick<Card, 'kind' | 'modality' | 'name' | 'version'>): string {
  return `${cardCategory(card)}/${cardId(card)}`;
}

/**
 * Reads the record in the folder of cards `root`; empty when there is none yet.
 * @throws ZooError `INVALID_CARD` when it is malformed.
 */
export async function readPublished(root: string): Promise<Published> {
  const path = join(root, PUBLISHED_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return new Map();
    throw error;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ZooError('INVALID_CARD', `${path} is not JSON`, { cause });
  }
  const result = publishedSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new ZooError('INVALID_CARD', `${path} is malformed: ${issue?.path.join('.')}: ${issue?.message}`, {
      expected: 'an object of category/name@version to sha256',
      cause: result.error,
    });
  }
  return new Map(Object.entries(result.data));
}

/**
 * Records versions that are not recorded yet, in one step.
 * @returns what was added, in order.
 * @throws ZooError `POLICY`, and nothing is written, when a recorded version has another digest.
 */
export async function recordPublished(
  root: string,
  cards: Iterable<readonly [id: string, digest: Digest]>,
): Promise<string[]> {
  const published = new Map(await readPublished(root));
  const added: string[] = [];
  for (const [id, digest] of cards) {
    const before = published.get(id);
    if (before === digest) continue;
    if (before !== undefined) {
      throw new ZooError('POLICY', `The card of ${id} was changed after it was published`, {
        expected: before,
        found: digest,
        hint: 'Put it back as it was, and publish the change as a new version.',
      });
    }
    published.set(id, digest);
    added.push(id);
  }
  if (added.length === 0) return added;
  const sorted = Object.fromEntries([...published].sort(([a], [b]) => (a < b ? -1 : 1)));
  const path = join(root, PUBLISHED_FILE);
  const temporary = `${path}.${process.pid}.new`;
  try {
    await writeFile(temporary, `${JSON.stringify(sorted, null, 2)}\n`);
    await publishFile(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return added.sort();
}
