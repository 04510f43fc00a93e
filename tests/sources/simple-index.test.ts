import { describe, expect, it } from 'vitest';
import { normalizedProject, parseProjectPage } from '../../src/sources/simple-index.js';

const HEX = 'ab'.repeat(32);
const AT = new URL('https://index.example/simple/net/');
const parse = (body: string, type = 'text/html', at = AT) =>
  parseProjectPage(body, type, at, 'pypi:net==1.0');

describe('a page in JSON', () => {
  const page = (file: object, version = '1.1') =>
    JSON.stringify({
      meta: { 'api-version': version },
      files: [{ hashes: {}, filename: 'a.whl', url: 'a.whl', ...file }],
    });

  it('gives names, absolute addresses, digests, sizes and what was withdrawn', async () => {
    const type = 'application/vnd.pypi.simple.v1+json';
    const [file] = await parse(
      page({ url: '../../f/a.whl', hashes: { sha256: HEX.toUpperCase(), md5: 'x' }, size: 5, yanked: 'why' }),
      type,
    );
    expect(file).toEqual({
      name: 'a.whl',
      url: 'https://index.example/f/a.whl',
      sha256: HEX,
      size: 5,
      yanked: true,
    });
    expect((await parse(page({ yanked: false }), type))[0]).toMatchObject({
      yanked: false,
      sha256: undefined,
    });
    expect((await parse(page({ hashes: { sha256: '../../x' } }), type))[0]?.sha256).toBeUndefined();
  });

  it.each([
    ['another version of the interface', page({}, '2.0')],
    ['no JSON', '<html>'],
    ['a negative size', page({ size: -1 })],
    ['no files', '{"meta":{"api-version":"1.0"}}'],
  ])('is refused with %s', async (_, body) => {
    await expect(parse(body, 'application/json')).rejects.toMatchObject({ kind: 'wrong' });
  });
});

describe('a page in HTML', () => {
  it('is read as browsers read it', async () => {
    const files = await parse(`
      <!-- <a href="commented.whl">no</a> -->
      <A HREF='one-1.0-py3-none-any.whl#sha256=${HEX}'>one</A>
      <a data-yanked href="https://files.example/two%201.whl?sig=a&amp;b=c#md5=123">two
      <a href=three.whl data-requires-python="&gt;=3.8">three</a>
      <script>document.write('<a href="four.whl">four</a>')</script>
      <a name="anchor">no link</a> <a href="https://[bad">bad</a>`);
    expect(files).toEqual([
      {
        name: 'one-1.0-py3-none-any.whl',
        url: `${AT}one-1.0-py3-none-any.whl`,
        sha256: HEX,
        size: undefined,
        yanked: false,
      },
      {
        name: 'two 1.whl',
        url: 'https://files.example/two%201.whl?sig=a&b=c',
        sha256: undefined,
        size: undefined,
        yanked: true,
      },
      { name: 'three.whl', url: `${AT}three.whl`, sha256: undefined, size: undefined, yanked: false },
    ]);
  });

  it('may move its links with the first base', async () => {
    const body = '<base href="/elsewhere/"><base href="/no/"><a href="a.whl">a</a>';
    expect((await parse(body))[0]?.url).toBe('https://index.example/elsewhere/a.whl');
  });

  it('is refused when it speaks another version', async () => {
    const body = '<meta name="pypi:repository-version" content="2.0"><a href="a.whl">a</a>';
    await expect(parse(body)).rejects.toMatchObject({ kind: 'wrong' });
  });
});

describe('an answer of another kind', () => {
  it('is refused', async () => {
    await expect(parse('x', 'application/octet-stream')).rejects.toMatchObject({ kind: 'wrong' });
    await expect(parse('x', '')).rejects.toMatchObject({ kind: 'wrong' });
  });
});

it('normalises project names as the index does', () => {
  expect(['Scikit_Learn', 'a.-_b', 'A'].map(normalizedProject)).toEqual(['scikit-learn', 'a-b', 'a']);
});
