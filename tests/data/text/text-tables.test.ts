/** Texts of a person's own: tables of each kind and a folder a class, as `openDataset` reads them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/digest.js';
import type { Dataset } from '../../../src/data/dataset.js';
import { type OpenDatasetOptions, openDataset } from '../../../src/data/open-dataset.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder('texts');
});

async function open(name: string, content: string | Uint8Array, options: OpenDatasetOptions = {}) {
  const path = join(folder, name);
  await writeFile(path, content);
  return openDataset(path, options);
}

/** [name, text, labels] of each example. */
async function contentOf({ modality, examples }: Dataset): Promise<[string, string, readonly string[]][]> {
  expect(modality).toBe('text');
  return Promise.all(
    examples.map(async (example): Promise<[string, string, readonly string[]]> => {
      const raw = await example.load();
      if (raw.kind !== 'text') throw new Error('not a text');
      expect(await example.digest()).toBe(sha256(raw.text));
      return [example.name, raw.text, example.labels];
    }),
  );
}

describe('tables', () => {
  it('may quote line breaks, delimiters and quotes, and begin with a byte order mark', async () => {
    const csv = '\ufefftext,label\r\n"two\nlines, one ""row""",a\r\nplain,b\r\n';
    expect(await contentOf(await open('quoted.csv', csv))).toEqual([
      ['quoted.csv:2', 'two\nlines, one "row"', ['a']],
      ['quoted.csv:4', 'plain', ['b']],
    ]);
  });

  it('may be tab-separated or JSON lines, with any columns', async () => {
    const tsv = 'id\tutterance\tintent\n1\tsay "hi", please\tgreet\n';
    expect(await contentOf(await open('t.tsv', tsv))).toEqual([['t.tsv:2', 'say "hi", please', ['greet']]]);
    const jsonl = '{"body":"one\\ntwo","kind":["x","y"]}\n\n{"kind":"z","body":"three"}\n';
    const options = { textColumn: 'body', labelColumn: 'kind' };
    expect(await contentOf(await open('j.jsonl', jsonl, options))).toEqual([
      ['j.jsonl:1', 'one\ntwo', ['x', 'y']],
      ['j.jsonl:3', 'three', ['z']],
    ]);
  });

  it('may hold several labels a row, or a number to predict', async () => {
    const many = await open('m.csv', 'text,label\nfirst,a; b;a\nsecond,b\n', { labelSeparator: ';' });
    expect(many.examples.map(({ labels }) => labels)).toEqual([['a', 'b'], ['b']]);
    expect(many.labels).toEqual(['a', 'b']);
    const stars = await open('r.csv', 'text,stars\ngood,4.5\nbad,-1e0\n', { targetColumn: 'stars' });
    expect(stars.examples.map(({ target }) => target)).toEqual([4.5, -1]);
    expect(stars.labels).toEqual([]);
  });

  it.each([
    ['a row of other length', 'x.csv', 'text,label\na,b\nc\n', 'x.csv:3'],
    ['a quote that is never closed', 'x.csv', 'text,label\na,b\n"c,d\n', 'x.csv'],
    ['JSON that is broken off', 'x.jsonl', '{"text":"a"}\n{"text":\n', 'x.jsonl:2'],
    ['a list for a text', 'x.jsonl', '{"text":["a"]}\n', 'x.jsonl:1'],
    ['no text column', 'x.csv', 'one,two\na,b\n', 'x.csv'],
  ])('with %s are refused, naming file and line', async (_, name, content, place) => {
    const error = await thrownBy(() => open(name, content));
    expect(error.code).toBe('DATA');
    expect(error.message).toContain(place);
  });

  it('give back whatever text was put into them', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => one.trim() !== '');
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 8 }), async (texts) => {
        const csv = `text,label\n${texts.map((one) => `"${one.replaceAll('"', '""')}",x\n`).join('')}`;
        const read = await contentOf(await open('any.csv', csv));
        expect(read.map(([, one]) => one)).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a folder a class', () => {
  it('gives a text a file, labelled with the folder', async () => {
    const own = await temporaryFolder('texts-by-class');
    for (const [name, text] of [
      ['pos/a.txt', 'good\n'],
      ['pos/b.txt', 'größer\n'],
      ['neg/a.txt', 'bad\n'],
    ] as const) {
      await mkdir(join(own, name, '..'), { recursive: true });
      await writeFile(join(own, name), text);
    }
    const dataset = await openDataset(own);
    expect(dataset.labels).toEqual(['neg', 'pos']);
    expect(await contentOf(dataset)).toEqual([
      ['neg/a.txt', 'bad\n', ['neg']],
      ['pos/a.txt', 'good\n', ['pos']],
      ['pos/b.txt', 'größer\n', ['pos']],
    ]);
  });
});
