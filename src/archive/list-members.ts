/** Hashes every file of an archive, for writing a new card. */
import { type BlobHashes, hashPieces } from '../core/pieces.js';
import type { RemoteFile } from '../sources/remote-file.js';
import { type TgzOptions, tgzMembers } from './extract-tgz.js';
import type { ArchiveLimits } from './limits.js';
import { memberBytes } from './member-bytes.js';
import { openZip } from './zip-directory.js';

export interface ListedMember extends BlobHashes {
  readonly path: string;
}

/** Chooses members by path; the others are checked but not hashed. Default: all. */
export interface ListFilter {
  readonly only?: (path: string) => boolean;
}

/**
 * The files of a local `.tgz` or `.tar` in their order, one at a time; memory does not grow with their size.
 * @throws ZooError as `extractTgz`, at the point in the archive where it is noticed; the signal's reason.
 */
export async function* listTgz(
  archivePath: string,
  options: TgzOptions & ListFilter,
): AsyncGenerator<ListedMember> {
  for await (const member of tgzMembers(archivePath, options)) {
    if (options.only && !options.only(member.path)) continue;
    yield { path: member.path, ...(await hashPieces(member.body)) };
  }
}

/**
 * The files of a zip or wheel, in the order of their bytes, read one after another by ranges. Bytes are
 * checked against the archive's own checksums.
 * @throws ZooError as `openZip`, and `INTEGRITY` when a member has other bytes than the directory says;
 * SourceFault; the signal's reason.
 */
export async function* listZip(
  remote: RemoteFile,
  signal: AbortSignal,
  options: ListFilter & { readonly limits?: Partial<ArchiveLimits> } = {},
): AsyncGenerator<ListedMember> {
  const zip = await openZip(remote, signal, options.limits);
  for (const entry of zip.entries.values()) {
    if (entry.isDirectory || (options.only && !options.only(entry.path))) continue;
    const member = await zip.member(entry.path, signal);
    yield { path: entry.path, ...(await hashPieces(memberBytes(member, signal))) };
  }
}
