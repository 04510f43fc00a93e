/** Random archives round trip; damaged ones give the right bytes or a typed error, and never wrong files. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { create } from 'tar/create';
import { describe, expect, it } from 'vitest';
import { extractTgz } from '../../src/archive/extract-tgz.js';
import { inflateMember } from '../../src/archive/inflate-member.js';
import { listTgz, listZip } from '../../src/archive/list-members.js';
import { openZip } from '../../src/archive/zip-directory.js';
import { sha256 } from '../../src/core/digest.js';
import { ZooError } from '../../src/core/errors.js';
import { checkPathSet } from '../../src/core/safe-path.js';
import { SourceFault } from '../../src/sources/remote-file.js';
import { useArena, wantedOf } from '../support/archive-arena.js';
import { paxHeader, tarMember, tarOf, tgzOf, zipOf } from '../support/archive-builder.js';
import { bytesRemote } from '../support/bytes-remote.js';

const arena = useArena();

const segment = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019_-é漢🦓'), minLength: 1, maxLength: 40 })
  .map((name) => `n${name}`);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const data = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.integer({ min: 0, max: 3000 }).map((length) => new Uint8Array(length).fill(97)),
);
const tree = fc.dictionary(path, data, { minKeys: 1, maxKeys: 6 }).filter((files) => {
  try {
    checkPathSet(Object.keys(files), 'test');
    return true;
  } catch {
    return false;
  }
});

/** A fresh folder below the target for one run. */
const place = () => mkdtemp(join(arena.target, 'run-'));

