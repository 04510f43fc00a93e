/**
 * Mark and sweep. Marked, and so kept: what refs name, what running processes hold, what lock files name, and
 * what is too young to have a ref. The steps stand in `collect` in the order that makes them safe.
 */
import { rm } from 'node:fs/promises';
import type { Digest } from '../core/digest.js';
import { chooseModels, digestsOf } from './choose-models.js';
import { folderNames } from './folder-names.js';
import { readHolds } from './holds.js';
import type { InstalledModel, InstalledModels } from './installed-models.js';
import { bareKey, type Layout, type ModelKey, modelId } from './layout.js';
import { removeDeadLeases } from './lease.js';
import { findLeftovers, stalePartials } from './leftovers.js';
import { dropModel, isHeld } from './remove-model.js';
import { listBlobs, rescueBlobs, sweepBlobs } from './sweep-blobs.js';
import { volumeTime } from './volume-time.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface CollectOptions {
  /** Bytes of blobs that may stay; models go, least recently used first, until they fit. Default: no limit. */
  maxSize?: number | undefined;
  /** Models unused for longer than this many ms go. Default: no limit. */
  maxAge?: number | undefined;
  /** Digests that lock files name: of manifests, cards or files. */
  keep?: Iterable<Digest> | undefined;
  /** Counts and removes nothing. */
  dryRun?: boolean | undefined;
  /** Blobs that nothing needs are left alone for this many ms after they were published. Default 1 hour. */
  graceMs?: number | undefined;
  /** Temporary files and folders without a ref go after this many ms without a change. Default 1 hour. */
  leftoverAgeMs?: number | undefined;
  /** Unfinished downloads and quarantined blobs go after this many ms without a change. Default 7 days. */
  partialAgeMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface CollectReport {
  readonly dryRun: boolean;
  readonly models: readonly (ModelKey & { readonly size: number })[];
  readonly blobs: number;
  readonly blobBytes: number;
  readonly partials: number;
  readonly partialBytes: number;
  /** Quarantined blobs, folders without a ref, files of processes that were killed. */
  readonly leftovers: number;
  /** Bytes that are free now: blobs and partial files. A program that has a file open delays it. */
  readonly freed: number;
  /** Bytes of the blobs that stay. */
  readonly kept: number;
  /** Models whose ref is damaged. While there are any, no blob is removed: it could be theirs. */
  readonly unreadable: readonly string[];
}

/** @throws the signal's reason between two steps; the system's error. What was removed until then is gone. */
export async function collect(
  layout: Layout,
  models: InstalledModels,
  options: CollectOptions = {},
): Promise<CollectReport> {
  const { signal, dryRun = false } = options;
  const { graceMs = HOUR_MS, leftoverAgeMs = HOUR_MS, partialAgeMs = 7 * DAY_MS } = options;
  const now = dryRun ? Date.now() : await volumeTime(layout);
  const keep = new Set(options.keep);

  const { models: installed, unreadable } = await models.list();
  const held = await readHolds(layout.holds, now);
  const needed = new Set<Digest>([
    ...keep,
    ...held.digests,
    ...installed.flatMap((one) => [...digestsOf(one)]),
  ]);
  if (!dryRun) await rescueBlobs(layout, needed);
  const blobs = await listBlobs(layout);

  // 1. Mark: what stays whatever happens to the models.
  const referenced = new Set(installed.flatMap((model) => [...digestsOf(model)]));
  const young = blobs.filter((blob) => !referenced.has(blob.digest) && now - blob.published < graceMs);
  const pinned = new Set([...keep, ...held.digests, ...young.map((blob) => blob.digest)]);

  // 2. Choose and drop models.
  const chosen = chooseModels(installed, {
    maxSize: options.maxSize,
    unusedSince: options.maxAge === undefined ? undefined : new Date(Date.now() - options.maxAge),
    sizes: new Map(blobs.map((blob) => [blob.digest, blob.size])),
    pinned,
    isProtected: (model) => isHeld(model, held) || keep.has(model.digest) || keep.has(model.card),
  });
  const dropped: InstalledModel[] = [];
  for (const model of chosen) {
    signal?.throwIfAborted();
    if (dryRun || (await dropModel(layout, models, model, now))) dropped.push(model);
  }

  // 3. Sweep blobs that nothing needs any more.
  signal?.throwIfAborted();
  const gone = new Set(dropped);
  const stays = new Set(
    installed.filter((model) => !gone.has(model)).flatMap((model) => [...digestsOf(model)]),
  );
  const victims =
    unreadable.length > 0 ? [] : blobs.filter(({ digest }) => !stays.has(digest) && !pinned.has(digest));
  const swept = dryRun ? victims : await sweepBlobs(layout, models, victims, now);

  // 4. Sweep what unfinished work left.
  signal?.throwIfAborted();
  const partials = await stalePartials(layout, held, now - partialAgeMs);
  const leftovers = await findLeftovers(layout, models, {
    before: now - leftoverAgeMs,
    quarantinedBefore: now - partialAgeMs,
  });
  if (!dryRun) {
    for (const { path } of [...partials, ...leftovers]) await rm(path, { recursive: true, force: true });
    for (const path of held.stale) await rm(path, { force: true });
    await removeDeadLeases(layout.leases, await folderNames(layout.leases));
  }

  const blobBytes = total(swept);
  const partialBytes = total(partials);
  return {
    dryRun,
    models: dropped.map((model) => ({ ...bareKey(model), size: model.size })),
    blobs: swept.length,
    blobBytes,
    partials: partials.length,
    partialBytes,
    leftovers: leftovers.length + held.stale.length,
    freed: blobBytes + partialBytes,
    kept: total(blobs) - blobBytes,
    unreadable: unreadable.map(({ key }) => modelId(key)),
  };
}

function total(entries: readonly { readonly size: number }[]): number {
  return entries.reduce((sum, entry) => sum + entry.size, 0);
}
