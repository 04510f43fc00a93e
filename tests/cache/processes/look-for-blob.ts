/** Prints as JSON whether a cache has a blob, or the error. Arguments: digest, size, root, shared roots. */
import { openCache } from '../../../src/cache/cache.js';
import { parseDigest } from '../../../src/core/digest.js';
import { ZooError } from '../../../src/core/errors.js';

const [digest = '', size = '', root = '', ...shared] = process.argv.slice(2);
try {
  const cache = await openCache(root, { shared });
  const has = await cache.has(parseDigest(digest), Number(size));
  process.stdout.write(JSON.stringify({ has, readOnly: cache.readOnly }));
} catch (error) {
  if (!(error instanceof ZooError)) throw error;
  process.stdout.write(JSON.stringify(error));
}
