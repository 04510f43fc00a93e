/** Tables of real files and of texts as data sets. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDataset } from '../../src/data/check-dataset.js';
import { openDataset } from '../../src/data/open-dataset.js';
import { thrownBy } from '../support/thrown-by.js';
import { folderOf, namesAndLabels, picture } from './folder-of.js';

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
      'a.csv': 'id,text,category\n1,hello,x\n3,you,\n',
      'b.tsv': 'q\tanswer\nwhat\tyes\n',
    });
    const usual = await openDataset(join(folder, 'a.csv'));
    expect([usual.modality, namesAndLabels(usual)]).toEqual(['text', [['a.csv:2', 'x'], ['a.csv:3']]]);
    expect(usual.notes).toEqual(['1 rows have no label: a.csv:3']);
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

describe('rows that can not be used', () => {
  const TABLE = 'text,label,score\none,a,1\n ,a,2\nthree,b,many\nfour,b,4\nfive,b,5\n';

  it('are refused at once, the first by its own name', async () => {
    const path = join(await folderOf({ 'a.csv': TABLE }), 'a.csv');
    const error = await thrownBy(() => openDataset(path));
    expect([error.code, error.message]).toEqual(['DATA', 'a.csv:3 has nothing in "text"']);
    const numbers = await thrownBy(() => openDataset(path, { targetColumn: 'score', tolerate: 0.39 }));
    expect(numbers).toMatchObject({
      code: 'DATA',
      message: "Too many rows of a.csv can't be used",
      expected: 'at most 1 of 5',
      found: 'a.csv:3, a.csv:4',
    });
    expect(numbers.hint).toContain('a.csv:3 has nothing in "text"');
  });

  it('keep their places and count with the unreadable files', async () => {
    const path = join(await folderOf({ 'a.csv': TABLE }), 'a.csv');
    const dataset = await openDataset(path, { targetColumn: 'score', labelColumn: 'label', tolerate: 0.4 });
    expect(dataset.examples.map(({ name, target }) => [name, target])).toEqual([
      ['a.csv:2', 1],
      ['a.csv:3', undefined],
      ['a.csv:4', undefined],
      ['a.csv:5', 4],
      ['a.csv:6', 5],
    ]);
    const { unreadable, dataset: checked } = await checkDataset(dataset);
    expect(unreadable).toEqual([
      { name: 'a.csv:3', reason: 'a.csv:3 has nothing in "text"' },
      { name: 'a.csv:4', reason: 'a.csv:4: "score" is not a number' },
    ]);
    expect(namesAndLabels(checked)).toEqual([
      ['a.csv:2', 'a'],
      ['a.csv:5', 'b'],
      ['a.csv:6', 'b'],
    ]);
  });

  it('and files that are missing or broken are counted together', async () => {
    const folder = await folderOf({
      '1.png': await picture(),
      '2.png': 'no picture',
      'a.csv': 'path,label\n1.png,a\n2.png,a\n,b\n3.png,b\n1.png,b\n',
    });
    const dataset = await openDataset(join(folder, 'a.csv'), { tolerate: 0.6 });
    const { unreadable } = await checkDataset(dataset);
    expect(unreadable.map(({ name }) => name)).toEqual(['a.csv:3', 'a.csv:4', 'a.csv:5']);
    expect((await thrownBy(() => checkDataset(dataset, { tolerate: 0.5 }))).expected).toBe('at most 2 of 5');
  });

  it('have another digest than the row that is mended', async () => {
    const folder = await folderOf({ 'a.csv': TABLE, 'b.csv': TABLE.replace('many', '3') });
    const options = { targetColumn: 'score', tolerate: 1 };
    const digests = await Promise.all(
      ['a.csv', 'b.csv'].map(async (name) => {
        const { examples } = await openDataset(join(folder, name), options);
        return Promise.all(examples.map((example) => example.digest()));
      }),
    );
    const [broken, mended] = digests;
    expect(broken?.map((digest, row) => digest === mended?.[row])).toEqual([true, false, false, true, true]);
  });

  it('are not rows without anything in them', async () => {
    const folder = await folderOf({
      'a.csv': 'text,label\none,a\n,\n , \ntwo,b\n',
      'b.jsonl': '{"text":"x"}\n{}\n',
    });
    expect(namesAndLabels(await openDataset(join(folder, 'a.csv')))).toEqual([
      ['a.csv:2', 'a'],
      ['a.csv:5', 'b'],
    ]);
    expect(namesAndLabels(await openDataset(join(folder, 'b.jsonl')))).toEqual([['b.jsonl:1']]);
  });

  it('hold lists where one text is asked for', async () => {
    const folder = await folderOf({ 'a.jsonl': '{"text":["x","y"]}\n{"text":"z"}\n' });
    expect((await thrownBy(() => openDataset(join(folder, 'a.jsonl')))).message).toBe(
      'a.jsonl:1: "text" is a list',
    );
    expect((await openDataset(join(folder, 'a.jsonl'), { tolerate: 0.5 })).examples).toHaveLength(2);
  });
});
