import { randomBytes } from 'node:crypto';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localPath } from '../../src/sources/file.js';
import { openSources } from '../../src/sources/open-sources.js';
import { quiet, readRemote } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function folderWith(name: string, bytes: Uint8Array) {
  const cwd = await temporaryFolder('file');
  await writeFile(join(cwd, name), bytes);
  const sources = openSources({ cwd, env: {}, offline: true });
  return { cwd, open: (file: string) => sources.candidate({ scheme: 'file', file }).open(quiet()) };
}

describe('file:', () => {
  it('gives any span of a file, in chunks of bounded size', async () => {
    const bytes = randomBytes(700_001);
    const { open } = await folderWith('a.bin', bytes);
    const file = await open('a.bin');
    expect(file).toMatchObject({ label: 'file:a.bin', host: 'file', size: bytes.length });
    const sizes: number[] = [];
    for await (const chunk of (await file.read(undefined, quiet())).body) sizes.push(chunk.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes.length);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.nat(bytes.length), async (a, b) => {
        const span = { start: Math.min(a, b), end: Math.max(a, b) };
        const read = await file.read(span, quiet());
        expect(read).toMatchObject({ ...span, total: bytes.length });
        read.cancel();
        expect((await readRemote(file, span)).equals(bytes.subarray(span.start, span.end))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('finds relative paths, absolute ones and addresses', async () => {
    const { cwd, open } = await folderWith('a b%20#.bin', Buffer.from('x'));
    await mkdir(join(cwd, 'deep'));
    for (const name of [
      'a b%20#.bin',
      './deep/../a b%20#.bin',
      join(cwd, 'a b%20#.bin'),
      pathToFileURL(join(cwd, 'a b%20#.bin')).href.slice('file:'.length),
    ]) {
      expect((await readRemote(await open(name))).toString(), name).toBe('x');
    }
  });

  it('refuses other machines, folders and devices', async () => {
    const { cwd, open } = await folderWith('a.bin', Buffer.from('x'));
    for (const file of ['//server/share/a.bin', '//192.0.2.1/x', '////server/share']) {
      expect(() => localPath(file, cwd), file).toThrow(expect.objectContaining({ code: 'USAGE' }));
    }
    await expect(open('.')).rejects.toMatchObject({ kind: 'refused' });
    if (process.platform !== 'win32')
      await expect(open('/dev/zero')).rejects.toMatchObject({ kind: 'refused' });
    await expect(open('nowhere.bin')).rejects.toMatchObject({ kind: 'missing' });
    await expect(open('a.bin/x')).rejects.toMatchObject({ kind: 'missing' });
  });

  it('says when the file is shorter than what is asked for, also while it is read', async () => {
    const { cwd, open } = await folderWith('a.bin', randomBytes(600_000));
    const file = await open('a.bin');
    await expect(file.read({ start: 0, end: 600_001 }, quiet())).rejects.toMatchObject({ kind: 'missing' });
    const read = await file.read(undefined, quiet());
    await expect(async () => {
      for await (const _ of read.body) await truncate(join(cwd, 'a.bin'), 1);
    }).rejects.toMatchObject({ kind: 'broken' });
  });

  it('stops when told to, before and while reading', async () => {
    const { open } = await folderWith('a.bin', randomBytes(600_000));
    const file = await open('a.bin');
    await expect(file.read(undefined, AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    const controller = new AbortController();
    const read = await file.read(undefined, controller.signal);
    await expect(async () => {
      for await (const _ of read.body) controller.abort(new Error('enough'));
    }).rejects.toThrow('enough');
  });
});