describe('round trips', () => {
  it('reads what node-tar writes, with and without gzip', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.boolean(), async (files, gzip) => {
        const [source, target] = [await place(), await place()];
        for (const [name, bytes] of Object.entries(files)) {
          await mkdir(dirname(join(source, 'package', name)), { recursive: true });
          await writeFile(join(source, 'package', name), bytes);
        }
        const archive = join(source, 'archive.tgz');
        await create({ file: archive, cwd: source, gzip }, ['package']);
        const wanted = Object.entries(files).map(([name, bytes]) => wantedOf(name, bytes));
        const got = await extractTgz(archive, wanted, target, { stripFirst: true });
        expect(got.size).toBe(wanted.length);
        for (const [name, file] of got) expect(await readFile(file)).toEqual(Buffer.from(files[name] ?? []));
        const listed = new Map<string, string>();
        for await (const member of listTgz(archive, { stripFirst: true }))
          listed.set(member.path, member.sha256);
        expect(listed).toEqual(new Map(wanted.map((member) => [member.path, member.sha256])));
        await rm(source, { recursive: true });
        await rm(target, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it('reads zips of stored, deflated and streamed members', async () => {
    const kind = fc.record({ method: fc.constantFrom(0, 8), flags: fc.constantFrom(0x0800, 0x0808) });
    const options = fc.record({
      comment: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      zip64: fc.constantFrom(undefined, true as const),
    });
    await fc.assert(
      fc.asyncProperty(
        tree,
        fc.array(kind, { minLength: 6, maxLength: 6 }),
        options,
        async (files, kinds, how) => {
          const names = Object.keys(files);
          const zip = zipOf(
            names.map((name, index) => ({ name, data: files[name] ?? '', ...kinds[index] })),
            { comment: how.comment, ...(how.zip64 ? { zip64: how.zip64 } : {}) },
          );
          const directory = await openZip(bytesRemote(zip), arena.signal);
          expect([...directory.entries.keys()].sort()).toEqual(names.sort());
          const target = await place();
          for (const [name, bytes] of Object.entries(files)) {
            const member = await directory.member(name, arena.signal);
            const part = await arena.archive(zip.subarray(member.span.start, member.span.end));
            const want = wantedOf(name, bytes);
            await inflateMember(part, member, { ...want, path: join(target, want.sha256) });
            expect(await readFile(join(target, want.sha256))).toEqual(Buffer.from(bytes));
          }
          await rm(target, { recursive: true });
        },
      ),
      { numRuns: 40 },
    );
  });
});

/** What may happen to bytes on a bad day. */
interface Harm {
  readonly kind: 'flip' | 'cut' | 'insert' | 'remove';
  /** Where, as a share of the length. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const damage: fc.Arbitrary<Harm[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'cut', 'insert', 'remove'),
    at: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 3 },
);

function damaged(whole: Buffer, harm: readonly Harm[]): Buffer {
  return harm.reduce<Buffer>((bytes, { kind, at: share, bytes: noise }) => {
    const at = Math.floor(share * bytes.length);
    if (kind === 'cut') return bytes.subarray(0, at);
    if (kind === 'insert') return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    if (kind === 'remove') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + noise.length)]);
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ (noise[0] ?? 0);
    return copy;
  }, whole);
}

/** Runs `action`; a typed error is as good as an answer. */
async function answered<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ZooError || error instanceof SourceFault) return undefined;
    throw error;
  }
}

/** Files in `folder` are named by their own digests, and no draft is among them. */
async function expectOnlyVerified(folder: string): Promise<void> {
  for (const name of await readdir(folder)) expect(sha256(await readFile(join(folder, name)))).toBe(name);
}

describe('damage', () => {
  const text = Buffer.from('weights and more weights '.repeat(200));
  const wanted = [wantedOf('p/a', text), wantedOf('p/b', 'b')];
  const members = [
    { name: 'p/', type: '5' },
    paxHeader({ path: 'p/a', size: String(text.length) }),
    tarMember({ name: 'cut', data: text }),
    { name: 'p/b', data: 'b' },
  ];

  it.each([
    ['tgz', tgzOf(...members)],
    ['tar', tarOf(...members)],
  ])('of a %s never gives a wrong file', async (_kind, whole) => {
    await fc.assert(
      fc.asyncProperty(damage, async (harm) => {
        const target = await place();
        const archive = await arena.archive(damaged(whole, harm));
        await answered(() => extractTgz(archive, wanted, target, { stripFirst: false }));
        await answered(async () => {
          for await (const member of listTgz(archive, { stripFirst: false }))
            expect(member.path).not.toBe('');
        });
        await expectOnlyVerified(target);
        await rm(target, { recursive: true });
        await rm(archive);
      }),
      { numRuns: 400 },
    );
  });

  it('of a zip never gives a wrong file', async () => {
    const whole = zipOf(
      [
        { name: 'p/', method: 0, central: { mode: 0o040755 } },
        { name: 'p/a', data: text },
        { name: 'p/b', data: 'b', method: 0 },
        { name: 'p/c', data: text, flags: 0x0808 },
      ],
      { zip64: true, comment: Buffer.from('comment') },
    );
    await fc.assert(
      fc.asyncProperty(damage, async (harm) => {
        const target = await place();
        const bytes = damaged(whole, harm);
        for (const want of [...wanted, wantedOf('p/c', text)]) {
          await answered(async () => {
            const zip = await openZip(bytesRemote(bytes), arena.signal);
            const member = await zip.member(want.path, arena.signal);
            const part = await arena.archive(bytes.subarray(member.span.start, member.span.end));
            await inflateMember(part, member, { ...want, path: join(target, want.sha256) });
          });
        }
        await answered(async () => {
          for await (const member of listZip(bytesRemote(bytes), arena.signal))
            expect(member.path).not.toBe('');
        });
        await expectOnlyVerified(target);
        await rm(target, { recursive: true });
      }),
      { numRuns: 400 },
    );
  });

  it('of everything still ends', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(
        ...['PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07'].map((s) => Buffer.from(s)),
      ),
      fc.integer({ min: 1, max: 600 }).map((length) => Buffer.alloc(length)),
      fc.constantFrom(
        tarMember({ name: 'a', data: 'x' }),
        zipOf([{ name: 'a', data: 'x' }]),
        tgzOf({ name: 'a' }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const bytes = Buffer.concat(pieces);
        await answered(() => openZip(bytesRemote(bytes), arena.signal));
        const archive = await arena.archive(bytes);
        await answered(async () => {
          for await (const member of listTgz(archive, { stripFirst: false }))
            expect(member.path).not.toBe('');
        });
        await rm(archive);
      }),
      { numRuns: 400 },
    );
  });
});
