/** Pulls a model as the zoo does: under a lease, looking first. Arguments: cache root, log of downloads. */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCache } from '../../../src/cache/cache.js';
import { installModel, testModel } from '../../support/cache-models.js';

const [root = '', log = ''] = process.argv.slice(2);
const cache = await openCache(root);
const model = await testModel({ 'model.json': '{}', 'weights.bin': 'w'.repeat(100_000) });
let waits = 0;
await cache.withLease(
  'image-tiny-net-1.0.0',
  async () => {
    if ((await cache.find({ name: 'tiny-net', version: '1.0.0' })).length > 0) return;
    await appendFile(log, `${process.pid}\n`);
    await sleep(500);
    await installModel(cache, model);
  },
  { onWait: () => waits++ },
);
const [found] = await cache.find({ name: 'tiny-net' });
if (found === undefined) throw new Error('not installed');
const bytes = await readFile(join(await cache.path(found), 'weights.bin'));
process.stdout.write(`done ${bytes.length} ${waits}\n`);
