import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflateMember } from '../../src/archive/inflate-member.js';
import { listZip } from '../../src/archive/list-members.js';
import { openZip } from '../../src/archive/zip-directory.js';
import type { ZipMember } from '../../src/archive/zip-member.js';
import { sha256 } from '../../src/core/digest.js';
import { PIECE_SIZE } from '../../src/core/pieces.js';
import { expectRefused, useArena, zooErrorOf } from '../support/archive-arena.js';
import { type ZipSpec, zipOf } from '../support/archive-builder.js';
import { bytesRemote } from '../support/bytes-remote.js';

const arena = useArena();
const text = 'a line of text, again and again\n'.repeat(3000);

/** A member of a real zip, and a file with its packed bytes. */
async function packed(spec: Omit<ZipSpec, 'name'>): Promise<{ member: ZipMember; part: string }> {
  const zip = zipOf([{ name: 'member', ...spec }]);
  const member = await (await openZip(bytesRemote(zip), arena.signal)).member('member', arena.signal);
  return { member, part: await arena.archive(zip.subarray(member.span.start, member.span.end)) };
}

const targetOf = (data: string | Uint8Array) => ({
  path: join(arena.target, sha256(data)),
  size: Buffer.from(data).length,
  sha256: sha256(data),
});

describe('inflateMember', () => {
  it.each([
    ['deflated', { data: text }],
    ['stored', { data: text, method: 0 }],
    ['empty and deflated', { data: '' }],
    ['empty and stored', { data: '', method: 0 }],
    ['with a descriptor', { data: text, flags: 0x0808 }],
  ])('unpacks a member that is %s', async (_what, spec) => {
    const { member, part } = await packed(spec);
    await inflateMember(part, member, targetOf(spec.data), arena.signal);
    expect(await readFile(targetOf(spec.data).path, 'utf8')).toBe(spec.data);
    expect(await arena.left()).toHaveLength(1);
  });

  it('leaves nothing when digest, checksum or size are not as promised', async () => {
    const { member, part } = await packed({ data: text });
    const refuse = (action: Promise<void>, message: RegExp) =>
      expectRefused(arena, action, message, 'INTEGRITY');
    const other = { ...targetOf(text), sha256: sha256('other') };
    await refuse(inflateMember(part, member, other), /promised/);
    await refuse(inflateMember(part, { ...member, crc32: 1 }, targetOf(text)), /promised/);
    await refuse(inflateMember(part, member, targetOf(`${text}.`)), /another size/);
    const lying = { ...member, size: text.length - 1 };
    await refuse(inflateMember(part, lying, { ...targetOf(text), size: text.length - 1 }), /promised/);
    const long = { ...member, size: text.length + 1 };
    await refuse(inflateMember(part, long, { ...targetOf(text), size: text.length + 1 }), /promised/);
  });

  it('tells a damaged stream and a part of another length', async () => {
    const { member, part } = await packed({ data: text });
    const bytes = await readFile(part);
    await writeFile(part, bytes.subarray(0, -1));
    await expectRefused(arena, inflateMember(part, member, targetOf(text)), /downloaded part/, 'INTEGRITY');
    const shorter = { ...member, span: { start: member.span.start, end: member.span.end - 1 } };
    await expectRefused(arena, inflateMember(part, shorter, targetOf(text)), /damaged/, 'INTEGRITY');
    await writeFile(part, Buffer.alloc(bytes.length, 0xff));
    await expectRefused(arena, inflateMember(part, member, targetOf(text)), /damaged/, 'INTEGRITY');
  });

  it('refuses bytes behind the end of the stream', async () => {
    const { member, part } = await packed({
      data: text,
      packed: Buffer.concat([deflateRawSync(text), Buffer.from('second reading')]),
    });
    await expectRefused(arena, inflateMember(part, member, targetOf(text)), /bytes follow the end/);
  });

  it('stops at an abort with its reason', async () => {
    const { member, part } = await packed({ data: text });
    const reason = new Error('enough');
    const run = inflateMember(part, member, targetOf(text), AbortSignal.abort(reason));
    await expect(run).rejects.toBe(reason);
    expect(await arena.left()).toEqual([]);
  });

  it('says so when the folder is missing', async () => {
    const { member, part } = await packed({ data: text });
    const target = { ...targetOf(text), path: join(arena.target, 'none', 'file') };
    expect((await zooErrorOf(inflateMember(part, member, target))).code).toBe('FILE_SYSTEM');
  });
});

describe('listZip', () => {
  it('gives size, digest and pieces of the chosen files', async () => {
    const data = Buffer.alloc(PIECE_SIZE + 1000, 'abc');
    const zip = zipOf([
      { name: 'd/', method: 0, central: { mode: 0o040755 } },
      { name: 'd/stored', data, method: 0 },
      { name: 'd/deflated', data: text },
      { name: 'd/empty', data: '', method: 0 },
      { name: 'left out', data: text },
    ]);
    const listed = [];
    const options = { only: (path: string) => path !== 'left out' };
    for await (const member of listZip(bytesRemote(zip), arena.signal, options)) listed.push(member);
    expect(listed).toEqual([
      {
        path: 'd/stored',
        size: data.length,
        sha256: sha256(data),
        pieces: [sha256(data.subarray(0, PIECE_SIZE)), sha256(data.subarray(PIECE_SIZE))],
      },
      { path: 'd/deflated', size: text.length, sha256: sha256(text), pieces: [] },
      { path: 'd/empty', size: 0, sha256: sha256(''), pieces: [] },
    ]);
  });

  it.each([
    ['checksum', { crc: 1 }],
    ['size, too small', { size: text.length - 1 }],
    ['size, too large', { size: text.length + 1 }],
  ])('notices a wrong %s', async (_what, lie) => {
    const zip = zipOf([{ name: 'a', data: text, ...lie }]);
    const read = async () => {
      for await (const member of listZip(bytesRemote(zip), arena.signal)) expect(member.path).toBe('a');
    };
    expect((await zooErrorOf(read())).code).toBe('INTEGRITY');
  });
});
