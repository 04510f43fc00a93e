/** The blobs that a card needs, each once, with the ways to get it. */
import type { Cache } from '../cache/cache.js';
import type { Digest } from '../core/digest.js';
import type { Card } from '../registry/card.js';
import { type Route, routesOf } from './routes.js';

export interface WantedBlob {
  /** The first path in the card that has these bytes, for messages. */
  readonly label: string;
  readonly size: number;
  readonly sha256: Digest;
  readonly pieces: readonly Digest[];
  readonly routes: readonly Route[];
  /** A damaged copy whose good pieces are used again. */
  readonly seed?: string;
}

/**
 * Files with the same bytes are one blob; its routes are those of all of them.
 * @param folder see `routesOf`.
 */
export function wantedBlobs(card: Pick<Card, 'files' | 'archives'>, folder?: string): WantedBlob[] {
  const blobs = new Map<Digest, WantedBlob>();
  for (const file of card.files) {
    const twin = blobs.get(file.sha256);
    const routes = routesOf(file, card.archives, folder);
    blobs.set(file.sha256, {
      label: twin?.label ?? file.path,
      size: file.size,
      sha256: file.sha256,
      pieces: file.pieces ?? [],
      routes: [...(twin?.routes ?? []), ...routes],
    });
  }
  return [...blobs.values()];
}

/** Blobs that neither this cache nor a shared one has. */
export async function missingBlobs(cache: Cache, blobs: readonly WantedBlob[]): Promise<WantedBlob[]> {
  const present = await Promise.all(blobs.map((blob) => cache.has(blob.sha256, blob.size)));
  return blobs.filter((_, index) => present[index] !== true);
}

export function totalSize(blobs: readonly WantedBlob[]): number {
  return blobs.reduce((sum, blob) => sum + blob.size, 0);
}
