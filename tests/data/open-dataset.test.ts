/** Folders of real files, and single ones. */
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDataset } from '../../src/data/check-dataset.js';
import { openDataset } from '../../src/data/open-dataset.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';
import { folderOf, namesAndLabels, picture, recording } from './folder-of.js';

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

  it.skipIf(process.platform === 'win32')('counts a link that leads nowhere as a file', async () => {
    const folder = await folderOf({ 'a/1.png': await picture(), 'b/1.png': await picture() });
    await symlink(join(folder, 'gone.png'), join(folder, 'b', '2.png'));
    await symlink(join(folder, 'gone'), join(folder, 'b', 'odd'));
    const dataset = await openDataset(folder, { tolerate: 0.4 });
    expect(namesAndLabels(dataset)).toContainEqual(['b/2.png', 'b']);
    expect(dataset.notes).toEqual(['1 files are not image and were left out: b/odd']);
    expect((await checkDataset(dataset)).unreadable.map(({ name }) => name)).toEqual(['b/2.png']);
    expect((await thrownBy(() => checkDataset(dataset, { tolerate: 0 }))).code).toBe('NOT_FOUND');
  });

  it('follows links to folders of data elsewhere', async () => {
    const elsewhere = await folderOf({ '1.png': await picture() });
    const folder = await folderOf({ 'a/1.png': await picture() });
    await symlink(elsewhere, join(folder, 'b'), 'junction');
    expect((await openDataset(folder)).labels).toEqual(['a', 'b']);
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
