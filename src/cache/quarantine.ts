/**
 * Damaged blobs, moved out of the way so that a whole one can be published; most of their pieces are still good
 * and need not be fetched again.
 */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { retryWhileHeld, temporaryName } from '../core/atomic-file.js';
import type { Digest } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { folderNames } from './folder-names.js';
import type { Layout } from './layout.js';

/** Moves the blob into quarantine and returns its path there, or that of one moved earlier; else undefined. */
export async function quarantineBlob(layout: Layout, digest: Digest): Promise<string | undefined> {
  const blob = layout.blob(digest);
  await makeFolder(layout.quarantine);
  const aside = temporaryName(join(layout.quarantine, digest));
  try {
    await retryWhileHeld(() => rename(blob, aside));
    return aside;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return (await quarantined(layout, digest)).at(-1);
}

/** Removes quarantined copies of a blob that has been published anew. */
export async function releaseQuarantine(layout: Layout, digest: Digest): Promise<void> {
  for (const path of await quarantined(layout, digest)) await rm(path, { force: true });
}

async function quarantined(layout: Layout, digest: Digest): Promise<string[]> {
  const names = await folderNames(layout.quarantine);
  return names.filter((name) => name.includes(digest)).map((name) => join(layout.quarantine, name));
}
