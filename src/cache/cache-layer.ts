/** One cache folder with its parts: the user's own, or a shared one that is only read. */
import { access, constants, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.js';
import { hasCode } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { BlobStore, sizeOf } from './blob-store.js';
import { explainDiskError } from './disk-space.js';
import { InstalledModels } from './installed-models.js';
import { Layout } from './layout.js';

/** The file that marks an OCI image layout. */
const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

export interface CacheLayer {
  readonly layout: Layout;
  readonly blobs: BlobStore;
  readonly models: InstalledModels;
  /** Looked into after the user's own, and never written. */
  readonly shared: boolean;
  readonly writable: boolean;
}

/**
 * Opens the user's own cache folder, making it when missing. It is not writable when the caller or the file
 * system says so.
 * @throws ZooError `DISK_FULL` or `FILE_SYSTEM`; not for a folder that may only be read.
 */
export async function openOwnLayer(root: string, readOnly: boolean): Promise<CacheLayer> {
  const writable = !readOnly && (await prepare(root));
  return layer(await realRoot(root), false, writable);
}

export async function openSharedLayer(root: string): Promise<CacheLayer> {
  return layer(await realRoot(root), true, false);
}

function layer(root: string, shared: boolean, writable: boolean): CacheLayer {
  const layout = new Layout(root);
  const blobs = new BlobStore(layout, writable);
  return { layout, blobs, models: new InstalledModels(layout, blobs, shared), shared, writable };
}

/** False when this user can't write there. */
async function prepare(root: string): Promise<boolean> {
  const { blobs, partial } = new Layout(root);
  const marker = join(root, 'oci-layout');
  try {
    await makeFolder(blobs);
    await makeFolder(partial);
    await access(root, constants.W_OK);
    await access(blobs, constants.W_OK);
    if ((await sizeOf(marker)) !== OCI_LAYOUT.length) await writeFileAtomic(marker, OCI_LAYOUT);
    return true;
  } catch (error) {
    if (hasCode(error, 'EROFS', 'EACCES', 'EPERM')) return false;
    throw explainDiskError(error, `opening the cache in ${root}`);
  }
}

/** The root itself may be reached through links; nothing inside it is. */
async function realRoot(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch {
    return root; // not there, or not for this user: an empty cache
  }
}
