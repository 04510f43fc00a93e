/** Takes a lease (and a hold on a digest, if one is given), says so, and keeps both until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openCache } from '../../../src/cache/cache.js';
import { parseDigest } from '../../../src/core/digest.js';

const [root = '', key = '', digest] = process.argv.slice(2);
const cache = await openCache(root);
if (digest !== undefined) await cache.hold({ digests: [parseDigest(digest)] });
await cache.withLease(key, async () => {
  process.stdout.write('holding\n');
  await sleep(600_000);
});
