/** Runtimes are only changed in a cache that can be written; they are used in any. */
import type { Cache } from '../cache/cache.js';
import { ZooError } from '../core/errors.js';

/** @throws ZooError `FILE_SYSTEM` when the cache is read-only. */
export function requireWritable(cache: Cache, wanted: 'install' | 'remove'): void {
  if (!cache.readOnly) return;
  const [what, hint] =
    wanted === 'install'
      ? [
          'a runtime can not be installed there',
          'Set ZOO_HOME to a folder that can be written; one that is installed already is used as it is.',
        ]
      : ['its runtimes can not be removed', 'Whoever may write there can remove them.'];
  throw new ZooError('FILE_SYSTEM', `The cache is read-only: ${what}`, { found: cache.root, hint });
}
