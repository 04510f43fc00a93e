import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { PIECE_SIZE } from '../../src/core/pieces.js';
import { cardDigest } from '../../src/registry/canonical-card.js';
import type { Card } from '../../src/registry/card.js';
import { cardCategory } from '../../src/registry/card-names.js';
import { checkCards, publishCards } from '../../src/registry/check-cards.js';
import { readPublished, recordPublished } from '../../src/registry/published.js';
import { listCards, readCards } from '../../src/registry/read-cards.js';
import { sampleCard } from '../support/sample-card.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

let root: string;

beforeEach(async () => {
  root = await temporaryFolder('cards');
});

async function put(
  card: Card,
  path = `${cardCategory(card)}/${card.name}/${card.version}.json`,
): Promise<void> {
  await write(path, JSON.stringify(card));
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

/** `code card` of each finding, notes left out. */
async function findings(allowed: string[] = []): Promise<string[]> {
  const result = await checkCards(root, { allowed });
  return result.findings
    .filter(({ severity }) => severity !== 'note')
    .map(({ code, card }) => `${code} ${card}`);
}

describe('a folder of cards', () => {
  it('is read in the order of its paths', async () => {
    const cards = [
      sampleCard({ version: '1.1.0' }),
      sampleCard(),
      sampleCard({ name: 'a', kind: 'dataset' }),
    ];
    for (const card of cards) await put(card);
    await write('card.schema.json', '{}');
    const ids: string[] = [];
    for await (const card of readCards(root)) ids.push(`${cardCategory(card)}/${card.name}@${card.version}`);
    expect(ids).toEqual(['dataset/a@1.0.0', 'image/mobilenet-v2@1.0.0', 'image/mobilenet-v2@1.1.0']);
  });

  it.each([
    ['another version', 'image/mobilenet-v2/2.0.0.json'],
    ['another name', 'image/mobilenet/1.0.0.json'],
    ['another category', 'audio/mobilenet-v2/1.0.0.json'],
  ])('is refused when a card lies under %s', async (_what, path) => {
    await put(sampleCard(), path);
    const error = await thrownBy(async () => {
      for await (const _card of readCards(root));
    });
    expect(error.code).toBe('INVALID_CARD');
    expect(error.found).toBe('image/mobilenet-v2@1.0.0');
    expect(await findings()).toEqual([`invalid ${path}`]);
  });

  it('does not follow links', async () => {
    await put(sampleCard());
    await write('elsewhere.json', '{}');
    await symlink(join(root, 'elsewhere.json'), join(root, 'image', 'mobilenet-v2', '9.0.0.json'));
    await symlink(root, join(root, 'image', 'loop'));
    const { cards, strays } = await listCards(root);
    expect(cards).toHaveLength(1);
    expect(strays.sort()).toEqual(['image/loop', 'image/mobilenet-v2/9.0.0.json']);
  });

  it('must be there', async () => {
    expect((await thrownBy(() => checkCards(join(root, 'nowhere')))).code).toBe('NOT_FOUND');
  });
});

describe('checkCards', () => {
  it('has nothing against sound cards, and notes that they are not published', async () => {
    await put(sampleCard());
    await put(sampleCard({ version: '1.1.0' }));
    const result = await checkCards(root);
    expect(result.cards).toBe(2);
    expect(result.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'note unpublished',
      'note unpublished',
    ]);
  });

  it('reports every card that can’t be read and goes on', async () => {
    await put(sampleCard());
    await write('image/a/1.0.0.json', '{');
    await write(
      'image/b/1.0.0.json',
      JSON.stringify({ ...sampleCard({ name: 'b' }), output: { units: 2, labels: ['x'] } }),
    );
    await write('image/b/one.txt', '');
    await write('video/c/1.0.0.json', '{}');
    expect(await findings()).toEqual([
      'invalid image/a/1.0.0.json',
      'invalid image/b/1.0.0.json',
      'stray image/b/one.txt',
      'stray video',
    ]);
  });

  it('refuses licences that are not free, of weights, files and base models', async () => {
    const base = sampleCard({
      name: 'base',
      license: { weights: 'CC-BY-NC-4.0', statedIn: 'x', checked: '2026-01-01' },
    });
    await put(base);
    await put(sampleCard({ name: 'adapted', base: { reference: 'base@1.0.0', digest: cardDigest(base) } }));
    await put(sampleCard({ name: 'orphan', base: { reference: 'gone@1.0.0', digest: sha256('gone') } }));
    expect(await findings()).toEqual([
      'license image/adapted@1.0.0',
      'license image/base@1.0.0',
      'base image/orphan@1.0.0',
    ]);
    expect(await findings(['CC-BY-NC-4.0'])).toEqual(['base image/orphan@1.0.0']);
  });

  it('finds two versions alike', async () => {
    const card = sampleCard();
    await put(card);
    await put({ ...card, version: '1.0.1' });
    await put(sampleCard({ name: 'copy', files: card.files }));
    expect(await findings()).toEqual(['same-files image/mobilenet-v2@1.0.1']);
  });

  it('finds a blob of two sizes or two lists of pieces', async () => {
    const [file] = sampleCard().files;
    if (file === undefined) throw new Error('a sample card has a file');
    const big = { ...file, size: PIECE_SIZE * 2, pieces: [sha256('1'), sha256('2')], sha256: sha256('big') };
    await put(sampleCard({ name: 'a', files: [file, { ...big, path: 'big' }] }));
    await put(sampleCard({ name: 'b', files: [{ ...file, size: 5 }] }));
    await put(sampleCard({ name: 'c', files: [{ ...big, pieces: [sha256('1'), sha256('3')] }] }));
    const { pieces: _unknown, ...withoutPieces } = big;
    await put(sampleCard({ name: 'd', files: [withoutPieces] }));
    expect(await findings()).toEqual(['blob-conflict image/b@1.0.0', 'blob-conflict image/c@1.0.0']);
  });
});

