import { describe, expect, it } from 'vitest';
import { openZip } from '../../src/archive/zip-directory.js';
import { END_SPAN } from '../../src/archive/zip-end.js';
import { type RemoteFile, type RemoteRead, SourceFault } from '../../src/sources/remote-file.js';
import { zooErrorOf } from '../support/archive-arena.js';
import { type ZipSpec, zipOf } from '../support/archive-builder.js';
import { bytesRemote } from '../support/bytes-remote.js';

const { signal } = new AbortController();
/** Does not compress, so that offsets are what they seem. */
const noise = (length: number, seed = 1): Buffer => {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
};

async function bytesOf(remote: RemoteFile): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of (await remote.read(undefined, signal)).body) parts.push(chunk);
  return Buffer.concat(parts);
}

describe('openZip', () => {
  it('lists files and folders of a small zip with one read', async () => {
    const remote = bytesRemote(
      zipOf([
        { name: 'model/', method: 0, central: { mode: 0o040755 } },
        { name: 'model/a.bin', data: 'stored', method: 0 },
        { name: 'model/b.json', data: '{}'.repeat(100) },
      ]),
    );
    const zip = await openZip(remote, signal);
    expect([...zip.entries.keys()]).toEqual(['model', 'model/a.bin', 'model/b.json']);
    expect(zip.entries.get('model')).toMatchObject({ isDirectory: true, size: 0 });
    expect(zip.entries.get('model/b.json')).toMatchObject({ method: 'deflated', size: 200 });
    const stored = await zip.member('model/a.bin', signal);
    expect(remote.reads).toHaveLength(1);
    expect(stored).toMatchObject({ path: 'model/a.bin', method: 'stored', size: 6 });
    expect((await bytesOf(stored.remote)).toString()).toBe('stored');
  });

  it('costs one member, not the archive', async () => {
    const wanted = noise(300_000, 7);
    const zip = zipOf([
      { name: 'before', data: noise(2_000_000), method: 0 },
      { name: 'wanted', data: wanted, method: 0 },
      { name: 'after', data: noise(2_000_000), method: 0 },
    ]);
    const remote = bytesRemote(zip);
    const member = await (await openZip(remote, signal)).member('wanted', signal);
    expect((await bytesOf(member.remote)).equals(wanted)).toBe(true);
    expect(remote.reads).toHaveLength(3);
    expect(remote.bytesRead()).toBeLessThan(wanted.length + END_SPAN + 400);
  });

  it('fetches a directory that is longer than the end, once', async () => {
    const members: ZipSpec[] = Array.from({ length: 3000 }, (_, index) => ({
      name: `folder/file-${String(index).padStart(6, '0')}.txt`,
      data: `contents ${index}`,
    }));
    const remote = bytesRemote(zipOf(members, { comment: Buffer.from('a comment') }));
    const zip = await openZip(remote, signal);
    expect(zip.entries.size).toBe(3000);
    expect(remote.reads).toHaveLength(2);
    const [tail, rest] = remote.reads;
    expect(rest?.end).toBe(tail?.start);
  });

  it.each([
    ['Zip64 end records', { zip64: true as const }],
    ['the longest comment', { comment: Buffer.alloc(0xffff, 'c') }],
    ['the longest comment and Zip64', { zip64: true as const, comment: Buffer.alloc(0xffff, 'c') }],
  ])('reads %s', async (_what, options) => {
    const zip = await openZip(bytesRemote(zipOf([{ name: 'a', data: 'x' }], options)), signal);
    expect([...zip.entries.keys()]).toEqual(['a']);
  });

  it('reads descriptors, Zip64 local headers, long extra fields and DOS names', async () => {
    const zip64 = Buffer.alloc(20);
    zip64.writeUInt16LE(1, 0);
    zip64.writeUInt16LE(16, 2);
    zip64.writeBigUInt64LE(5n, 4);
    zip64.writeBigUInt64LE(5n, 12);
    const padding = Buffer.alloc(4004);
    padding.writeUInt16LE(0xd935, 0);
    padding.writeUInt16LE(4000, 2);
    const remote = bytesRemote(
      zipOf([
        { name: 'streamed', data: 'streamed data', flags: 0x0808 },
        {
          name: 'forced64',
          data: 'five5',
          method: 0,
          local: { size: 0xffffffff, compressedSize: 0xffffffff, extra: zip64 },
        },
        { name: 'aligned', data: 'aligned', method: 0, local: { extra: padding } },
        { name: Buffer.from([0x81, 0x2e, 0x74]), data: 'x', flags: 0 },
        { name: 'filler', data: noise(80_000), method: 0 },
      ]),
    );
    const zip = await openZip(remote, signal);
    expect([...zip.entries.keys()]).toEqual(['streamed', 'forced64', 'aligned', 'ü.t', 'filler']);
    expect((await zip.member('streamed', signal)).size).toBe(13);
    expect((await bytesOf((await zip.member('forced64', signal)).remote)).toString()).toBe('five5');
    expect((await bytesOf((await zip.member('aligned', signal)).remote)).toString()).toBe('aligned');
  });

  it('says what is missing', async () => {
    const zip = await openZip(
      bytesRemote(zipOf([{ name: 'd/', central: { mode: 0o040755 }, method: 0 }])),
      signal,
    );
    expect((await zooErrorOf(zip.member('a', signal))).code).toBe('NOT_FOUND');
    expect((await zooErrorOf(zip.member('d', signal))).found).toBe('a folder');
  });

  it('refuses what is no zip or is cut off', async () => {
    const whole = zipOf([{ name: 'a', data: 'x' }]);
    for (const bytes of [Buffer.alloc(0), Buffer.from('<html>'.repeat(100)), whole.subarray(0, -1)]) {
      expect((await zooErrorOf(openZip(bytesRemote(bytes), signal))).message).toMatch(
        /cut off, or not a zip/,
      );
    }
  });

  it('opens an empty zip', async () => {
    expect((await openZip(bytesRemote(zipOf([])), signal)).entries.size).toBe(0);
  });
});

