import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countModalities, modalitiesOf, modalityByName } from '../../src/data/file-modality.js';
import { folderOf, picture, recording } from './folder-of.js';

describe('what a file holds', () => {
  it('is told by its name, whatever the case', () => {
    expect(['A.JPG', 'b.avif', 'c.Wav', 'd.flac', 'e.txt', 'f', 'g.docx'].map(modalityByName)).toEqual([
      'image',
      'image',
      'audio',
      'audio',
      'text',
      undefined,
      undefined,
    ]);
  });

  it('is told by its first bytes where they say more', async () => {
    const folder = await folderOf({
      'a.wav': await picture(),
      b: recording(),
      'c.png': 'broken',
      'd.doc': 'something',
      'e.txt': await picture(),
      'f.txt': 'text',
    });
    const paths = ['a.wav', 'b', 'c.png', 'd.doc', 'e.txt', 'f.txt', 'gone.gif'];
    expect(await modalitiesOf(paths.map((name) => join(folder, name)))).toEqual([
      'image',
      'audio',
      'image',
      undefined,
      'image',
      'text',
      'image',
    ]);
  });

  it('is told by the names of very many files, and by the bytes of those whose names say nothing', async () => {
    const folder = await folderOf({ 'a.wav': await picture(), b: await picture() });
    const many = Array.from({ length: 2000 }, (_, index) => join(folder, `none-${index}.flac`));
    const found = await modalitiesOf([join(folder, 'a.wav'), join(folder, 'b'), ...many]);
    expect(found.slice(0, 3)).toEqual(['audio', 'image', 'audio']);
    expect(countModalities(found)).toEqual([
      ['audio', 2001],
      ['image', 1],
    ]);
  });
});
