/** Folders and tables of real files. */
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { checkDataset } from '../../src/data/check-dataset.js';
import { openDataset } from '../../src/data/open-dataset.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

const picture = (background = '#123456') =>
  sharp({ create: { width: 6, height: 4, channels: 3, background } })
    .png()
    .toBuffer();

/** 8 kHz, mono, 16 bits, so many samples of silence. */
function recording(samples = 80): Buffer {
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(16000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples * 2, 40);
  return wav;
}

/** A folder with these files; what is undefined becomes an empty folder. */
async function folderOf(files: Readonly<Record<string, Buffer | string | undefined>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(content === undefined ? path : dirname(path), { recursive: true });
    if (content !== undefined) await writeFile(path, content);
  }
  return folder;
}

const namesAndLabels = (dataset: Awaited<ReturnType<typeof openDataset>>) =>
  dataset.examples.map(({ name, labels }) => [name, ...labels]);

describe('a folder', () => {
  it('has a class in each subfolder, whatever lies deeper, and skips what systems leave', async () => {
    const folder = await folderOf({
      'dog/b.png': await picture(),
      'dog/deep/er/a.png': await picture(),
      'cat/10.png': await picture(),
      'cat/Thumbs.db': 'x',
      '.git/x.png': await picture(),
      'cat/.DS_Store': 'x',
    });
    const dataset = await openDataset(folder);
    expect(dataset.modality).toBe('image');
    expect(dataset.labels).toEqual(['cat', 'dog']);
    expect(namesAndLabels(dataset)).toEqual([
      ['cat/10.png', 'cat'],
      ['dog/b.png', 'dog'],
      ['dog/deep/er/a.png', 'dog'],
    ]);
    expect(dataset.notes).toEqual([]);
    expect(await dataset.examples[0]?.load()).toMatchObject({ kind: 'image', width: 6, height: 4 });
  });

  it('says what it left out, and which classes are empty', async () => {
    const folder = await folderOf({
      'a/1.png': await picture(),
      'b/1.png': await picture(),
      'b/notes.docx': 'x',
      'c/readme.md': 'x',
      d: undefined,
      'loose.png': await picture(),
    });
    const dataset = await openDataset(folder);
    expect(dataset.labels).toEqual(['a', 'b']);
    expect(dataset.emptyClasses).toEqual(['c', 'd']);
    expect(dataset.notes).toEqual([
      '2 files are not image and were left out: b/notes.docx, c/readme.md',
      '1 files lie in no class folder and were left out: loose.png',
      'Class folders without an example: c, d',
    ]);
  });

  it('without subfolders has examples without labels', async () => {
    const dataset = await openDataset(await folderOf({ 'b.png': await picture(), 'a.jpg': await picture() }));
    expect(namesAndLabels(dataset)).toEqual([['a.jpg'], ['b.png']]);
  });

  it('is told by what its files hold: sound, text, and pictures under wrong names', async () => {
    const sounds = await openDataset(await folderOf({ 'x/1.wav': recording(), 'y/2.bin': recording() }));
    expect([sounds.modality, sounds.examples.length]).toEqual(['audio', 2]);
    expect(await sounds.examples[1]?.load()).toMatchObject({ kind: 'audio', sampleRate: 8000 });
    const texts = await openDataset(await folderOf({ 'x/1.txt': 'Grüße', 'y/2.txt': 'no' }));
    expect(texts.modality).toBe('text');
    expect(await texts.examples[0]?.load()).toEqual({ kind: 'text', text: 'Grüße' });
    const pictures = await openDataset(
      await folderOf({ 'x/1': await picture(), 'y/2.wav': await picture() }),
    );
    expect([pictures.modality, pictures.examples.length]).toEqual(['image', 2]);
  });

  it('that mixes kinds asks which is meant, and obeys', async () => {
    const folder = await folderOf({ 'x/1.wav': recording(), 'y/2.png': await picture() });
    const error = await thrownBy(() => openDataset(folder));
    expect([error.code, error.found]).toEqual(['DATA', '1 files of image, 1 files of audio']);
    expect((await openDataset(folder, { modality: 'audio' })).labels).toEqual(['x']);
    expect((await thrownBy(() => openDataset(folder, { modality: 'text' }))).code).toBe('DATA');
  });

  it('of parts is no set of classes', async () => {
    const folder = await folderOf({ 'train/a/1.png': await picture(), 'test/a/2.png': await picture() });
    const error = await thrownBy(() => openDataset(folder));
    expect(error.code).toBe('DATA');
    expect(error.hint).toContain('/test');
  });

  it('with nothing in it, missing, or leading back into itself says so', async () => {
    expect((await thrownBy(async () => openDataset(await folderOf({ 'a/x.doc': 'x' })))).code).toBe('DATA');
    expect((await thrownBy(async () => openDataset(await folderOf({ a: undefined })))).found).toBe(
      '1 subfolders and no files',
    );
    expect((await thrownBy(async () => openDataset(join(await temporaryFolder(), 'none')))).code).toBe(
      'NOT_FOUND',
    );
    const folder = await folderOf({ 'a/1.png': await picture() });
    await symlink(folder, join(folder, 'a', 'back'), 'junction');
    expect((await thrownBy(() => openDataset(folder))).message).toContain('lies in itself');
  });

  it('follows links to folders of data elsewhere', async () => {
    const elsewhere = await folderOf({ '1.png': await picture() });
    const folder = await folderOf({ 'a/1.png': await picture() });
    await symlink(elsewhere, join(folder, 'b'), 'junction');
    expect((await openDataset(folder)).labels).toEqual(['a', 'b']);
  });
});

