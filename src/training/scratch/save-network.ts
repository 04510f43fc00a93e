/** Writes a network that was trained from scratch: a folder with a card that is a base like any other. */
import type { Dirent } from 'node:fs';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.js';
import { hasCode, ZooError } from '../../core/errors.js';
import { hashPieces } from '../../core/pieces.js';
import { checkPlace, placeFolder } from '../../core/place-folder.js';
import { layersContent, writeTfjsLayers } from '../../formats/tfjs-layers/write-tfjs-layers.js';
import type { Card, CardFile } from '../../registry/card.js';
import { licenseIds } from '../../registry/license-policy.js';
import { parseCard } from '../../registry/parse-card.js';
import { adaptedName } from '../../transfer/adapted/adapted-card.js';
import type { EvaluationReport } from '../evaluate/report.js';
import { originName } from '../origin-name.js';
import { type NetworkFacts, NO_LICENSE, networkCard } from './network-card.js';
import type { TrainNetworkReport } from './train-network-report.js';
import { CARD_FILE, TRAINING_FILE, trainingText } from './training-details.js';

export interface SaveNetworkOptions {
  /** Name of its card; by default made of the folder's. */
  readonly name?: string | undefined;
  /** Licence of the weights as an SPDX expression. Default `NONE`: nobody but you may pass them on. */
  readonly license?: string | undefined;
  /** ISO date in the card; today by default. */
  readonly published?: string | undefined;
  /** What was measured on examples that it has not seen. */
  readonly evaluation?: EvaluationReport | undefined;
  /** Replaces a network that was trained from scratch; anything else is never replaced. Default false. */
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ZooError `USAGE` for what is no SPDX expression. */
export function checkLicense(license: string): void {
  if (license === NO_LICENSE || licenseIds(license).length > 0) return;
  throw new ZooError('USAGE', 'Not an SPDX licence expression', {
    expected: 'such as MIT, Apache-2.0 or CC-BY-4.0',
    found: license,
  });
}

/**
 * Says before any work whether `saveNetwork` may write there.
 * @throws ZooError `FILE_SYSTEM` when a file lies there, a folder with anything else than a network that was trained from
 *   scratch, or one that may not be overwritten.
 */
export async function checkNetworkTarget(
  folder: string,
  options: Pick<SaveNetworkOptions, 'overwrite'> = {},
): Promise<void> {
  await checkPlace(folder, { ...options, mayReplace });
}

/** @throws ZooError `FILE_SYSTEM` as `checkNetworkTarget`; `USAGE`, `INVALID_CARD` for bad choices; the signal's reason. */
export function saveNetwork(
  folder: string,
  facts: NetworkFacts,
  report: TrainNetworkReport,
  options: SaveNetworkOptions = {},
): Promise<Card> {
  const { license = NO_LICENSE, signal } = options;
  checkLicense(license);
  const name = options.name ?? adaptedName(basename(resolve(folder)));
  const write = async (temporary: string) => {
    const paths = await writeTfjsLayers(temporary, await layersContent(facts.untrained.model), { signal });
    await writeFileAtomic(join(temporary, TRAINING_FILE), detailsOf(facts, report, options));
    const files = await Promise.all([...paths, TRAINING_FILE].map((path) => fileOf(temporary, path)));
    const card = networkCard(facts, files, {
      name,
      license,
      published: options.published ?? new Date().toISOString().slice(0, 10),
      origin: originName(report.data.origin),
      examples: report.data.examples,
    });
    await writeFileAtomic(join(temporary, CARD_FILE), `${JSON.stringify(card, undefined, 2)}\n`);
    return card;
  };
  return placeFolder(folder, write, { ...options, mayReplace });
}

function detailsOf(
  { architecture }: NetworkFacts,
  report: TrainNetworkReport,
  { evaluation }: SaveNetworkOptions,
): string {
  // Whether a run was interrupted changes nothing in what it gives.
  const { data, seed, notes: _, resumedFrom: __, ...recipe } = report;
  return trainingText({
    architecture: architecture.name,
    recipe,
    seed,
    data: { ...data, origin: originName(data.origin) },
    // A model is shared; the names of somebody's files are not.
    metrics: { evaluation: evaluation === undefined ? null : { ...evaluation, mistakes: undefined } },
  });
}

async function fileOf(folder: string, path: string): Promise<CardFile> {
  const { size, sha256, pieces } = await hashPieces(createReadStream(join(folder, path)));
  const role = path === 'model.json' ? 'topology' : path === TRAINING_FILE ? 'configuration' : 'weights';
  const sources = [`file:${path}`];
  return { path, role, size, sha256, ...(pieces.length > 0 ? { pieces: [...pieces] } : {}), sources };
}

async function mayReplace(folder: string, entries: readonly Dirent[], overwrite: boolean): Promise<void> {
  const card = await cardIn(folder);
  const known = new Set([CARD_FILE, ...(card?.files ?? []).map(({ path }) => path)]);
  const foreign = entries.filter((entry) => !entry.isFile() || !known.has(entry.name));
  if (foreign.length > 0 || !known.has(TRAINING_FILE)) {
    const names = (foreign.length > 0 ? foreign : entries).slice(0, 5).map(({ name }) => name);
    throw new ZooError('FILE_SYSTEM', 'Other files lie where the network should go', {
      expected: 'a new folder, an empty one, or one with a network that was trained from scratch',
      found: `${folder}: ${names.join(', ')}`,
      hint: 'Choose another folder.',
    });
  }
  if (overwrite) return;
  throw new ZooError('FILE_SYSTEM', 'There is a network already', {
    found: folder,
    hint: 'Choose another folder, or replace it with --force.',
  });
}

async function cardIn(folder: string): Promise<Card | undefined> {
  try {
    return parseCard(await readFile(join(folder, CARD_FILE), 'utf8'), CARD_FILE);
  } catch (error) {
    if (error instanceof ZooError || hasCode(error, 'ENOENT', 'EISDIR')) return undefined;
    throw error;
  }
}
