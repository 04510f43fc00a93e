/** Links, devices and other members that are no files: refused before anything is written. */
import { describe, it } from 'vitest';
import { extractTgz } from '../../src/archive/extract-tgz.js';
import { openZip } from '../../src/archive/zip-directory.js';
import { expectRefused, useArena, wantedOf } from '../support/archive-arena.js';
import { paxHeader, type TarSpec, tarMember, tgzOf, zipOf } from '../support/archive-builder.js';
import { bytesRemote } from '../support/bytes-remote.js';

const arena = useArena();
const good: TarSpec = { name: 'package/good', data: 'good' };

async function refuses(message: RegExp, ...members: (TarSpec | Buffer)[]): Promise<void> {
  for (const order of [
    [good, ...members],
    [...members, good],
  ]) {
    const archive = await arena.archive(tgzOf(...order));
    const run = extractTgz(archive, [wantedOf('good', 'good')], arena.target, { stripFirst: true });
    await expectRefused(arena, run, message);
  }
}

describe('tar', () => {
  it.each([
    ['a hard link', '1', '../../outside'],
    ['a symbolic link', '2', '/etc/passwd'],
    ['a symbolic link within the archive', '2', 'good'],
    ['a character device', '3', ''],
    ['a block device', '4', ''],
    ['a FIFO', '6', ''],
    ['a GNU sparse file', 'S', ''],
    ['a GNU folder dump', 'D', ''],
    ['a volume label', 'V', ''],
    ['a continued file', 'M', ''],
    ['a long link target', 'K', ''],
    ['an unknown type', 'Z', ''],
  ])('refuses %s', async (_what, type, link) => {
    await refuses(/neither a file nor a folder/, { name: 'package/evil', type, link });
  });

  it('refuses a link that the wanted member is then written through', async () => {
    const archive = await arena.archive(
      tgzOf({ name: 'package', type: '2', link: arena.root }, { name: 'package/good', data: 'good' }),
    );
    const run = extractTgz(archive, [wantedOf('good', 'good')], arena.target, { stripFirst: true });
    await expectRefused(arena, run, /neither a file nor a folder/);
  });

  it('refuses a link target on a file, in the header and in a PAX header', async () => {
    await refuses(/link target/, { name: 'package/evil', link: '/etc/passwd' });
    await refuses(
      /link or a sparse file/,
      paxHeader({ linkpath: '/etc/passwd' }),
      tarMember({ name: 'package/evil' }),
    );
  });

  it('refuses sparse files of the PAX kind', async () => {
    await refuses(
      /sparse/,
      paxHeader({ 'GNU.sparse.major': '1', 'GNU.sparse.name': 'package/evil' }),
      tarMember({ name: 'package/evil' }),
    );
  });
});

describe('zip', () => {
  const refusesZip = (members: Parameters<typeof zipOf>[0], message: RegExp) =>
    expectRefused(arena, openZip(bytesRemote(zipOf(members)), arena.signal), message);

  it.each([
    ['a symbolic link', 0o120777],
    ['a character device', 0o020644],
    ['a block device', 0o060644],
    ['a FIFO', 0o010644],
    ['a socket', 0o140644],
    ['a folder by its mode and a file by its name', 0o040755],
  ])('refuses %s', async (_what, mode) => {
    await refusesZip(
      [
        { name: 'good', data: 'good' },
        { name: 'evil', data: '/etc/passwd', central: { mode } },
      ],
      /neither a file nor a folder/,
    );
  });

  it('refuses a Windows link and a folder with contents', async () => {
    await refusesZip([{ name: 'evil', data: 'x', central: { attributes: 0x400 } }], /link of Windows/);
    await refusesZip([{ name: 'evil/', data: 'x', central: { mode: 0o040755 } }], /claims to have contents/);
  });
});
