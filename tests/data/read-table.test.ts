import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTableName, type ReadTableOptions, readTable, type TableRow } from '../../src/data/read-table.js';
import { findColumn } from '../../src/data/table/find-column.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';
import { allOf } from './all-of.js';

async function rowsOf(
  name: string,
  content: string | Uint8Array,
  options?: ReadTableOptions,
): Promise<TableRow[]> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return allOf(readTable(path, options));
}

const cells = (rows: readonly TableRow[]) => rows.map((row) => ({ ...row.cells }));
const lines = (rows: readonly TableRow[]) => rows.map(({ line }) => line);

describe('CSV', () => {
  it('has quotes, line breaks in cells and empty lines, and knows the line of each row', async () => {
    const rows = await rowsOf('a.csv', 'text,label\r\n"one, ""1""",x\r\n\r\n"two\nlines",y\r\nthree,\r\n');
    expect(cells(rows)).toEqual([
      { text: 'one, "1"', label: 'x' },
      { text: 'two\nlines', label: 'y' },
      { text: 'three', label: '' },
    ]);
    expect(lines(rows)).toEqual([2, 4, 6]);
  });

  it.each([
    [
      'a;b\n1,5;x\n2,5;y\n',
      [
        { a: '1,5', b: 'x' },
        { a: '2,5', b: 'y' },
      ],
    ],
    ['a|b\n1|x\n', [{ a: '1', b: 'x' }]],
    ['a\tb\n1, 2\tx\n', [{ a: '1, 2', b: 'x' }]],
    ['text\nhello, you\n', undefined],
    ['text\nhello\n', [{ text: 'hello' }]],
  ])('finds out what is between the cells of %j', async (content, expected) => {
    if (expected === undefined) expect((await thrownBy(() => rowsOf('a.csv', content))).code).toBe('DATA');
    else expect(cells(await rowsOf('a.csv', content))).toEqual(expected);
  });

  it('of tabs takes quotes as they are', async () => {
    expect(cells(await rowsOf('a.tsv', 'text\tlabel\nsay "hi" to\tx\n'))).toEqual([
      { text: 'say "hi" to', label: 'x' },
    ]);
  });

  it('may have no names of columns', async () => {
    const rows = await rowsOf('a.csv', '1,2\n3,4\n', { header: false });
    expect(cells(rows)).toEqual([
      { 1: '1', 2: '2' },
      { 1: '3', 2: '4' },
    ]);
    expect(lines(rows)).toEqual([1, 2]);
  });

  it('is UTF-8 with or without a mark, UTF-16 by its mark, or what the caller says', async () => {
    const text = 'text,label\nGrüße,ä\n';
    const expected = [{ text: 'Grüße', label: 'ä' }];
    expect(cells(await rowsOf('a.csv', text))).toEqual(expected);
    expect(cells(await rowsOf('a.csv', `\ufeff${text}`))).toEqual(expected);
    expect(cells(await rowsOf('a.csv', Buffer.from(`\ufeff${text}`, 'utf16le')))).toEqual(expected);
    expect(cells(await rowsOf('a.csv', Buffer.from(text, 'latin1'), { encoding: 'windows-1252' }))).toEqual(
      expected,
    );
    const error = await thrownBy(() => rowsOf('a.csv', Buffer.from(text, 'latin1')));
    expect([error.code, error.message]).toEqual(['DATA', 'a.csv is not utf-8']);
    expect((await thrownBy(() => rowsOf('a.csv', text, { encoding: 'klingon' }))).code).toBe('USAGE');
  });

  it('may be in gzip, whole', async () => {
    const packed = gzipSync('a,b\n1,2\n');
    expect(cells(await rowsOf('a.csv.gz', packed))).toEqual([{ a: '1', b: '2' }]);
    expect((await thrownBy(() => rowsOf('a.csv.gz', packed.subarray(0, 15)))).code).toBe('DATA');
    expect((await thrownBy(() => rowsOf('a.csv.gz', 'a,b\n'))).message).toContain('a.csv.gz');
  });

  it('says where rows differ, quotes are open, and names repeat', async () => {
    const short = await thrownBy(() => rowsOf('a.csv', 'a,b\n1,2\n3\n'));
    expect([short.code, short.message]).toEqual(['DATA', 'a.csv:3 is not a row of the table']);
    expect((await thrownBy(() => rowsOf('a.csv', 'a,b\n"1,2\n3,4\n'))).code).toBe('DATA');
    expect((await thrownBy(() => rowsOf('a.csv', 'a,b,a\n1,2,3\n'))).message).toBe(
      'Two columns are called "a"',
    );
  });

  it('has names that are no names elsewhere', async () => {
    const [row] = await rowsOf('a.csv', '__proto__,constructor,\n1,2,3\n');
    expect(Object.entries(row?.cells ?? {})).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['column 3', '3'],
    ]);
  });

  it('gives back what a writer of CSV has quoted', async () => {
    const cell = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((text) => !text.includes('\r') && text === text.trim());
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }), async (rows) => {
        const content = `a,b,c\n${rows.map((row) => `${row.map(quoted).join(',')}\n`).join('')}`;
        expect((await rowsOf('a.csv', content)).map((row) => Object.values(row.cells))).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });
});

