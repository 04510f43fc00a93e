/** Real networks, through this machine's own npm and pip configuration, with the cards of registry/. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { ZooError } from '../../src/core/errors.js';
import { cardSize } from '../../src/registry/card.js';
import { buildIndex } from '../../src/registry/index-build.js';
import { readCards } from '../../src/registry/read-cards.js';
import { openZoo, type Zoo } from '../../src/zoo/open-zoo.js';
import type { PullResult } from '../../src/zoo/pull.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { recordEvents } from '../support/zoo-world.js';

const CARDS = fileURLToPath(new URL('../../registry', import.meta.url));
let zoo: Zoo;
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder('real');
  const index = join(folder, 'index.sqlite');
  await buildIndex(readCards(CARDS, new AbortController().signal), index);
  zoo = await openZoo({ home: join(folder, 'cache'), index, cwd: folder });
});
afterAll(() => zoo.close());

/** Pulls, or skips the test where no registry can be reached. Under CI that fails instead. */
async function pull(reference: string, { skip }: TestContext) {
  const { onEvent, of } = recordEvents();
  try {
    return { result: await zoo.pull(reference, { onEvent }), started: of('start') };
  } catch (error) {
    if (!(error instanceof ZooError) || error.exitCode !== 5 || process.env.CI === 'true') throw error;
    // A server that answers has been reached.
    if (/answered \d{3}/.test(`${error.message} ${error.found}`)) throw error;
    return skip(`${reference} can't be reached from here: ${error.found ?? error.message}`);
  }
}

async function expectRightFiles({ card, path }: PullResult): Promise<void> {
  for (const file of card.files) {
    const bytes = await readFile(join(path, file.path));
    expect(bytes.length, file.path).toBe(file.size);
    expect(sha256(bytes), file.path).toBe(file.sha256);
  }
}

describe('real pulls', () => {
  it('a text network out of a wheel: magika', async (context) => {
    const { result } = await pull('magika', context);
    await expectRightFiles(result);
    const config = JSON.parse(await readFile(join(result.path, 'model_config.json'), 'utf8'));
    expect(config).toHaveProperty('train_dataset_info');
    expect((await zoo.pull('text/magika@^1')).upToDate).toBe(true);
  });

  it('an audio network out of an npm package: basic-pitch', async (context) => {
    const { result } = await pull('basic-pitch', context);
    await expectRightFiles(result);
    const model = JSON.parse(await readFile(join(result.path, 'model.json'), 'utf8'));
    const [shard] = model.weightsManifest[0].paths;
    expect(result.card.files.map(({ path }) => path)).toContain(shard);
    // Compressed, the package is smaller than what comes out of it.
    expect(result.received).toBeLessThan(1.05 * cardSize(result.card));
  });

  it('58 kB out of a wheel of 12 MB, by range: the digits', async (context) => {
    const { result, started } = await pull('dataset/digits', context);
    await expectRightFiles(result);
    expect(result.card.archives?.[0]?.size).toBeGreaterThan(12_000_000);
    expect(result.received).toBeLessThan(1_000_000);
    expect(started.map(({ label }) => label).toSorted()).toEqual(['digits.csv.gz', 'digits.rst']);
  });

  it('an image network: mobilenet-v2', async (context) => {
    const { result } = await pull('mobilenet-v2', context);
    await expectRightFiles(result);
    expect(result.received).toBeLessThan(1.05 * cardSize(result.card));
  });

  it('are all right when hashed again, and leave nothing in the working folders', async ({ skip }) => {
    const models = await zoo.list();
    if (models.length === 0) skip('nothing could be pulled from here');
    const { report } = await zoo.verify();
    expect(report).toMatchObject({ ok: true, models: models.length });
    expect(await readdir(join(folder, 'cache', 'partial'))).toEqual([]);
  });
});