describe('sources that misbehave', () => {
  const bytes = zipOf([{ name: 'a', data: noise(200_000), method: 0 }]);
  const spoiled = (change: (read: RemoteRead) => RemoteRead, size: number | undefined = bytes.length) => {
    const inner = bytesRemote(bytes);
    return {
      ...inner,
      size,
      read: async (...ask: Parameters<RemoteFile['read']>) => change(await inner.read(...ask)),
    };
  };
  async function* only(body: AsyncIterable<Uint8Array>, count: number) {
    for await (const chunk of body) {
      if (count-- > 0) yield chunk;
    }
  }
  async function* twice(body: AsyncIterable<Uint8Array>) {
    for await (const chunk of body) {
      yield chunk;
      yield chunk;
    }
  }

  it.each([
    ['no-ranges', (read: RemoteRead) => ({ ...read, start: 0 })],
    ['broken', (read: RemoteRead) => ({ ...read, body: only(read.body, 2) })],
    ['wrong', (read: RemoteRead) => ({ ...read, body: twice(read.body) })],
    ['wrong', (read: RemoteRead) => ({ ...read, total: bytes.length + 1 })],
  ])('names the fault %s', async (kind, change) => {
    await expect(openZip(spoiled(change), signal)).rejects.toMatchObject({ name: 'SourceFault', kind });
  });

  it('asks for the size where it is not known', async () => {
    const remote = { ...bytesRemote(bytes), size: undefined };
    expect((await openZip(remote, signal)).entries.size).toBe(1);
    const silent = spoiled((read) => ({ ...read, total: undefined }));
    await expect(openZip({ ...silent, size: undefined }, signal)).rejects.toBeInstanceOf(SourceFault);
  });

  it('passes an abort on', async () => {
    const reason = new Error('enough');
    await expect(openZip(bytesRemote(bytes), AbortSignal.abort(reason))).rejects.toBe(reason);
    const zip = await openZip(bytesRemote(bytes), signal);
    await expect(zip.member('a', AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
