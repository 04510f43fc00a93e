/** Writes an adapted model's folder: whole, or not at all. */
import type { Dirent } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.js';
import { type Digest, sha256OfFile } from '../../core/digest.js';
import { hasCode, ZooError } from '../../core/errors.js';
import { checkPlace, placeFolder } from '../../core/place-folder.js';
import { writeSafetensors } from '../../formats/safetensors/write-safetensors.js';
import type { Weights } from '../../formats/weight.js';
import type { Card } from '../../registry/card.js';
import type { FittedHead } from '../heads/fitted-head.js';
import { type AdaptedBlob, adaptedCard, type CardChoices } from './adapted-card.js';
import { ADAPTED_VERSION, type AdaptedDetails, detailsSchema } from './adapted-details.js';
import { ADAPTED_FILES, CARD_FILE, CHANGED_FILE, DETAILS_FILE, HEAD_FILE } from './adapted-files.js';

export interface AdaptedContent extends CardChoices {
  /** Card of the network that the head sits on. */
  readonly base: Card;
  readonly head: FittedHead;
  readonly backbone: AdaptedDetails['backbone'];
  readonly recipe: AdaptedDetails['recipe'];
  readonly seed: number;
  readonly data: { readonly origin: string; readonly digest: Digest; readonly examples: number };
  readonly metrics: AdaptedDetails['metrics'];
  /** Tensors of the base that training changed, by their names in the network; none for a probe. */
  readonly changed?: Weights | undefined;
}

export interface SaveOptions {
  /** Replaces an adapted model that is there; anything else is never replaced. Default false. */
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The same content gives the same bytes. A process that is killed leaves what was there before, or the new model; see
 * `placeFolder`.
 * @param folder made when missing; its parents too.
 * @returns the card that was written.
 * @throws ZooError `FILE_SYSTEM` as `checkAdaptedTarget`; `INVALID_CARD` for a bad name, version or date; the system's
 *   error (ENOSPC, EACCES …). What was there before is still there then.
 */
export function saveAdapted(
  folder: string,
  content: AdaptedContent,
  options: SaveOptions = {},
): Promise<Card> {
  const { signal } = options;
  const write = (temporary: string) => writeAll(temporary, content, signal);
  return placeFolder(folder, write, { ...options, mayReplace });
}

/**
 * Says before any work whether `saveAdapted` may write there.
 * @throws ZooError `FILE_SYSTEM` when a file lies there, or a folder with anything else than an adapted model, or an
 *   adapted model that may not be overwritten.
 */
export async function checkAdaptedTarget(folder: string, options: SaveOptions = {}): Promise<void> {
  await checkPlace(folder, { ...options, mayReplace });
}

async function mayReplace(folder: string, entries: readonly Dirent[], overwrite: boolean): Promise<void> {
  const foreign = entries.filter((entry) => !entry.isFile() || !ADAPTED_FILES.includes(entry.name));
  if (foreign.length > 0 || !(await holdsAdaptedModel(folder))) {
    const names = (foreign.length > 0 ? foreign : entries).slice(0, 5).map(({ name }) => name);
    throw new ZooError('FILE_SYSTEM', 'Other files lie where the adapted model should go', {
      expected: 'a new folder, an empty one, or one with an adapted model and nothing else',
      found: `${folder}: ${names.join(', ')}`,
      hint: 'Choose another folder.',
    });
  }
  if (overwrite) return;
  throw new ZooError('FILE_SYSTEM', 'There is an adapted model already', {
    found: folder,
    hint: 'Choose another folder, or replace it with --force.',
  });
}

/** A look is enough: a model that is damaged may be replaced as well. */
async function holdsAdaptedModel(folder: string): Promise<boolean> {
  try {
    const json: unknown = JSON.parse(await readFile(join(folder, CARD_FILE), 'utf8'));
    if (typeof json !== 'object' || json === null || !('format' in json)) return false;
    const { format } = json;
    return typeof format === 'object' && format !== null && 'name' in format && format.name === 'zoo-adapted';
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function writeAll(folder: string, content: AdaptedContent, signal?: AbortSignal): Promise<Card> {
  const { head, changed = new Map() } = content;
  const details = detailsSchema.parse({
    formatVersion: ADAPTED_VERSION,
    head: head.head.describe(),
    backbone: content.backbone,
    recipe: content.recipe,
    seed: content.seed,
    data: content.data,
    metrics: content.metrics,
  } satisfies Record<keyof AdaptedDetails, unknown>);
  await writeFileAtomic(join(folder, DETAILS_FILE), pretty(details));
  await writeSafetensors(join(folder, HEAD_FILE), head.parameters, { format: 'zoo-adapted' }, signal);
  const blobs = [
    await blobOf(folder, DETAILS_FILE, 'configuration', signal),
    await blobOf(folder, HEAD_FILE, 'weights', signal),
  ];
  let parameters = head.size;
  if (changed.size > 0) {
    await writeSafetensors(join(folder, CHANGED_FILE), changed, { format: 'zoo-adapted' }, signal);
    blobs.push(await blobOf(folder, CHANGED_FILE, 'weights', signal));
    for (const { data } of changed.values()) parameters += data.length;
  }
  const card = adaptedCard(content.base, head, details, blobs, parameters, content);
  await writeFileAtomic(join(folder, CARD_FILE), pretty(card));
  return card;
}

async function blobOf(
  folder: string,
  path: string,
  role: AdaptedBlob['role'],
  signal?: AbortSignal,
): Promise<AdaptedBlob> {
  const file = join(folder, path);
  return { path, role, size: (await stat(file)).size, sha256: await sha256OfFile(file, signal) };
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
