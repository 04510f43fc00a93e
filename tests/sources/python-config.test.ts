import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePythonConfig } from '../../src/sources/python-config.js';

/** Reads many texts with Python's own parser. The first line of the answer says whether there is a Python. */
const PYTHON = `
import configparser, json, sys
out = []
for text in json.load(sys.stdin):
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
        out.append({s: {k.replace("_", "-"): v for k, v in parser.items(s)} for s in parser.sections()})
    except configparser.Error:
        out.append(None)
json.dump(out, sys.stdout)
`;

function pythonReads(
  texts: readonly string[],
): (Record<string, Record<string, string>> | null)[] | undefined {
  try {
    return JSON.parse(
      execFileSync('python3', ['-I', '-c', PYTHON], { input: JSON.stringify(texts), encoding: 'utf8' }),
    );
  } catch {
    return undefined;
  }
}

function asObject(text: string) {
  return Object.fromEntries(
    [...parsePythonConfig(text)].map(([name, section]) => [name, Object.fromEntries(section)]),
  );
}

describe('parsePythonConfig', () => {
  it('reads sections, comments, both separators and values of several lines', () => {
    const text = `
# a comment
[global]
index-url = https://mirror.example/simple
Extra_Index_URL =
    https://one.example/simple
    # not this one
    https://two.example/simple
timeout: 60
; another comment
[install]
empty =
no-index = true
`;
    expect(asObject(text)).toEqual({
      global: {
        'index-url': 'https://mirror.example/simple',
        'extra-index-url': 'https://one.example/simple\nhttps://two.example/simple',
        timeout: '60',
      },
      install: { empty: '', 'no-index': 'true' },
    });
  });

  it('passes over lines that mean nothing, and a byte order mark', () => {
    expect(asObject('\ufeffbefore = 1\n[a]\njust words\n= nothing\nkey = x=y\r\n')).toEqual({
      a: { key: 'x=y' },
    });
  });

  it('reads what Python reads', (context) => {
    const line = fc.oneof(
      fc.constantFrom('[global]', '[install]', '# c', '; c', '', '   ', '[a b]'),
      fc
        .tuple(
          fc.constantFrom('', ' ', '    '),
          fc.constantFrom('index-url', 'Extra_Index_Url', 'cert', 'proxy'),
          fc.constantFrom('=', ' = ', ':', ' : '),
          fc.constantFrom('https://a.example/simple', '', 'x y', 'a=b', '#d'),
        )
        .map((parts) => parts.join('')),
      fc.constantFrom('  continued', '    https://b.example', '        # comment'),
    );
    const texts = fc.sample(
      fc.array(line, { maxLength: 12 }).map((lines) => `[global]\n${lines.join('\n')}\n`),
      { numRuns: 400, seed: 7 },
    );
    const expected = pythonReads(texts);
    if (expected === undefined) return context.skip('there is no Python here to compare with');
    const readable = texts.flatMap((text, i) => (expected[i] ? [[text, expected[i]] as const] : []));
    expect(readable.length).toBeGreaterThan(50);
    for (const [text, sections] of readable) {
      const own = asObject(text);
      // Python keeps empty lines inside a value; to pip, which splits values at white space, they say nothing.
      const words = (value: string) => value.split(/\s+/).filter((word) => word !== '');
      for (const [name, section] of Object.entries(sections)) {
        for (const [key, value] of Object.entries(section)) {
          expect(words(own[name]?.[key] ?? 'missing'), JSON.stringify(text)).toEqual(words(value));
        }
      }
    }
  });
});