describe('a table', () => {
  it('names files next to it, with labels, in CSV and JSON lines', async () => {
    const folder = await folderOf({
      'pics/1.png': await picture(),
      'pics/2.png': await picture('#fff'),
      'a.csv': 'file,label\npics/1.png,cat\npics/2.png,dog\n',
      'b.jsonl': '{"path":"pics/1.png","labels":["cat","pet"]}\n{"path":"pics/2.png","labels":[]}\n',
    });
    const csv = await openDataset(join(folder, 'a.csv'));
    expect(csv.modality).toBe('image');
    expect(namesAndLabels(csv)).toEqual([
      ['a.csv:2', 'cat'],
      ['a.csv:3', 'dog'],
    ]);
    expect(await csv.examples[1]?.load()).toMatchObject({ kind: 'image', width: 6 });
    const json = await openDataset(join(folder, 'b.jsonl'));
    expect(namesAndLabels(json)).toEqual([['b.jsonl:1', 'cat', 'pet'], ['b.jsonl:2']]);
    expect(json.notes).toEqual(['1 rows have no label: b.jsonl:2']);
    expect(await csv.examples[0]?.digest()).toBe(await json.examples[0]?.digest());
  });

  it('holds texts, by the usual names of columns or those given', async () => {
    const folder = await folderOf({
      'a.csv': 'id,text,category\n1,hello,x\n2,,y\n3,you,\n',
      'b.tsv': 'q\tanswer\nwhat\tyes\n',
    });
    const usual = await openDataset(join(folder, 'a.csv'));
    expect([usual.modality, namesAndLabels(usual)]).toEqual(['text', [['a.csv:2', 'x'], ['a.csv:4']]]);
    expect(usual.notes).toEqual([
      '1 rows have nothing in "text" and were left out: a.csv:3',
      '1 rows have no label: a.csv:4',
    ]);
    expect(await usual.examples[1]?.load()).toEqual({ kind: 'text', text: 'you' });
    const given = await openDataset(join(folder, 'b.tsv'), { textColumn: 'q', labelColumn: 'answer' });
    expect(namesAndLabels(given)).toEqual([['b.tsv:2', 'yes']]);
  });

  it('has several labels in a cell, or a number to predict', async () => {
    const folder = await folderOf({ 'a.csv': 'text,tags,score\none,a|b,0.5\ntwo, b | b ,-2e3\n' });
    const path = join(folder, 'a.csv');
    expect(namesAndLabels(await openDataset(path, { labelSeparator: '|' }))).toEqual([
      ['a.csv:2', 'a', 'b'],
      ['a.csv:3', 'b'],
    ]);
    const scores = await openDataset(path, { targetColumn: 'score' });
    expect(scores.examples.map(({ target, labels }) => [target, labels])).toEqual([
      [0.5, []],
      [-2000, []],
    ]);
    expect((await thrownBy(() => openDataset(path, { targetColumn: 'tags' }))).message).toBe(
      'a.csv:2: "tags" is not a number',
    );
  });

  it.each([
    ['text,label\n', {}, /has no rows/],
    ['a,b\n1,2\n', {}, /no column with paths or texts/],
    ['a,b\n1,2\n', { textColumn: 'c' }, /no column "c"/],
    ['text,label\nx,y\n', { labelColumn: 'class' }, /no column "class"/],
    ['path,label\nnone/x.xyz,y\n', {}, /names no pictures, recordings or texts/],
    ['path,label\na.png,y\nb.wav,z\n', {}, /mixes kinds/],
    ['text,label\nx,y\n', { modality: 'audio' as const }, /no column with paths/],
  ])('%j with %j is refused', async (content, options, message) => {
    const folder = await folderOf({ 'a.csv': content });
    const error = await thrownBy(() => openDataset(join(folder, 'a.csv'), options));
    expect(error.exitCode).toBe(7);
    expect(error.message).toMatch(message);
  });
});

