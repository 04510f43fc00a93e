/** Archives that grow: ratio, total, count, and sizes that lie. Stopped early, with memory that doesn't grow. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractTgz } from '../../src/archive/extract-tgz.js';
import { inflateMember } from '../../src/archive/inflate-member.js';
import { ARCHIVE_LIMITS } from '../../src/archive/limits.js';
import { listTgz, listZip } from '../../src/archive/list-members.js';
import { openZip } from '../../src/archive/zip-directory.js';
import { sha256 } from '../../src/core/digest.js';
import { expectRefused, useArena, wantedOf, zooErrorOf } from '../support/archive-arena.js';
import {
  deflateOfZeros,
  gzipOfZeros,
  paxHeader,
  type TarSpec,
  tarMember,
  tarOf,
  tgzOf,
  zipOf,
} from '../support/archive-builder.js';
import { bytesRemote, fileRemote } from '../support/bytes-remote.js';

const arena = useArena();
const MiB = 2 ** 20;
const wanted = [wantedOf('good', 'good')];
const extract = (archive: string, limits = {}) =>
  extractTgz(archive, wanted, arena.target, { stripFirst: false, limits });

/** Largest growth of this process' memory while `action` ran. */
async function memoryGrowth(action: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  await action().finally(() => clearInterval(watch));
  return Math.max(most, process.memoryUsage.rss()) - before;
}

describe('tgz', () => {
  it('stops a few MB that grow to 4 GiB, in a member, before any, and behind the end', async () => {
    const zeros = gzipOfZeros(64 * MiB, 64);
    const member = gzipSync(tarMember({ name: 'bomb', size: 4 * 2 ** 30 }));
    const good = gzipSync(tarMember({ name: 'good', data: 'good' }));
    for (const bytes of [
      Buffer.concat([good, member, zeros]),
      Buffer.concat([member, zeros]),
      Buffer.concat([zeros, good]),
      Buffer.concat([good, zeros]),
    ]) {
      const archive = await arena.archive(bytes);
      const growth = await memoryGrowth(() =>
        expectRefused(arena, extract(archive), /far more than its size/),
      );
      expect(growth).toBeLessThan(200 * MiB);
    }
  });

  it('stops 42 kB at the free bytes', async () => {
    const archive = await arena.archive(gzipOfZeros(43 * MiB, 1));
    expect((await stat(archive)).size).toBeLessThan(45_000);
    await expectRefused(arena, extract(archive), /far more than its size/);
  });

  it('lets small text compress well', async () => {
    const data = 'x'.repeat(20 * MiB);
    const archive = await arena.archive(tgzOf({ name: 'text', data }, { name: 'good', data: 'good' }));
    expect((await stat(archive)).size * 500).toBeLessThan(data.length);
    expect([...(await extract(archive)).keys()]).toEqual(['good']);
  });

  it('counts the total of a plain tar', async () => {
    const archive = await arena.archive(
      tarOf({ name: 'good', data: 'good' }, { name: 'b', data: Buffer.alloc(9000) }),
    );
    await expectRefused(arena, extract(archive, { maxUnpackedBytes: 8000 }), /far more than its size/);
  });

  it('refuses a million entries', async () => {
    const folders = gzipSync(Buffer.alloc(50_000 * 512, tarMember({ name: 'again/', type: '5' })));
    const archive = await arena.archive(
      Buffer.concat([
        gzipSync(tarMember({ name: 'good', data: 'good' })),
        ...Array.from({ length: 20 }, () => folders),
      ]),
    );
    const growth = await memoryGrowth(() =>
      expectRefused(arena, extract(archive, { maxRatio: 1e6 }), /too many entries/),
    );
    expect(growth).toBeLessThan(150 * MiB);
  });

  it('counts headers that are no members', async () => {
    const headers = Array.from({ length: 20 }, () => paxHeader({ comment: 'x' }, 'g'));
    const archive = await arena.archive(tgzOf(...headers, { name: 'good', data: 'good' }));
    await expectRefused(arena, extract(archive, { maxEntries: 20 }), /too many entries/);
    expect((await extract(archive, { maxEntries: 21 })).size).toBe(1);
  });
});

