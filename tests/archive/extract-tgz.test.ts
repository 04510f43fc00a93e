import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractTgz, tgzMembers } from '../../src/archive/extract-tgz.js';
import { listTgz } from '../../src/archive/list-members.js';
import { sha256 } from '../../src/core/digest.js';
import { PIECE_SIZE } from '../../src/core/pieces.js';
import { expectRefused, useArena, wantedOf } from '../support/archive-arena.js';
import { paxHeader, TAR_END, tarMember, tarOf, tgzOf } from '../support/archive-builder.js';

const arena = useArena();
const npm = { stripFirst: true } as const;

async function paths(archive: string, stripFirst = false): Promise<string[]> {
  const found: string[] = [];
  for await (const member of tgzMembers(archive, { stripFirst })) found.push(member.path);
  return found;
}

describe('extractTgz', () => {
  it('writes only the wanted members, named by digest', async () => {
    const archive = await arena.archive(
      tgzOf(
        { name: 'package/package.json', data: '{}' },
        { name: 'package/model/', type: '5' },
        { name: 'package/model/a.bin', data: 'weights' },
        { name: 'package/model/empty.bin' },
      ),
    );
    const wanted = [wantedOf('model/a.bin', 'weights'), wantedOf('model/empty.bin', '')];
    const seen: string[] = [];
    const files = await extractTgz(archive, wanted, arena.target, {
      ...npm,
      onMember: ({ path }) => seen.push(path),
    });
    expect(seen).toEqual(['model/a.bin', 'model/empty.bin']);
    expect(await readFile(files.get('model/a.bin') ?? '', 'utf8')).toBe('weights');
    expect((await arena.left()).sort()).toEqual(wanted.map((w) => join('target', w.sha256)).sort());
  });

  it('reads a plain tar, and writes equal members once', async () => {
    const archive = await arena.archive(tarOf({ name: './a', data: 'same' }, { name: './b', data: 'same' }));
    const wanted = [wantedOf('a', 'same'), wantedOf('b', 'same')];
    const files = await extractTgz(archive, wanted, arena.target, { stripFirst: false });
    expect([...files.keys()]).toEqual(['a', 'b']);
    expect(await arena.left()).toEqual([join('target', sha256('same'))]);
  });

  it('reads long names of PAX and GNU, prefixes, and archives without an end', async () => {
    const long = `${'d'.repeat(90)}/${'e'.repeat(60)}/file`;
    const archive = await arena.archive(
      Buffer.concat([
        paxHeader({ path: `${long}1`, mtime: '1.5', size: '3' }),
        tarMember({ name: 'cut', data: 'one' }),
        tarMember({ name: '././@LongLink', type: 'L', data: `${long}2\0` }),
        tarMember({ name: 'cut', data: 'two' }),
        tarMember({ name: 'name', prefix: 'pre/fix', data: 'three' }),
        paxHeader({ comment: 'a commit' }, 'g'),
        tarMember({ name: 'last', data: 'four' }),
      ]),
    );
    expect(await paths(archive)).toEqual([`${long}1`, `${long}2`, 'pre/fix/name', 'last']);
  });

  it('drops files beside the first folder when it is stripped', async () => {
    const archive = await arena.archive(tgzOf({ name: 'pax' }, { name: 'package/a' }, { name: 'other/b/c' }));
    expect(await paths(archive, true)).toEqual(['a', 'b/c']);
  });

  it('replaces a stale file and a planted link without writing through it', async () => {
    const archive = await arena.archive(tgzOf({ name: 'package/a', data: 'right' }));
    const witness = join(arena.root, 'archives', 'witness');
    await writeFile(witness, 'untouched');
    await symlink(witness, join(arena.target, sha256('right')));
    const files = await extractTgz(archive, [wantedOf('a', 'right')], arena.target, npm);
    expect(await readFile(files.get('a') ?? '', 'utf8')).toBe('right');
    expect(await readFile(witness, 'utf8')).toBe('untouched');
  });

  it('may run several times at once in one folder', async () => {
    const data = Buffer.alloc(2 ** 20, 'shared');
    const archive = await arena.archive(tgzOf({ name: 'package/a', data }));
    const runs = Array.from({ length: 8 }, () =>
      extractTgz(archive, [wantedOf('a', data)], arena.target, npm),
    );
    for (const files of await Promise.all(runs)) {
      expect(sha256(await readFile(files.get('a') ?? ''))).toBe(sha256(data));
    }
    expect(await arena.left()).toEqual([join('target', sha256(data))]);
  });

  it('says which wanted member is missing', async () => {
    const archive = await arena.archive(tgzOf({ name: 'package/a', data: 'x' }));
    const wanted = [wantedOf('a', 'x'), wantedOf('model.json', 'y')];
    await expectRefused(arena, extractTgz(archive, wanted, arena.target, npm), /no such file/, 'NOT_FOUND');
  });

  it('leaves nothing of a member with other bytes', async () => {
    const archive = await arena.archive(tgzOf({ name: 'package/a', data: 'abc' }));
    const bad = { ...wantedOf('a', 'xyz') };
    await expectRefused(arena, extractTgz(archive, [bad], arena.target, npm), /promised/, 'INTEGRITY');
    const longer = wantedOf('a', 'abcd');
    await expectRefused(arena, extractTgz(archive, [longer], arena.target, npm), /another size/, 'INTEGRITY');
  });

  it('tells damage and absence', async () => {
    const whole = gzipSync(tarOf({ name: 'package/a', data: Buffer.alloc(5000, 'ab') }));
    const cut = await arena.archive(whole.subarray(0, whole.length - 20));
    const wanted = [wantedOf('a', Buffer.alloc(5000, 'ab'))];
    await expectRefused(arena, extractTgz(cut, wanted, arena.target, npm), /damaged/, 'INTEGRITY');
    const none = join(arena.root, 'none.tgz');
    await expectRefused(arena, extractTgz(none, wanted, arena.target, npm), /no archive/, 'NOT_FOUND');
    const text = await arena.archive(Buffer.from('<html>please log in</html>'.padEnd(2048)));
    await expectRefused(arena, extractTgz(text, wanted, arena.target, npm), /not a tar/);
    const short = await arena.archive(tarMember({ name: 'a', data: Buffer.alloc(2000) }).subarray(0, 1500));
    const all = [wantedOf('a', Buffer.alloc(2000))];
    await expectRefused(
      arena,
      extractTgz(short, all, arena.target, { stripFirst: false }),
      /ends within a member/,
    );
  });

  it('stops at an abort with its reason and leaves nothing', async () => {
    const data = Buffer.alloc(4 * 2 ** 20, 'x');
    const archive = await arena.archive(tarOf({ name: 'a', data: 'first' }, { name: 'b', data }));
    const controller = new AbortController();
    const reason = new Error('the user changed their mind');
    const run = extractTgz(archive, [wantedOf('a', 'first'), wantedOf('b', data)], arena.target, {
      stripFirst: false,
      signal: controller.signal,
      onMember: () => controller.abort(reason),
    });
    await expect(run).rejects.toBe(reason);
    expect(await arena.left()).toEqual([join('target', sha256('first'))]);
  });
});

describe('listTgz', () => {
  it('gives size, digest and pieces of the chosen files', async () => {
    const data = Buffer.alloc(PIECE_SIZE + 1000, 'abc');
    const archive = await arena.archive(
      tarOf({ name: 'p/a', data }, { name: 'p/b', data: 'b' }, { name: 'p/c', data: 'c' }, TAR_END),
    );
    const listed = [];
    const options = { stripFirst: true, only: (path: string) => path !== 'b' };
    for await (const member of listTgz(archive, options)) listed.push(member);
    expect(listed).toEqual([
      {
        path: 'a',
        size: data.length,
        sha256: sha256(data),
        pieces: [sha256(data.subarray(0, PIECE_SIZE)), sha256(data.subarray(PIECE_SIZE))],
      },
      { path: 'c', size: 1, sha256: sha256('c'), pieces: [] },
    ]);
  });
});
