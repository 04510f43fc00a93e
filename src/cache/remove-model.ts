/** Takes an installed model away: first its ref, then its folder, then the blobs that nothing else needs. */
import { rename, rm } from 'node:fs/promises';
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { digestsOf } from './choose-models.js';
import { type Held, readHolds } from './holds.js';
import type { InstalledModel, InstalledModels } from './installed-models.js';
import { type Layout, type ModelKey, modelId } from './layout.js';
import { listBlobs, sweepBlobs } from './sweep-blobs.js';
import { putBack, setAside } from './trash.js';
import { volumeTime } from './volume-time.js';

export interface RemoveReport {
  /** False when it was not installed. */
  readonly removed: boolean;
  readonly blobs: number;
  /** Bytes of blobs that no other model and no running process needs, which are gone. */
  readonly freed: number;
}

/** Drops one model on the user's word, whoever holds it, and the blobs that nothing else needs. */
export async function removeModel(
  layout: Layout,
  models: InstalledModels,
  key: ModelKey,
): Promise<RemoveReport> {
  const digests = await models.read(key).then(
    (model) => (model === undefined ? [] : [...digestsOf(model)]),
    (error: unknown) => {
      if (error instanceof ZooError) return []; // its record is damaged: its blobs are left to the collector
      throw error;
    },
  );
  const removed = await takeAway(layout, models, key, async () => true);
  return { removed, ...(await dropUnneeded(layout, models, digests)) };
}

/** Removes those of the blobs that no installed model and no running process needs. */
export async function dropUnneeded(
  layout: Layout,
  models: InstalledModels,
  digests: Iterable<Digest>,
): Promise<Pick<RemoveReport, 'blobs' | 'freed'>> {
  const wanted = new Set(digests);
  const { models: others } = await models.list();
  for (const digest of others.flatMap((model) => [...digestsOf(model)])) wanted.delete(digest);
  const victims = (await listBlobs(layout)).filter(({ digest }) => wanted.has(digest));
  const swept = await sweepBlobs(layout, models, victims, await volumeTime(layout));
  return { blobs: swept.length, freed: swept.reduce((sum, blob) => sum + blob.size, 0) };
}

/** True when a running process holds the model, by name or by what names it. */
export function isHeld(model: InstalledModel, held: Held): boolean {
  return held.models.has(modelId(model)) || held.digests.has(model.digest) || held.digests.has(model.card);
}

/**
 * Drops a model that no running process holds; false when one does, or when it is gone already. As with blobs,
 * ref and folder move aside first and the holds are read second. A process whose hold comes between the two looks
 * at holds misses ref and folder for a moment: it then pulls or builds them again, out of blobs that are there.
 */
export async function dropModel(
  layout: Layout,
  models: InstalledModels,
  model: InstalledModel,
  now: number,
): Promise<boolean> {
  const isFree = async () => !isHeld(model, await readHolds(layout.holds, now));
  return (await isFree()) && (await takeAway(layout, models, model, isFree));
}

/** Moves ref and folder into the trash; puts both back when they may not go after all. */
async function takeAway(
  layout: Layout,
  models: InstalledModels,
  key: ModelKey,
  mayGo: () => Promise<boolean>,
): Promise<boolean> {
  const ref = await setAside(layout, layout.ref(key), 'ref');
  const folder = await setAside(layout, layout.model(key), 'folder');
  const goes = await mayGo();
  if (!goes) {
    if (ref !== undefined) await putBack(ref, layout.ref(key));
    // Fails when a new one is there already, which is as good.
    if (folder !== undefined) await rename(folder, layout.model(key)).catch(() => undefined);
  } else if (!(await models.has(key))) {
    await rm(layout.lastUse(key), { force: true });
  }
  for (const aside of [ref, folder]) {
    if (aside !== undefined) await rm(aside, { recursive: true, force: true });
  }
  return goes && ref !== undefined;
}
