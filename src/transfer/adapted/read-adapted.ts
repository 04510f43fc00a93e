/** Reads an adapted model's folder, trusting nothing in it. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../../core/digest.js';
import { hasCode, ZooError } from '../../core/errors.js';
import { fewOf } from '../../data/few-of.js';
import { readSafetensors } from '../../formats/safetensors/read-safetensors.js';
import type { Weights } from '../../formats/weight.js';
import { cardDigest } from '../../registry/canonical-card.js';
import type { Card } from '../../registry/card.js';
import { MAX_CARD_BYTES, parseCard } from '../../registry/parse-card.js';
import { FittedHead } from '../heads/fitted-head.js';
import { readHead } from '../heads/head-kinds.js';
import { ADAPTED_VERSION, type AdaptedDetails, detailsSchema } from './adapted-details.js';
import { CARD_FILE, CHANGED_FILE, DETAILS_FILE, HEAD_FILE } from './adapted-files.js';

export interface AdaptedFolder {
  /** Its `base` is there. */
  readonly card: Card & { readonly base: NonNullable<Card['base']> };
  readonly details: AdaptedDetails;
  readonly head: FittedHead;
  /** Tensors of the base that training changed; empty for a probe. */
  readonly changed: Weights;
}

const NO_WEIGHTS: Weights = new Map();

/**
 * @throws ZooError `NOT_FOUND` when this is no folder of an adapted model; `INVALID_CARD`; `INTEGRITY` for files that
 *   are missing or not those of the card, for a format of a later version, and for a head that makes no sense; the
 *   signal's reason.
 */