describe('JSON lines', () => {
  it('have text, numbers, null and lists', async () => {
    const rows = await rowsOf(
      'a.jsonl',
      '{"text":"x","n":1.5,"ok":true,"none":null,"labels":["a","b"]}\n\n{"text":"y"}\n',
    );
    expect(cells(rows)).toEqual([
      { text: 'x', n: '1.5', ok: 'true', none: '', labels: ['a', 'b'] },
      { text: 'y' },
    ]);
    expect(lines(rows)).toEqual([1, 3]);
  });

  it.each([
    ['{"a":1}\nnot json\n', /:2 is not JSON/],
    ['[1]\n', /:1 is not an object/],
    ['{"a":{"b":1}}\n', /neither text nor a number/],
    ['{"a":[[1]]}\n', /neither text nor a number/],
  ])('%j is refused', async (content, message) => {
    const error = await thrownBy(() => rowsOf('a.jsonl', content));
    expect(error.code).toBe('DATA');
    expect(error.message).toMatch(message);
  });
});

describe('any table', () => {
  it('of JSON lines gives back what was written', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const row = fc.record({ text, labels: fc.array(text, { maxLength: 3 }), number: fc.integer() });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
        const content = rows.map((one) => `${JSON.stringify(one)}\n`).join('');
        expect(cells(await rowsOf('a.jsonl', content))).toEqual(
          rows.map((one) => ({ ...one, number: String(one.number) })),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('whatever its bytes are, gives rows or says what is wrong', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({
        unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\t', ';', '{', '}', '[', '\\'),
        maxLength: 60,
      }),
    );
    const name = fc.constantFrom('a.csv', 'a.tsv', 'a.jsonl', 'a.csv.gz');
    await fc.assert(
      fc.asyncProperty(name, bytes, async (file, content) => {
        const rows = await rowsOf(file, content).catch((error: unknown) => error);
        if (rows instanceof Error) expect(rows).toMatchObject({ name: 'ZooError', code: 'DATA' });
        else expect(Array.isArray(rows)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('is known by its name', () => {
    expect(['a.csv', 'A.TSV', 'x.jsonl.gz', 'b.ndjson'].every(isTableName)).toBe(true);
    expect(['a.json', 'csv', 'a.csv.zip', 'a.txt'].some(isTableName)).toBe(false);
  });

  it('that is missing says so, and stops where the caller stops', async () => {
    const path = join(await temporaryFolder(), 'none.csv');
    for (const missing of [path, `${path}.gz`, path.replace('csv', 'jsonl')]) {
      expect((await thrownBy(() => allOf(readTable(missing)))).code).toBe('NOT_FOUND');
    }
    const stop = new AbortController();
    await writeFile(path, `a,b\n${'1,2\n'.repeat(200_000)}`);
    const reading = async () => {
      let count = 0;
      for await (const _ of readTable(path, { signal: stop.signal }))
        if (++count === 3) stop.abort(new Error('enough'));
    };
    await expect(reading()).rejects.toThrow('enough');
    await rm(path);
  });

  it('has a column by name, or by one of the usual names', async () => {
    expect(findColumn(['Id', ' Text '], undefined, ['sentence', 'text'])).toBe(' Text ');
    expect(findColumn(['a'], undefined, ['text'])).toBeUndefined();
    expect(findColumn(['a', 'b'], 'b', [])).toBe('b');
    expect((await thrownBy(() => findColumn(['a', 'b'], 'c', []))).found).toBe('"a", "b"');
  });
});