describe('publishing', () => {
  it('makes a card immutable, but for its withdrawal', async () => {
    const card = sampleCard();
    await put(card);
    expect(await publishCards(root)).toEqual(['image/mobilenet-v2@1.0.0']);
    expect(await publishCards(root)).toEqual([]);
    expect((await checkCards(root)).findings).toEqual([]);

    await put({ ...card, withdrawn: { reason: 'wrong labels', date: '2026-02-01' } });
    expect((await checkCards(root)).findings).toEqual([]);

    await put({ ...card, summary: 'Another summary, although it was published.' });
    expect(await findings()).toEqual(['changed image/mobilenet-v2@1.0.0']);
    await put(sampleCard({ name: 'b' }));
    const before = await readFile(join(root, 'published.json'), 'utf8');
    expect((await thrownBy(() => publishCards(root))).code).toBe('POLICY');
    expect(await readFile(join(root, 'published.json'), 'utf8')).toBe(before);
  });

  it('notices when a published card is gone', async () => {
    await recordPublished(root, [['image/gone@1.0.0', sha256('x')]]);
    expect(await findings()).toEqual(['missing image/gone@1.0.0']);
  });

  it('keeps the record sorted and readable', async () => {
    await recordPublished(root, [['text/b@1.0.0', sha256('b')]]);
    await recordPublished(root, [['audio/a@1.0.0', sha256('a')]]);
    expect([...(await readPublished(root))]).toEqual([
      ['audio/a@1.0.0', sha256('a')],
      ['text/b@1.0.0', sha256('b')],
    ]);
  });

  it.each(['[]', '{', '{"image/a@1.0.0":"../x"}'])('reports a malformed record: %s', async (text) => {
    await write('published.json', text);
    expect(await findings()).toEqual(['invalid published.json']);
  });
});

const ours = fileURLToPath(new URL('../../registry', import.meta.url));

describe('the cards of this project', () => {
  it.skipIf(!existsSync(join(ours, 'image')))('pass their own check', async () => {
    const { cards, findings } = await checkCards(ours);
    expect(cards).toBeGreaterThan(0);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
