/**
 * The trash: where things go before they vanish, so that they vanish at once, and where a blob can be taken back
 * from by whoever needs it after all.
 */
import { link, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { retryWhileHeld, temporaryName } from '../core/atomic-file.js';
import { type Digest, isDigest } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { folderNames } from './folder-names.js';
import type { Layout } from './layout.js';

/** Moves a file or folder into the trash and returns its new path; undefined when it is not there. */
export async function setAside(
  layout: Layout,
  path: string,
  name: 'ref' | 'folder',
): Promise<string | undefined> {
  return moveToTrash(layout, path, name);
}

export async function setBlobAside(layout: Layout, digest: Digest): Promise<string | undefined> {
  return moveToTrash(layout, layout.blob(digest), `blob-${digest}`);
}

/** Puts something back under its name, unless a new one has come there meanwhile. */
export async function putBack(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    if (!hasCode(error, 'EEXIST')) {
      // No hard links here: the rename may replace a new file, which has the same bytes.
      await rename(aside, path).catch((cause: unknown) => {
        if (!hasCode(cause, 'ENOENT')) throw cause;
      });
      return;
    }
  }
  await rm(aside, { force: true });
}

/** Digests of the blobs in the trash. */
export async function blobsInTrash(layout: Layout): Promise<Digest[]> {
  const digests = (await folderNames(layout.trash)).map(digestIn);
  return digests.filter((digest) => digest !== undefined);
}

/**
 * Takes a blob back out of the trash; nothing happens when it is not there. Safe against a collector that is
 * about to remove it: that removes the name in the trash, and the blob has its own again.
 */
export async function rescueBlob(layout: Layout, digest: Digest): Promise<void> {
  for (const name of await folderNames(layout.trash)) {
    if (digestIn(name) === digest) await putBack(join(layout.trash, name), layout.blob(digest));
  }
}

/** Removes a file or folder; it is gone for others at once, not file by file. */
export async function discard(layout: Layout, path: string): Promise<void> {
  const aside = await setAside(layout, path, 'folder');
  if (aside !== undefined) await rm(aside, { recursive: true, force: true });
}

async function moveToTrash(layout: Layout, path: string, name: string): Promise<string | undefined> {
  await makeFolder(layout.trash);
  const aside = temporaryName(join(layout.trash, name));
  try {
    await retryWhileHeld(() => rename(path, aside));
    return aside;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function digestIn(name: string): Digest | undefined {
  const digest = /^\.blob-([^.]*)\./.exec(name)?.[1];
  return isDigest(digest) ? digest : undefined;
}
