import { existsSync } from 'node:fs';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/digest.js';
import type { Dataset } from '../../../src/data/dataset.js';
import { publishedParts } from '../../../src/data/make-dataset.js';
import { openTextDatasetCard } from '../../../src/data/text/open-text-dataset-card.js';
import type { Card } from '../../../src/registry/card.js';
import { parseCard } from '../../../src/registry/parse-card.js';
import { realModel } from '../../support/real-model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';

const SHARED = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

async function cardOf(name: string): Promise<Card> {
  const path = fileURLToPath(new URL(`../../../registry/dataset/${name}/1.0.0.json`, import.meta.url));
  return parseCard(await readFile(path, 'utf8'), name);
}

async function textOf(dataset: Dataset, name: string): Promise<string> {
  const raw = await dataset.examples.find((example) => example.name === name)?.load();
  if (raw?.kind !== 'text') throw new Error(`no text ${name}`);
  return raw.text;
}

function countOf(dataset: Dataset, label: string): number {
  return dataset.examples.filter((example) => example.labels.includes(label)).length;
}

describe('chatterbot-english', () => {
  it('has the openings of its 21 topics, each once a topic', async () => {
    const { folder, card } = await realModel('dataset/chatterbot-english');
    const dataset = await openTextDatasetCard(folder, card);
    expect(dataset.origin).toBe('dataset/chatterbot-english@1.0.0');
    expect(dataset.labels).toEqual(card.classes);
    // Counted by another YAML reader: distinct first lines a file.
    expect(dataset.examples).toHaveLength(752);
    expect(['ai', 'trivia', 'psychology', 'health'].map((label) => countOf(dataset, label))).toEqual([
      61, 261, 62, 1,
    ]);
    expect(await textOf(dataset, 'ai.yml:1')).toBe('What is AI?');
    const [first] = dataset.examples;
    expect(await first?.digest()).toBe(sha256('What is AI?'));
    expect(new Set(dataset.examples.map(({ name }) => name)).size).toBe(752);
    expect(dataset.notes).toHaveLength(1);
  });

  it.each([
    ['is not YAML', 'conversations: [', 'not YAML'],
    ['has aliases', 'a: &a [x]\nconversations: [*a, *a]', 'not YAML without aliases'],
    ['has other content', 'conversations: [[1, 2]]', 'no conversations'],
  ])('is refused where a file %s', async (_, content, message) => {
    const { folder, card } = await realModel('dataset/chatterbot-english');
    const own = await temporaryFolder('chatterbot');
    for (const { path } of card.files) await copyFile(join(folder, path), join(own, path));
    await rm(join(own, 'food.yml'), { force: true });
    await writeFile(join(own, 'food.yml'), content);
    const files = card.files.map((file) =>
      file.path === 'food.yml' ? { ...file, size: Buffer.byteLength(content) } : file,
    );
    const error = await thrownBy(() => openTextDatasetCard(own, { ...card, files }));
    expect(error.code).toBe('INTEGRITY');
    expect(error.message).toContain(message);
  });
});

describe.skipIf(!existsSync(SHARED))('sets of the shared folder (skipped without it)', () => {
  it('banking77 has its two parts and 77 intents', async () => {
    const card = await cardOf('banking77');
    const dataset = await openTextDatasetCard(join(SHARED, 'banking77'), card);
    expect(dataset.labels).toEqual([...(card.classes ?? [])].sort());
    const parts = publishedParts(dataset);
    expect(parts?.train.examples).toHaveLength(10_003);
    expect(parts?.test.examples).toHaveLength(3_080);
    expect(dataset.examples[0]).toMatchObject({
      name: 'train.csv:2',
      labels: ['card_arrival'],
      part: 'train',
    });
    expect(await textOf(dataset, 'test.csv:3')).toBe(
      'I still have not received my new card, I ordered over a week ago.',
    );
  });

  it('sentence-polarity has as many sentences of each class, accents right', async () => {
    const card = await cardOf('sentence-polarity');
    const dataset = await openTextDatasetCard(join(SHARED, 'nltk-sentence-polarity'), card);
    expect(dataset.labels).toEqual(['neg', 'pos']);
    expect([countOf(dataset, 'neg'), countOf(dataset, 'pos')]).toEqual([5331, 5331]);
    const texts = await Promise.all(dataset.examples.map(async (example) => example.load()));
    const all = texts.map((raw) => (raw.kind === 'text' ? raw.text : '')).join('\n');
    // Counted by another program that read the files as UTF-8.
    expect(all.split('é')).toHaveLength(1 + 32 + 67);
    expect(all).not.toContain('\ufffd');
  });
});

describe('other cards', () => {
  it('are refused', async () => {
    const card = await cardOf('digits');
    expect((await thrownBy(() => openTextDatasetCard('.', card))).code).toBe('DATA');
    const other = { ...(await cardOf('banking77')), name: 'other' };
    expect((await thrownBy(() => openTextDatasetCard('.', other))).code).toBe('DATA');
  });
});
