/** Brings the files of a runtime into the cache: what is there and right stays, the rest is fetched. */
import { sha256OfFile } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { forEachBounded } from '../core/for-each-bounded.js';
import { discardLeftovers, fetchBlobs } from '../zoo/fetch-blobs.js';
import type { FetchTools } from '../zoo/fetch-tools.js';
import { missingBlobs, totalSize, type WantedBlob, wantedBlobs } from '../zoo/wanted-blob.js';
import { asCard, bytesToFetch, type Offer, type RuntimeFile } from './offers.js';

const PARALLEL = 4;

/** Those of `files` that neither this cache nor a shared one has with the right bytes. Damaged ones are set aside. */
export async function filesToFetch(
  offer: Offer,
  files: readonly RuntimeFile[],
  tools: Pick<FetchTools, 'cache' | 'signal'>,
): Promise<RuntimeFile[]> {
  const blobs = wantedBlobs(asCard(offer, files));
  await forEachBounded(blobs, PARALLEL, (blob) => setAsideDamaged(blob, tools), tools.signal);
  const missing = new Set((await missingBlobs(tools.cache, blobs)).map(({ sha256 }) => sha256));
  return files.filter(({ sha256 }) => missing.has(sha256));
}

/** A library that was damaged in place is a hard link of its blob: both are. */
async function setAsideDamaged(
  { sha256, size, label }: WantedBlob,
  { cache, signal }: Pick<FetchTools, 'cache' | 'signal'>,
): Promise<void> {
  const path = await cache.findBlob(sha256, size);
  if (path === undefined || (await sha256OfFile(path, signal)) === sha256) return;
  await cache.quarantine(sha256);
  if ((await cache.findBlob(sha256, size)) !== path) return;
  throw new ZooError('INTEGRITY', `A shared cache holds wrong bytes of ${label}`, {
    expected: `sha256 ${sha256}`,
    found: path,
    hint: 'Leave that cache out of ZOO_SHARED_CACHE, or have its owner run "zoo verify --repair".',
  });
}

/**
 * Fetches `files`. Their digests must be held.
 * @returns bytes received. @throws ZooError `NOT_CACHED` when offline; those of `fetchBlobs`.
 */
export async function fetchFiles(
  offer: Offer,
  files: readonly RuntimeFile[],
  tools: FetchTools,
): Promise<number> {
  const blobs = wantedBlobs(asCard(offer, files));
  if (blobs.length > 0 && tools.offline) {
    throw new ZooError('NOT_CACHED', 'The runtime is not in the cache as a whole, and zoo is offline', {
      expected: 'all of its files in the cache',
      found: `${blobs.length} of them missing`,
      hint: 'Install it once without --offline and with ZOO_OFFLINE unset, or name a cache that has them in ZOO_SHARED_CACHE.',
    });
  }
  // Packed and unpacked files lie side by side for a while.
  await tools.cache.checkSpace(totalSize(blobs) + bytesToFetch(offer, files));
  const received = await fetchBlobs(blobs, tools);
  await discardLeftovers(wantedBlobs(asCard(offer, files)), tools);
  return received;
}