describe('sizes that lie, in tar', () => {
  const base256 = (value: bigint) => {
    const field = Buffer.alloc(12);
    field.writeBigUInt64BE(value, 4);
    field[0] = 0x80;
    return field;
  };
  const evil: (TarSpec | Buffer)[] = [tarMember({ name: 'smuggled', data: 'evil' })];

  it.each<[string, (TarSpec | Buffer)[], RegExp]>([
    ['more than there is', [{ name: 'a', size: 1e6 }], /ends within a member/],
    ['2^53 bytes', [{ name: 'a', size: base256(2n ** 53n) }], /unreadable number/],
    ['a terabyte', [{ name: 'a', size: base256(2n ** 40n) }], /ends within a member/],
    ['a negative size', [{ name: 'a', size: Buffer.alloc(12, 0xff) }], /no readable size/],
    ['no number', [{ name: 'a', size: 'zzzzzzzzzzz\0' }], /no readable size/],
    ['a wrong checksum', [{ name: 'a', checksum: 1 }], /checksum is wrong/],
    [
      'PAX and header differ',
      [paxHeader({ size: '1024' }), { name: 'a' }, ...evil],
      /stated twice and differs/,
    ],
    [
      'PAX says nothing is there',
      [paxHeader({ size: '0' }), { name: 'a', data: tarMember({ name: 'b' }) }],
      /twice/,
    ],
    ['a PAX size in hexadecimal', [paxHeader({ size: '0x10' }), { name: 'a' }], /not a number/],
    ['a PAX size with a fraction', [paxHeader({ size: '1.5' }), { name: 'a' }], /not a number/],
    ['an endless PAX size', [paxHeader({ size: 'Infinity' }), { name: 'a' }], /not a number/],
    ['a size for every member', [paxHeader({ size: '512' }, 'g'), { name: 'a' }], /global header/],
    ['a name for every member', [paxHeader({ path: 'b' }, 'g'), { name: 'a' }], /global header/],
    [
      'two PAX headers',
      [paxHeader({ path: 'b' }), paxHeader({ path: 'c' }), { name: 'a' }],
      /two extended headers/,
    ],
    [
      'two long names',
      [{ name: 'L', type: 'L', data: 'b\0' }, { name: 'L', type: 'L', data: 'c\0' }, { name: 'a' }],
      /two long names/,
    ],
    [
      'PAX and GNU names differ',
      [{ name: 'L', type: 'L', data: 'b\0' }, paxHeader({ path: 'c' }), { name: 'a' }],
      /two different long names/,
    ],
    ['a PAX header of a megabyte', [paxHeader({ comment: 'x'.repeat(MiB) }), { name: 'a' }], /too long/],
    ['a PAX header of a terabyte', [{ name: 'x', type: 'x', size: base256(2n ** 40n) }], /too long/],
    [
      'a PAX record that is too long',
      [{ name: 'x', type: 'x', data: '99 path=b\n' }, { name: 'a' }],
      /malformed/,
    ],
    [
      'a PAX record that is too short',
      [{ name: 'x', type: 'x', data: '5 path=b\n' }, { name: 'a' }],
      /malformed/,
    ],
    ['a PAX record of no length', [{ name: 'x', type: 'x', data: '0 path=b\n' }, { name: 'a' }], /malformed/],
    [
      'a PAX record twice',
      [{ name: 'x', type: 'x', data: '10 path=b\n10 path=c\n' }, { name: 'a' }],
      /two records/,
    ],
    ['a folder with contents', [{ name: 'd/', type: '5', size: 512 }, ...evil], /claims to have contents/],
    ['a folder by its slash', [{ name: 'd/', type: '0', size: 512 }, ...evil], /claims to have contents/],
    ['a PAX header of nothing', [paxHeader({ path: 'b' })], /ends within a member/],
  ])('refuses %s', async (_what, members, message) => {
    const archive = await arena.archive(tgzOf({ name: 'good', data: 'good' }, ...members));
    await expectRefused(arena, extract(archive), message);
    const list = async () => {
      for await (const member of listTgz(archive, { stripFirst: false }))
        expect(member.size).toBeLessThan(2000);
    };
    expect((await zooErrorOf(list())).code).toBe('UNSAFE_ARCHIVE');
  });

  it('refuses a member after the end, and after a single zero block', async () => {
    for (const zeros of [512, 1024, 2048]) {
      const bytes = Buffer.concat([
        tarMember({ name: 'good', data: 'good' }),
        Buffer.alloc(zeros),
        tarOf({ name: 'good', data: 'evil' }),
      ]);
      await expectRefused(arena, extract(await arena.archive(bytes)), /data after its end/);
    }
  });

  it('does not unpack gzip within gzip', async () => {
    const archive = await arena.archive(gzipSync(tgzOf({ name: 'good', data: 'good' })));
    await expectRefused(arena, extract(archive), /not a tar|ends within/);
  });
});

