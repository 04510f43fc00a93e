/** Zips that two programs read differently: directory against header, end against end, Zip64 against neither. */
import { describe, it } from 'vitest';
import { openZip } from '../../src/archive/zip-directory.js';
import { expectRefused, useArena } from '../support/archive-arena.js';
import { type ZipOptions, type ZipSpec, zipEnd, zipOf } from '../support/archive-builder.js';
import { bytesRemote } from '../support/bytes-remote.js';

const arena = useArena();

const refusesOpen = (bytes: Buffer, message: RegExp) =>
  expectRefused(arena, openZip(bytesRemote(bytes), arena.signal), message);

async function refusesMember(spec: Omit<ZipSpec, 'name'>, message: RegExp, filler = 0): Promise<void> {
  const bytes = zipOf([
    { name: 'good', data: 'good', ...spec },
    { name: 'filler', packed: Buffer.alloc(filler), data: Buffer.alloc(filler), method: 0 },
  ]);
  const zip = await openZip(bytesRemote(bytes), arena.signal);
  await expectRefused(arena, zip.member('good', arena.signal), message);
}

function extra(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

describe('directory against local header', () => {
  it.each<[string, ZipSpec['local'], RegExp]>([
    ['name', { name: 'evil' }, /disagree on the name/],
    ['name, by length', { name: 'good and more' }, /disagree on the name/],
    ['name, by a NUL', { name: 'good\0' }, /disagree on the name/],
    ['method', { method: 0 }, /disagree on the method/],
    ['size', { size: 5 }, /disagree on the size/],
    ['packed size', { compressedSize: 5 }, /disagree on the packed size/],
    ['checksum', { crc: 5 }, /disagree on the checksum/],
    ['encryption', { flags: 0x0801 }, /disagree on the flags/],
    ['descriptor', { flags: 0x0808 }, /disagree on the flags/],
    ['encoding of names', { flags: 0 }, /disagree on the flags/],
    ['Zip64 size', { size: 0xffffffff, extra: extra(1, Buffer.alloc(16, 1)) }, /disagree on the size/],
    [
      'Zip64 fields',
      { extra: Buffer.concat([extra(1, Buffer.alloc(16)), extra(1, Buffer.alloc(16))]) },
      /two Zip64/,
    ],
    ['extra fields', { extra: Buffer.from([1, 0, 99, 0, 1]) }, /malformed field/],
  ])('refuses another %s', async (_what, local, message) => {
    await refusesMember({ local: local ?? {} }, message);
    // The header is read from the network when it is not in the end of the file.
    await refusesMember({ local: local ?? {} }, message, 100_000);
  });

  it('refuses a descriptor whose header states other sizes', async () => {
    await refusesMember({ flags: 0x0808, local: { size: 9 } }, /disagree on the size/);
  });

  it('refuses a directory that points into the data of a member', async () => {
    const data = Buffer.concat([Buffer.alloc(40), zipOf([{ name: 'good', data: 'evil' }])]);
    const spec = { name: 'good', data, method: 0 };
    const place = { compressedSize: 10, size: 10 };
    const nowhere = zipOf([{ ...spec, central: { ...place, offset: 40 } }]);
    const zip = await openZip(bytesRemote(nowhere), arena.signal);
    await expectRefused(arena, zip.member('good', arena.signal), /there is no member/);
    const hidden = zipOf([{ ...spec, central: { ...place, offset: 74 } }]);
    const other = await openZip(bytesRemote(hidden), arena.signal);
    await expectRefused(arena, other.member('good', arena.signal), /disagree on the method/);
  });

  it('refuses a header that reaches into the next member', async () => {
    const long = extra(0xcafe, Buffer.alloc(200));
    const bytes = zipOf([
      { name: 'good', data: 'good', method: 0, local: { extra: long } },
      { name: 'next', data: 'next' },
    ]);
    const lengthAt = 28;
    bytes.writeUInt16LE(0xfff0, lengthAt);
    const zip = await openZip(bytesRemote(bytes), arena.signal);
    await expectRefused(arena, zip.member('good', arena.signal), /reaches into the next member/);
  });

  it('refuses data that reaches into the next member once the extra field is known', async () => {
    const bytes = zipOf([
      { name: 'good', data: 'goodgoodgood', method: 0, local: { extra: extra(0xcafe, Buffer.alloc(8)) } },
      { name: 'next', data: 'next' },
    ]);
    // 12 bytes of extra field make room for a directory that claims 12 bytes more than there are.
    const directory = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    bytes.writeUInt32LE(24, directory + 20);
    bytes.writeUInt32LE(24, directory + 24);
    bytes.writeUInt32LE(24, 18);
    bytes.writeUInt32LE(24, 22);
    const zip = await openZip(bytesRemote(bytes), arena.signal);
    await expectRefused(arena, zip.member('good', arena.signal), /overlap/);
  });
});

describe('the directory itself', () => {
  it.each<[string, ZipSpec, RegExp]>([
    ['encrypted', { name: 'a', data: 'x', flags: 1 }, /encrypted/],
    ['strongly encrypted', { name: 'a', data: 'x', flags: 0x41 }, /encrypt/],
    ['masked', { name: 'a', data: 'x', flags: 0x2000 }, /encrypted/],
    ['a patch', { name: 'a', data: 'x', flags: 0x20 }, /patch/],
    [
      'packed by deflate64',
      { name: 'a', data: 'x', method: 9, packed: Buffer.from('x') },
      /other than deflate/,
    ],
    ['packed by LZMA', { name: 'a', data: 'x', method: 14, packed: Buffer.from('x') }, /other than deflate/],
    ['stored with two sizes', { name: 'a', data: 'xy', method: 0, central: { size: 9 } }, /mismatch/],
    ['on another disk', { name: 'a', data: 'x', central: { disk: 1 } }, /another disk/],
    ['before the file', { name: 'a', data: 'x', central: { offset: 0xfffffff0 } }, /overlap/],
    ['longer than the file', { name: 'a', data: 'x', central: { compressedSize: 0xfffffff0 } }, /overlap/],
    [
      'given two Zip64 fields',
      {
        name: 'a',
        data: 'x',
        central: { extra: Buffer.concat([extra(1, Buffer.alloc(8)), extra(1, Buffer.alloc(8))]) },
      },
      /two Zip64/,
    ],
    [
      'sent to Zip64 without a field',
      { name: 'a', data: 'x', central: { size: 0xffffffff, extra: extra(1, Buffer.alloc(4)) } },
      /can't be read/,
    ],
    [
      'given malformed extra fields',
      { name: 'a', data: 'x', central: { extra: Buffer.from([1, 0, 9, 0]) } },
      /can't be/,
    ],
    [
      'given a second name',
      {
        name: 'a',
        data: 'x',
        // version 1, crc32 of "a", another name
        central: { extra: extra(0x7075, Buffer.from([1, 0x43, 0xbe, 0xb7, 0xe8, 0x62])) },
      },
      /two names/,
    ],
  ])('refuses a member that is %s', async (_what, spec, message) => {
    await refusesOpen(zipOf([spec]), message);
  });

  it('refuses entries that share bytes', async () => {
    await refusesOpen(
      zipOf([
        { name: 'a', data: 'shared' },
        { name: 'b', data: 'shared', centralOnly: true, central: { offset: 0 } },
      ]),
      /overlap/,
    );
    await refusesOpen(
      zipOf([
        { name: 'outer', data: Buffer.alloc(100), method: 0 },
        { name: 'inner', data: Buffer.alloc(10), method: 0, centralOnly: true, central: { offset: 60 } },
      ]),
      /overlap/,
    );
  });
});

describe('the end records', () => {
  const good: ZipSpec[] = [{ name: 'good', data: 'good' }];

  it.each<[string, ZipOptions, RegExp]>([
    ['fewer entries than the directory', { end: { count: 0 } }, /longer than its entries/],
    ['more entries than the directory', { end: { count: 2 } }, /can't be read/],
    ['a longer directory', { end: { bytes: 500 } }, /does not end where/],
    ['a directory elsewhere', { end: { start: 0 } }, /does not end where/],
    ['several disks', { end: { disk: 1 } }, /several disks/],
    ['bytes between directory and end', { afterDirectory: Buffer.from('hidden') }, /does not end where/],
    ['a longer comment', { end: { commentLength: 9 } }, /cut off, or not a zip/],
    ['a Zip64 count that lies', { zip64: { count: 2 } }, /can't be read/],
    ['a huge Zip64 count', { zip64: { count: 2 ** 52 } }, /too many entries/],
    ['a huge Zip64 directory', { zip64: { bytes: 2 ** 52 } }, /does not end where/],
    ['a Zip64 directory elsewhere', { zip64: { start: 0 } }, /does not end where/],
    ['a Zip64 count other than the plain one', { zip64: true, end: { count: 7 } }, /contradict/],
    ['a Zip64 start other than the plain one', { zip64: true, end: { start: 7 } }, /contradict/],
    ['a Zip64 length other than the plain one', { zip64: true, end: { bytes: 7 } }, /contradict/],
  ])('refuses %s', async (_what, options, message) => {
    await refusesOpen(zipOf(good, options), message);
  });

  it('refuses a Zip64 record elsewhere than before its locator', async () => {
    const bytes = zipOf(good, { zip64: true });
    bytes.writeBigUInt64LE(0n, bytes.length - 22 - 12);
    await refusesOpen(bytes, /contradict/);
    const stretched = zipOf(good, { zip64: true });
    stretched.writeBigUInt64LE(1000n, stretched.length - 22 - 20 - 52);
    await refusesOpen(stretched, /contradict/);
  });

  it('refuses a second end record in the comment, whether it fits or not', async () => {
    const evil = zipEnd(0, 0, 0);
    await refusesOpen(zipOf(good, { comment: evil }), /more than one end record/);
    const other = zipEnd(0, 0, 0, Buffer.from('comment that is cut'));
    await refusesOpen(zipOf(good, { comment: other.subarray(0, 30) }), /more than one end record/);
  });

  it('refuses a whole zip behind a zip', async () => {
    await refusesOpen(
      Buffer.concat([zipOf(good), zipOf([{ name: 'good', data: 'evil' }])]),
      /does not end where/,
    );
  });

  it('refuses bytes before and behind the zip', async () => {
    await refusesOpen(Buffer.concat([Buffer.from('#!/bin/sh\n'), zipOf(good)]), /does not end where/);
    await refusesOpen(Buffer.concat([zipOf(good), Buffer.from('\n')]), /cut off, or not a zip/);
  });
});
