import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cardDigest } from '../../src/registry/canonical-card.js';
import { cardCategory } from '../../src/registry/card-names.js';
import { buildIndex } from '../../src/registry/index-build.js';
import { openIndex } from '../../src/registry/index-open.js';
import { Database } from '../../src/registry/sqlite.js';
import { generateCards } from '../support/generated-cards.js';
import { sampleCard } from '../support/sample-card.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

async function target(): Promise<{ folder: string; path: string }> {
  const folder = await temporaryFolder('index');
  return { folder, path: join(folder, 'catalogue.sqlite') };
}

describe('buildIndex', () => {
  it('keeps every card whole', async () => {
    const { path, folder } = await target();
    const cards = [...generateCards(600, { seed: 5 })];
    const result = await buildIndex(cards, path);
    expect(result).toMatchObject({
      path,
      cards: 600,
      models: new Set(cards.map((card) => `${cardCategory(card)}/${card.name}`)).size,
    });
    const index = openIndex(path);
    expect(index.count()).toEqual({ cards: result.cards, models: result.models });
    for (const card of cards) {
      const found = index.get(cardCategory(card), card.name, card.version);
      expect(found?.card).toEqual(card);
      expect(found?.digest).toBe(cardDigest(card));
    }
    index.close();
    expect(await readdir(folder)).toEqual(['catalogue.sqlite']);
  });

  it('gives the same bytes for the same cards in any order', async () => {
    const cards = [...generateCards(400, { seed: 9 })];
    const files: Buffer[] = [];
    for (const order of [
      cards,
      cards.toReversed(),
      cards.toSorted((a, b) => (a.summary < b.summary ? -1 : 1)),
    ]) {
      const { path } = await target();
      await buildIndex(order, path);
      files.push(await readFile(path));
    }
    expect(files[1]?.equals(files[0] ?? Buffer.alloc(0))).toBe(true);
    expect(files[2]?.equals(files[0] ?? Buffer.alloc(0))).toBe(true);
  });

  it('takes cards from a stream, and none at all', async () => {
    const { path } = await target();
    async function* stream() {
      yield sampleCard();
    }
    expect(await buildIndex(stream(), path)).toMatchObject({ cards: 1, models: 1 });
    expect(await buildIndex([], path)).toMatchObject({ cards: 0, models: 0 });
    const index = openIndex(path);
    expect(index.search('anything')).toEqual([]);
    expect(index.search('')).toEqual([]);
    index.close();
  });

  it('refuses what is not free, keeps the old index and leaves nothing behind', async () => {
    const { path, folder } = await target();
    await buildIndex([sampleCard()], path);
    const before = await readFile(path);
    const closed = sampleCard({
      name: 'closed',
      license: { weights: 'CC-BY-NC-4.0', statedIn: 'x', checked: '2026-01-01' },
    });
    const error = await thrownBy(() => buildIndex([sampleCard(), closed], path));
    expect([error.code, error.exitCode]).toEqual(['LICENSE', 6]);
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(['catalogue.sqlite']);
    expect(await buildIndex([closed], path, { allowed: ['CC-BY-NC-4.0'] })).toMatchObject({ cards: 1 });
  });

  it('refuses two cards of one version', async () => {
    const { path, folder } = await target();
    const error = await thrownBy(() => buildIndex([sampleCard(), sampleCard({ notes: 'other' })], path));
    expect(error.code).toBe('INVALID_CARD');
    expect(error.message).toContain('image/mobilenet-v2@1.0.0');
    expect(await readdir(folder)).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const { path, folder } = await target();
    const controller = new AbortController();
    const reason = new Error('enough');
    const building = buildIndex(generateCards(1_000_000), path, {
      signal: controller.signal,
      onProgress: (cards) => {
        if (cards >= 1000) controller.abort(reason);
      },
    });
    await expect(building).rejects.toBe(reason);
    await delay(10);
    expect(await readdir(folder)).toEqual([]);
  });

  it('makes the folder, and says when it can’t', async () => {
    const { folder } = await target();
    await buildIndex([sampleCard()], join(folder, 'a', 'b', 'x.sqlite'));
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['x.sqlite']);
    const inFile = join(folder, 'a', 'b', 'x.sqlite', 'y.sqlite');
    expect((await thrownBy(() => buildIndex([sampleCard()], inFile))).code).toBe('FILE_SYSTEM');
  });
});

describe('a file that is no index', () => {
  it.each<[string, string, (path: string) => Promise<void>]>([
    ['is missing', 'NOT_FOUND', async () => {}],
    ['is empty', 'INVALID_INDEX', (path) => writeFile(path, '')],
    ['is text', 'INVALID_INDEX', (path) => writeFile(path, 'x'.repeat(5000))],
    [
      'is another database',
      'INVALID_INDEX',
      async (path) => {
        new Database(path).exec('CREATE TABLE cards (id)').close();
      },
    ],
    [
      'has a newer format',
      'INVALID_INDEX',
      async (path) => {
        await buildIndex([sampleCard()], path);
        const database = new Database(path);
        database.pragma('user_version = 1000');
        database.close();
      },
    ],
    [
      'lacks a table',
      'INVALID_INDEX',
      async (path) => {
        await buildIndex([sampleCard()], path);
        new Database(path).exec('DROP TABLE postings').close();
      },
    ],
    [
      'is cut off',
      'INVALID_INDEX',
      async (path) => {
        await buildIndex(generateCards(50), path);
        await writeFile(path, (await readFile(path)).subarray(0, 5000));
      },
    ],
  ])('%s: %s', async (_what, code, make) => {
    const { path } = await target();
    await make(path);
    const error = await thrownBy(() => openIndex(path).resolve('mobilenet-v2'));
    expect(error.code).toBe(code);
    expect(error.hint).toBeDefined();
  });

  it('is noticed when a card in it was altered', async () => {
    const { path } = await target();
    await buildIndex([sampleCard(), sampleCard({ name: 'other' })], path);
    const database = new Database(path);
    database.exec('UPDATE cards SET body = (SELECT body FROM cards WHERE id = 1)');
    database.close();
    const index = openIndex(path);
    expect(index.resolve('mobilenet-v2').card.name).toBe('mobilenet-v2');
    expect((await thrownBy(() => index.resolve('other'))).code).toBe('INVALID_INDEX');
    index.close();
  });
});