export async function readAdapted(folder: string, signal?: AbortSignal): Promise<AdaptedFolder> {
  try {
    return await readWhole(folder, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function readWhole(folder: string, signal?: AbortSignal): Promise<AdaptedFolder> {
  const card = await readCard(folder);
  await checkFiles(folder, card, signal);
  const details = await readDetails(folder);
  const { weights } = await readSafetensors(join(folder, HEAD_FILE), { signal });
  const head = new FittedHead(readHead(details.head), details.backbone.width, weights);
  if (JSON.stringify(card.output?.labels ?? []) !== JSON.stringify(head.head.labels)) {
    throw new ZooError('INTEGRITY', 'Card and head name other labels', {
      expected: fewOf(card.output?.labels ?? [], 10) || 'none',
      found: fewOf(head.head.labels, 10) || 'none',
    });
  }
  const hasChanged = card.files.some(({ path }) => path === CHANGED_FILE);
  const changed = hasChanged
    ? (await readSafetensors(join(folder, CHANGED_FILE), { signal })).weights
    : NO_WEIGHTS;
  return { card, details, head, changed };
}

/** True for a folder with the card of an adapted model, which may still be damaged. */
export async function isAdaptedFolder(folder: string): Promise<boolean> {
  try {
    await readCard(folder);
    return true;
  } catch (error) {
    if (error instanceof ZooError) return false;
    throw error;
  }
}

/**
 * @param base the card of the network that was found for `card.base.reference`.
 * @throws ZooError `INTEGRITY` when it is another one than the model was made from.
 */
export function checkBase({ card }: AdaptedFolder, base: Card): void {
  const found = cardDigest(base);
  if (found === card.base.digest) return;
  throw new ZooError('INTEGRITY', `${card.name} was made from another ${card.base.reference}`, {
    expected: `a card with the digest ${card.base.digest}`,
    found,
    hint: 'With other weights its answers would mean nothing. Get the base that it names.',
  });
}

/**
 * @param opened the backbone as it was opened again.
 * @throws ZooError `INTEGRITY` when it gives other features than those that the head was trained on.
 */
export function checkBackbone(
  { card, details }: AdaptedFolder,
  opened: { readonly width: number; readonly preparer: { readonly identity: string } },
): void {
  const { width, preprocessing } = details.backbone;
  if (opened.width === width && opened.preparer.identity === preprocessing) return;
  const other = opened.width === width;
  throw new ZooError(
    'INTEGRITY',
    `${card.name} was trained on features that this version makes differently`,
    {
      expected: other ? preprocessing.slice(0, 300) : `${width} features`,
      found: other ? opened.preparer.identity.slice(0, 300) : opened.width,
      hint: 'Train it again, or use the version of neuralzoo that made it.',
    },
  );
}

async function readCard(folder: string): Promise<AdaptedFolder['card']> {
  const card = parseCard(await readText(folder, CARD_FILE), CARD_FILE);
  if (card.format.name !== 'zoo-adapted') throw noModel(folder, `a card of the format ${card.format.name}`);
  const { base } = card;
  if (base === undefined) {
    throw new ZooError('INTEGRITY', 'The card of an adapted model does not say what it was made from');
  }
  return { ...card, base };
}

async function checkFiles(folder: string, { files }: Card, signal?: AbortSignal): Promise<void> {
  const allowed = [DETAILS_FILE, HEAD_FILE, CHANGED_FILE];
  const stray = files.find(({ path }) => !allowed.includes(path));
  const needed = [DETAILS_FILE, HEAD_FILE].find((path) => !files.some((file) => file.path === path));
  if (stray !== undefined || needed !== undefined) {
    throw new ZooError('INTEGRITY', 'These are not the files of an adapted model', {
      expected: needed ?? allowed.join(', '),
      found: stray?.path ?? 'no such file in the card',
    });
  }
  for (const { path, size, sha256 } of files) {
    const file = join(folder, path);
    const found = await stat(file).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    });
    // Sizes first: a huge file need not be read to be refused.
    const right =
      found?.isFile() === true && found.size === size && (await sha256OfFile(file, signal)) === sha256;
    if (right) continue;
    throw new ZooError('INTEGRITY', `${path} is not what the card says`, {
      expected: `${size} bytes with the sha256 ${sha256}`,
      found:
        found === undefined ? 'no such file' : found.size === size ? 'other bytes' : `${found.size} bytes`,
      hint: 'It is damaged or was changed by hand. Train the model again, or get a good copy.',
    });
  }
}

async function readDetails(folder: string): Promise<AdaptedDetails> {
  const text = await readText(folder, DETAILS_FILE);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ZooError('INTEGRITY', `${DETAILS_FILE} is not JSON`, { cause });
  }
  const version =
    typeof json === 'object' && json !== null && 'formatVersion' in json ? json.formatVersion : undefined;
  if (version !== ADAPTED_VERSION) {
    throw new ZooError('INTEGRITY', 'This adapted model has a format that this version can not read', {
      expected: ADAPTED_VERSION,
      found: JSON.stringify(version ?? null).slice(0, 100),
      hint: typeof version === 'number' && version > ADAPTED_VERSION ? 'Update neuralzoo.' : undefined,
    });
  }
  const read = detailsSchema.safeParse(json);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new ZooError('INTEGRITY', `${DETAILS_FILE} is malformed: ${issue?.path.join('.') || 'document'}`, {
    found: issue?.message,
    cause: read.error,
  });
}

/** At most as long as a card may be. */
async function readText(folder: string, name: string): Promise<string> {
  const handle = await open(join(folder, name), 'r').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) throw noModel(folder, `no ${name}`);
    throw error;
  });
  try {
    const { size } = await handle.stat();
    if (size > MAX_CARD_BYTES) {
      throw new ZooError('INTEGRITY', `${name} is too large`, { expected: MAX_CARD_BYTES, found: size });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function noModel(folder: string, found: string): ZooError {
  return new ZooError('NOT_FOUND', 'This is not the folder of an adapted model', {
    expected: `${CARD_FILE}, ${DETAILS_FILE} and ${HEAD_FILE}`,
    found: `${found} in ${folder}`,
  });
}
