/** Files, folders and texts that somebody wants an answer for. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { openInputs, textInputs } from '../../src/data/open-inputs.js';
import { thrownBy } from '../support/thrown-by.js';
import { folderOf, namesAndLabels, picture, recording } from './folder-of.js';

describe('inputs', () => {
  it('are files and folders in the order in which they are named, without labels', async () => {
    const cwd = await folderOf({
      'b.png': await picture(),
      'more/z.png': await picture('#fff'),
      'more/deep/a.png': await picture('#000'),
      'more/sound.wav': recording(),
      'more/notes.txt': 'x',
      'more/.hidden.png': await picture(),
    });
    const dataset = await openInputs(['more', 'b.png'], { modality: 'image', cwd });
    expect(namesAndLabels(dataset)).toEqual([['more/deep/a.png'], ['more/z.png'], ['b.png']]);
    expect(await dataset.examples[1]?.load()).toMatchObject({
      kind: 'image',
      data: new Uint8Array(72).fill(255),
    });
    const absolute = await openInputs([join(cwd, 'b.png')], { modality: 'image', cwd: '/' });
    expect(await absolute.examples[0]?.digest()).toBe(await dataset.examples[2]?.digest());
    const sounds = await openInputs(['more'], { modality: 'audio', cwd });
    expect(namesAndLabels(sounds)).toEqual([['more/sound.wav']]);
  });

  it('of a folder are told by what they hold, whatever they are called', async () => {
    const cwd = await folderOf({ 'x/1': await picture(), 'x/2.wav': await picture(), 'x/3.dat': 'nothing' });
    expect(namesAndLabels(await openInputs(['x'], { modality: 'image', cwd }))).toEqual([
      ['x/1'],
      ['x/2.wav'],
    ]);
  });

  it('that are broken come as examples that can not be read', async () => {
    const cwd = await folderOf({ 'a.png': 'no picture' });
    const { examples } = await openInputs(['a.png'], { modality: 'image', cwd });
    expect((await thrownBy(() => examples[0]?.load())).code).toBe('DATA');
  });

  it('for a network that reads are files of text, or the texts themselves', async () => {
    const cwd = await folderOf({ 'a.txt': 'from a file', 'more/b.txt': 'from a folder' });
    const long = 'very long '.repeat(1000);
    const inputs = ['a.txt', 'How are you?', 'more', '', long, 'a/b\0c'];
    const { examples } = await openInputs(inputs, { modality: 'text', cwd });
    expect(examples.map(({ name }) => name)).toEqual([
      'a.txt',
      'text 2',
      'more/b.txt',
      'text 4',
      'text 5',
      'text 6',
    ]);
    const texts = await Promise.all(examples.map((example) => example.load()));
    expect(texts.map((raw) => (raw.kind === 'text' ? raw.text : ''))).toEqual([
      'from a file',
      'How are you?',
      'from a folder',
      '',
      long,
      'a/b\0c',
    ]);
    expect(await examples[1]?.digest()).toBe(sha256('How are you?'));
  });

  it('that are missing, or folders without anything fitting, say so', async () => {
    const cwd = await folderOf({ 'x/1.wav': recording(), empty: undefined });
    const options = { modality: 'image', cwd } as const;
    const missing = await thrownBy(() => openInputs(['none.png'], options));
    expect([missing.code, missing.message]).toEqual(['NOT_FOUND', 'No such file or folder: none.png']);
    expect((await thrownBy(() => openInputs([''], options))).code).toBe('NOT_FOUND');
    const other = await thrownBy(() => openInputs(['x'], options));
    expect([other.code, other.found]).toEqual(['DATA', '1 other file']);
    expect((await thrownBy(() => openInputs(['empty'], options))).found).toBe('0 other files');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(openInputs(['x'], { ...options, signal })).rejects.toThrow('enough');
  });

  it('of standard input may be many', async () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => `line ${index}`);
    const { examples, origin } = textInputs(lines, 'standard input');
    expect(origin).toBe('standard input');
    expect(examples).toHaveLength(200_000);
    expect(examples.at(-1)?.name).toBe('standard input:200000');
    expect(await examples[2]?.load()).toEqual({ kind: 'text', text: 'line 2' });
  });
});
