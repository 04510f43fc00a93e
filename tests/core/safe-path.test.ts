import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPathSet, checkSafePath, pathCollisionKey, unsafePathReason } from '../../src/core/safe-path.js';

const REFUSED = [
  '',
  '.',
  '..',
  '/etc/passwd',
  '../up',
  'a/../../b',
  'a//b',
  'a/',
  './a',
  'C:\\x',
  'C:x',
  'c:/x',
  '\\\\host\\share\\f',
  '//host/share',
  'a\\b',
  'CON',
  'con.txt',
  'a/NUL.bin',
  'aux .txt',
  'COM1',
  'com¹.log',
  'LPT9.x',
  'a.',
  'a ',
  ' a',
  'a./b',
  '.git/config',
  'sub/.GIT/hooks/x',
  'a\u0000b',
  'a\nb',
  'file:stream',
  'a?b',
  'a*b',
  'a"b',
  'a|b',
  'a<b',
  'e\u0301.txt',
  'txt.\u202eexe',
  'zero\u200bwidth',
  '\ud800',
  'x'.repeat(121),
  `${'a/'.repeat(17)}b`,
  `${'y/'.repeat(99)}z`,
];
const ACCEPTED = [
  'model.json',
  'group1-shard1of25.bin',
  'variables/variables.data-00000-of-00001',
  'é.txt',
  'a b.txt',
  '.hidden',
  'con-fig.json',
  'console.txt',
  'nullable',
];

describe('safe paths', () => {
  it.each(REFUSED)('refuses %j', (text) => {
    expect(unsafePathReason(text)).toBeTypeOf('string');
    expect(() => checkSafePath(text, 'a card')).toThrow(
      expect.objectContaining({ code: 'UNSAFE_PATH', exitCode: 4 }),
    );
  });

  it.each(ACCEPTED)('accepts %j', (text) => {
    expect(checkSafePath(text, 'a card')).toBe(text);
  });

  it('never lets a path leave its folder, by the rules of either platform', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('..', '.', 'a', 'C:', '\\', '/', 'CON', ' '));
    const joined = fc
      .array(part, { maxLength: 6 })
      .chain((parts) => fc.constantFrom(parts.join('/'), parts.join('\\'), parts.join('')));
    fc.assert(
      fc.property(joined, (text) => {
        if (unsafePathReason(text) !== undefined) return;
        for (const [rules, folder] of [
          [path.posix, '/cache/model'],
          [path.win32, 'C:\\cache\\model'],
        ] as const) {
          const resolved = rules.resolve(folder, text);
          expect(resolved.startsWith(folder + rules.sep)).toBe(true);
          expect(rules.isAbsolute(text)).toBe(false);
          expect(rules.relative(folder, resolved).split(rules.sep).join('/')).toBe(text);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('sets of paths', () => {
  it.each([
    [['a/b', 'A/B'], 'case'],
    [['x.txt', 'x.txt'], 'twice'],
    [['a', 'a/b'], 'a file that is a folder'],
    [['a/b', 'a'], 'a folder that is a file'],
    [['ﬁle', 'file'], 'compatibility forms'],
    [['Straße/a', 'straße'], 'case and folder'],
  ])('refuses %j: %s', (paths) => {
    expect(() => checkPathSet(paths, 'a card')).toThrow(expect.objectContaining({ code: 'UNSAFE_PATH' }));
  });

  it('accepts files that share folders', () => {
    expect(() => checkPathSet(['a/b', 'a/c', 'a/d/e', 'f'], 'a card')).not.toThrow();
  });

  it('gives one key to names that differ by case', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9._/-]{1,40}$/), (text) => {
        expect(pathCollisionKey(text.toUpperCase())).toBe(pathCollisionKey(text));
      }),
    );
  });
});
