/** Names that escape, that a platform can't hold, or that are one file to some programs or platforms. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractTgz } from '../../src/archive/extract-tgz.js';
import { MemberNames } from '../../src/archive/member-names.js';
import { openZip } from '../../src/archive/zip-directory.js';
import { ZooError } from '../../src/core/errors.js';
import { checkPathSet, unsafePathReason } from '../../src/core/safe-path.js';
import { expectRefused, useArena, wantedOf } from '../support/archive-arena.js';
import { paxHeader, tarMember, tgzOf, zipOf } from '../support/archive-builder.js';
import { bytesRemote } from '../support/bytes-remote.js';

const arena = useArena();
const options = { stripFirst: false } as const;
const wanted = [wantedOf('good', 'good')];

const UNSAFE: [string, string][] = [
  ['absolute', '/etc/passwd'],
  ['escaping', '../evil'],
  ['escaping within', 'a/../../evil'],
  ['only dots', '..'],
  ['a drive', 'C:/evil'],
  ['a drive without slash', 'C:evil'],
  ['a network share', '//server/share'],
  ['backslashes', '..\\..\\evil'],
  ['an alternate stream', 'model.bin:evil'],
  ['a device', 'aux'],
  ['a device with an ending', 'a/con.txt'],
  ['a trailing dot', 'evil.'],
  ['a trailing space', 'evil '],
  ['a control character', 'ev\u0001il'],
  ['a line break', 'ev\nil'],
  ['reversed text', 'model\u202egpj.exe'],
  ['decomposed Unicode', 'e\u0301vil'],
  ['an empty segment', 'a//b'],
  ['a dot segment', 'a/./b'],
  ['a git folder', '.GIT/config'],
  ['far too deep', 'a/'.repeat(40).concat('b')],
];

describe('tar', () => {
  it.each(UNSAFE)('refuses a name that is %s, wanted or not', async (_what, name) => {
    const evil = [paxHeader({ path: name }), tarMember({ name: 'short', data: 'evil' })];
    for (const members of [
      [{ name: 'good', data: 'good' }, ...evil],
      [...evil, { name: 'good', data: 'good' }],
    ]) {
      const archive = await arena.archive(tgzOf(...members));
      await expectRefused(arena, extractTgz(archive, wanted, arena.target, options), /name can't be used/);
    }
    const archive = await arena.archive(tgzOf(...evil));
    const asked = [wantedOf(name, 'evil')];
    await expectRefused(arena, extractTgz(archive, asked, arena.target, options), /name can't be used/);
  });

  it('refuses a name that is only unsafe together with its first folder', async () => {
    const archive = await arena.archive(tgzOf({ name: '../good', data: 'good' }));
    const run = extractTgz(archive, wanted, arena.target, { stripFirst: true });
    await expectRefused(arena, run, /name can't be used/);
  });

  it('refuses bytes that are no UTF-8', async () => {
    const archive = await arena.archive(tgzOf({ name: Buffer.from([0x61, 0xff, 0x62]) }));
    await expectRefused(arena, extractTgz(archive, wanted, arena.target, options), /name can't be used/);
  });

  it.each([
    ['equal', 'good', 'good'],
    ['equal but for the dot', 'good', './good'],
    ['equal but for case', 'good', 'GOOD'],
    ['equal but for width', 'good', 'ｇood'],
    ['a file and a folder', 'good', 'good/evil'],
    ['a folder and a file', 'good/evil', 'good'],
  ])('refuses two members that are %s', async (_what, first, second) => {
    const archive = await arena.archive(tgzOf({ name: first, data: 'good' }, { name: second, data: 'evil' }));
    await expectRefused(
      arena,
      extractTgz(archive, wanted, arena.target, options),
      /two members are one file/,
    );
  });

  it('refuses members that become one when the first folder is stripped', async () => {
    const archive = await arena.archive(
      tgzOf({ name: 'package/good', data: 'good' }, { name: 'other/good', data: 'evil' }),
    );
    const run = extractTgz(archive, wanted, arena.target, { stripFirst: true });
    await expectRefused(arena, run, /two members are one file/);
  });
});

describe('zip', () => {
  const refuses = (names: (string | Buffer)[], message: RegExp) => {
    const bytes = zipOf(names.map((name) => ({ name, data: 'evil' })));
    return expectRefused(arena, openZip(bytesRemote(bytes), arena.signal), message);
  };

  it.each(UNSAFE)('refuses a name that is %s', async (_what, name) => {
    await refuses(['good', name], /name can't be used|directory can't be read/);
  });

  it.each([
    ['equal', 'good', 'good'],
    ['equal but for case', 'a/Good', 'a/gooD'],
    ['equal but for width', 'good', 'ｇood'],
    ['a file and a folder', 'good', 'good/evil'],
  ])('refuses two members that are %s', async (_what, first, second) => {
    await refuses([first, second], /two members are one file/);
  });

  it('refuses bytes that are no UTF-8, an empty name, and NUL', async () => {
    await refuses([Buffer.from([0x61, 0xff])], /name can't be used/);
    await refuses([''], /name can't be used/);
    await refuses(['good\0.exe'], /name can't be used/);
  });
});

describe('MemberNames', () => {
  it('judges as the path check of cards does', () => {
    const segment = fc.constantFrom('a', 'A', 'b', 'é', 'con', '..', '', 'b.');
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.array(path, { maxLength: 5 }), (paths) => {
        const accepted = (check: () => void) => {
          try {
            check();
            return true;
          } catch (error) {
            expect(error).toBeInstanceOf(ZooError);
            return false;
          }
        };
        const names = new MemberNames('test');
        const here = accepted(() => {
          for (const name of paths) names.addFile(name);
        });
        expect(here).toBe(accepted(() => checkPathSet(paths, 'test')));
        if (here) expect(paths.every((name) => unsafePathReason(name) === undefined)).toBe(true);
      }),
    );
  });
});