describe('zip', () => {
  it('refuses 42 kB of overlapping members that would grow to gigabytes', async () => {
    const kernel = deflateOfZeros(8 * MiB, 1);
    const first = { name: '0', size: 8 * MiB, crc: 0, packed: kernel };
    const quotes = Array.from({ length: 600 }, (_, index) => ({
      ...first,
      name: `${index + 1}`,
      centralOnly: true,
      central: { offset: 0 },
    }));
    const bytes = zipOf([first, ...quotes]);
    expect(bytes.length).toBeLessThan(42_000);
    await expectRefused(arena, openZip(bytesRemote(bytes), arena.signal), /far more than its size/);
    const patient = { maxRatio: 1e6, ratioFreeBytes: 2 ** 40 };
    await expectRefused(arena, openZip(bytesRemote(bytes), arena.signal, patient), /overlap/);
  });

  it('refuses an honest bomb by its sizes', async () => {
    const packed = deflateOfZeros(64 * MiB, 40);
    const spec = { name: 'bomb', packed, size: 2560 * MiB, crc: 0 };
    await expectRefused(arena, openZip(bytesRemote(zipOf([spec])), arena.signal), /far more than its size/);
    const member = {
      path: 'bomb',
      method: 'deflated' as const,
      span: { start: 0, end: packed.length },
      crc32: 0,
    };
    const target = { path: join(arena.target, 'bomb'), size: 2560 * MiB, sha256: sha256('') };
    const part = await arena.archive(packed);
    await expectRefused(
      arena,
      inflateMember(part, { ...member, size: target.size }, target),
      /far more than/,
    );
  });

  it('stops a bomb that says it is small at the size it says', async () => {
    const packed = deflateOfZeros(64 * MiB, 64);
    const zip = await arena.archive(zipOf([{ name: 'bomb', packed, size: 1000, crc: 0 }]));
    const part = await arena.archive(packed);
    const growth = await memoryGrowth(async () => {
      const member = await (await openZip(await fileRemote(zip), arena.signal)).member('bomb', arena.signal);
      const target = { path: join(arena.target, 'bomb'), size: 1000, sha256: sha256('') };
      const error = await zooErrorOf(inflateMember(part, member, target));
      expect(error).toMatchObject({ code: 'INTEGRITY', expected: '1000 bytes', found: 'more' });
      expect(await arena.left()).toEqual([]);
      const list = async () => {
        for await (const _ of listZip(await fileRemote(zip), arena.signal)) expect.unreachable();
      };
      expect((await zooErrorOf(list())).found).toBe('more bytes');
    });
    expect(growth).toBeLessThan(150 * MiB);
  });

  it('refuses a million entries without reading them', async () => {
    const entry = zipOf([{ name: 'x' }]).subarray(33, -22);
    const bytes = Buffer.alloc(1_000_000 * entry.length, entry);
    const end = zipOf([], { zip64: { count: 1_000_000, bytes: bytes.length, start: 0 } });
    end.writeBigUInt64LE(BigInt(bytes.length), 64);
    const remote = bytesRemote(Buffer.concat([bytes, end]));
    await expectRefused(arena, openZip(remote, arena.signal), /too many entries/);
    expect(remote.bytesRead()).toBeLessThan(70_000);
    await expectRefused(arena, openZip(remote, arena.signal, { maxEntries: 2e6 }), /too many entries/);
    expect(ARCHIVE_LIMITS.maxDirectoryBytes).toBeLessThan(bytes.length);
  });

  it('refuses entries that a short end record counts modulo 65,536', async () => {
    const entry = zipOf([{ name: 'x' }]).subarray(33, -22);
    const directory = Buffer.alloc(600_000 * entry.length, entry);
    const end = zipOf([], { end: { count: 600_000 % 65_536, bytes: directory.length, start: 0 } });
    const remote = bytesRemote(Buffer.concat([directory, end]));
    await expectRefused(
      arena,
      openZip(remote, arena.signal),
      /two members are one file|longer than its entries/,
    );
  });
});