describe('a single file', () => {
  it('is a data set of one', async () => {
    const folder = await folderOf({ 'x.dat': await picture(), 'y.zip': 'PK' });
    const dataset = await openDataset(join(folder, 'x.dat'));
    expect([dataset.modality, namesAndLabels(dataset)]).toEqual(['image', [['x.dat']]]);
    expect((await thrownBy(() => openDataset(join(folder, 'y.zip')))).code).toBe('DATA');
  });
});

describe('unreadable files', () => {
  async function withBroken(): Promise<string> {
    const whole = await picture();
    const folder = await folderOf({
      'a/1.png': whole,
      'a/2.png': whole.subarray(0, 50),
      'a/3.png': '',
      'b/1.png': whole,
      'b/2.png': whole,
    });
    await cp(join(folder, 'a/1.png'), join(folder, 'b/3.png'));
    return folder;
  }

  it('are refused by name, or left out and listed up to the share that is tolerated', async () => {
    const folder = await withBroken();
    expect((await thrownBy(async () => checkDataset(await openDataset(folder)))).message).toContain('2.png');
    const error = await thrownBy(async () => checkDataset(await openDataset(folder, { tolerate: 0.3 })));
    expect([error.code, error.expected, error.found]).toEqual(['DATA', 'at most 1 of 6', 'a/2.png, a/3.png']);
    const checked = await checkDataset(await openDataset(folder, { tolerate: 0.4 }));
    expect(checked.dataset.examples.map(({ name }) => name)).toEqual([
      'a/1.png',
      'b/1.png',
      'b/2.png',
      'b/3.png',
    ]);
    expect(checked.unreadable.map(({ name }) => name)).toEqual(['a/2.png', 'a/3.png']);
    expect(checked.dataset.notes).toEqual([
      "2 of 6 examples can't be read and were left out: a/2.png, a/3.png",
    ]);
  });

  it('that were a whole class leave it empty', async () => {
    const folder = await folderOf({ 'a/1.png': 'x', 'b/1.png': await picture(), 'c/1.png': await picture() });
    const { dataset } = await checkDataset(await openDataset(folder, { tolerate: 0.5 }));
    expect([dataset.labels, dataset.emptyClasses]).toEqual([['b', 'c'], ['a']]);
  });

  it('are a share from 0 to 1', async () => {
    const folder = await withBroken();
    for (const tolerate of [-0.1, 1.1, Number.NaN]) {
      expect((await thrownBy(() => openDataset(folder, { tolerate }))).code).toBe('USAGE');
    }
  });
});
