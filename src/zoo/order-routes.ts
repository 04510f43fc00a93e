/** Which way to try first, when the ways of several blobs meet. */

import type { WantedBlob } from './wanted-blob.js';

/**
 * A tgz can only be fetched whole. Where one blob has no better way than such a package, the others that are in it
 * come out of it too, instead of being fetched a second time from elsewhere.
 */
export function preferNeededPackages(blobs: readonly WantedBlob[]): WantedBlob[] {
  const needed = new Set<string>();
  for (const { routes } of blobs) {
    const first = routes[0];
    if (first?.kind === 'archive' && first.format === 'tgz') needed.add(first.locator);
  }
  return blobs.map((blob) => {
    const inPackage = blob.routes.filter((route) => route.kind === 'archive' && needed.has(route.locator));
    const others = blob.routes.filter((route) => !inPackage.includes(route));
    return { ...blob, routes: [...inPackage, ...others] };
  });
}
