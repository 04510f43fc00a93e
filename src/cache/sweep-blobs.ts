/**
 * Removes blobs while other processes may begin to use them.
 *
 * Who uses a blob writes a hold first and looks for the blob second, in its place and then in the trash. Who
 * removes one moves it to the trash first and looks for holds, then refs, second. So either the user finds no
 * blob and fetches it, or takes it back, or the remover sees the hold, or the ref that was written before the
 * hold ended, and puts the blob back.
 */
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, isDigest } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import { digestsOf } from './choose-models.js';
import { folderNames } from './folder-names.js';
import { readHolds } from './holds.js';
import type { InstalledModels } from './installed-models.js';
import type { Layout } from './layout.js';
import { blobsInTrash, putBack, rescueBlob, setBlobAside } from './trash.js';

/** A blob on the disk. */
export interface BlobEntry {
  readonly digest: Digest;
  readonly size: number;
  /** When it was published, by the clock of the volume, in ms. */
  readonly published: number;
}

/** All blobs, whoever needs them. */
export async function listBlobs(layout: Layout): Promise<BlobEntry[]> {
  const blobs: BlobEntry[] = [];
  for (const name of await folderNames(layout.blobs)) {
    if (!isDigest(name)) continue;
    try {
      const stat = await lstat(join(layout.blobs, name));
      if (stat.isFile()) blobs.push({ digest: name, size: stat.size, published: stat.mtimeMs });
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  return blobs;
}

/**
 * Removes blobs that no hold and no ref names, and returns those that went. A ref that can't be read may name
 * any of them: then none goes.
 */
export async function sweepBlobs(
  layout: Layout,
  models: InstalledModels,
  victims: readonly BlobEntry[],
  now: number,
): Promise<BlobEntry[]> {
  if (victims.length === 0) return [];
  const aside: { victim: BlobEntry; path: string }[] = [];
  for (const victim of victims) {
    const path = await setBlobAside(layout, victim.digest);
    if (path !== undefined) aside.push({ victim, path });
  }
  const held = await readHolds(layout.holds, now);
  const { models: installed, unreadable } = await models.list();
  const needed = new Set<Digest>([...held.digests, ...installed.flatMap((model) => [...digestsOf(model)])]);
  const removed: BlobEntry[] = [];
  for (const { victim, path } of aside) {
    if (unreadable.length > 0 || needed.has(victim.digest)) {
      await putBack(path, layout.blob(victim.digest));
    } else {
      await rm(path, { force: true });
      removed.push(victim);
    }
  }
  return removed;
}

/** What an interrupted sweep left in the trash goes back if something needs it. */
export async function rescueBlobs(layout: Layout, needed: ReadonlySet<Digest>): Promise<void> {
  for (const digest of await blobsInTrash(layout)) {
    if (needed.has(digest)) await rescueBlob(layout, digest);
  }
}
