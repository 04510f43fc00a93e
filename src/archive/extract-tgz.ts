/**
 * Takes wanted members out of a local `.tgz` or `.tar`. The archive is read twice: the first pass checks all
 * of it and writes nothing, the second writes the wanted members, so that an archive with anything hostile in
 * it leaves no trace. The second pass costs little, since it stops at the last wanted member and unpacking is
 * several times as fast as any network. Nothing is ever written under a name from the archive.
 */
import { join } from 'node:path';
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { type ArchiveLimits, archiveLimits } from './limits.js';
import { MemberNames } from './member-names.js';
import { readTar, type TarMember } from './tar-stream.js';
import { unpackedBytes } from './unpack-stream.js';
import { writeVerified } from './verified-file.js';

/** A member as a card describes it; `path` is relative to the archive, without its first folder if stripped. */
export interface WantedMember {
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
}

export interface TgzOptions {
  /** What the archive is called in errors; its path by default. */
  readonly label?: string;
  /** Leaves the first folder out of every name, as npm does with `package/`. */
  readonly stripFirst: boolean;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<ArchiveLimits>;
}

export interface ExtractOptions extends TgzOptions {
  /** Called after a member was verified and stands in the folder. */
  readonly onMember?: (member: WantedMember) => void;
}

/**
 * Writes each wanted member to `directory/<sha256>`, verified and synced; a file of that name is replaced.
 * Members with the same digest are written once.
 * @returns the file of each wanted path.
 * @throws ZooError `UNSAFE_ARCHIVE` when the archive holds anything that is refused, `NOT_FOUND` when it lacks
 * a wanted member, `INTEGRITY` when one has other bytes (those already verified stay), `DISK_FULL`,
 * `FILE_SYSTEM`; the signal's reason.
 */
export async function extractTgz(
  archivePath: string,
  wanted: readonly WantedMember[],
  directory: string,
  options: ExtractOptions,
): Promise<Map<string, string>> {
  const label = options.label ?? archivePath;
  const byPath = new Map(wanted.map((member) => [member.path, member]));
  await checkAll(archivePath, byPath, label, options);

  const files = new Map<string, string>();
  const written = new Set<Digest>();
  if (byPath.size === 0) return files;
  for await (const member of tgzMembers(archivePath, options)) {
    const want = byPath.get(member.path);
    if (want === undefined) continue;
    const path = join(directory, want.sha256);
    if (!written.has(want.sha256)) {
      const target = { path, size: want.size, sha256: want.sha256 };
      await writeVerified(target, member.body, `${label}#${want.path}`, options.signal);
      written.add(want.sha256);
    }
    files.set(want.path, path);
    options.onMember?.(want);
    if (files.size === byPath.size) break;
  }
  return files;
}

/** The files of a local tar or tgz, checked as they come; names are stripped where the options say so. */
export async function* tgzMembers(archivePath: string, options: TgzOptions): AsyncGenerator<TarMember> {
  const label = options.label ?? archivePath;
  const limits = archiveLimits(options.limits);
  const stripped = new MemberNames(label);
  for await (const member of readTar(
    unpackedBytes(archivePath, label, limits, options.signal),
    label,
    limits,
  )) {
    if (!options.stripFirst) {
      yield member;
      continue;
    }
    const slash = member.path.indexOf('/');
    // A file beside the first folder has no name without it.
    if (slash === -1) continue;
    const path = member.path.slice(slash + 1);
    // "package/a" and "other/a" are two names in the archive and one here.
    stripped.addFile(path);
    yield { ...member, path };
  }
}

async function checkAll(
  archivePath: string,
  wanted: ReadonlyMap<string, WantedMember>,
  label: string,
  options: TgzOptions,
): Promise<void> {
  const missing = new Set(wanted.keys());
  for await (const member of tgzMembers(archivePath, options)) {
    const want = wanted.get(member.path);
    if (want === undefined) continue;
    if (member.size !== want.size) {
      throw new ZooError('INTEGRITY', `${label}#${want.path} has another size than was promised`, {
        expected: `${want.size} bytes`,
        found: `${member.size} bytes`,
      });
    }
    missing.delete(member.path);
  }
  if (missing.size > 0) {
    throw new ZooError('NOT_FOUND', `${label} has no such file`, {
      expected: [...missing].slice(0, 5).join(', '),
      found: 'an archive without it',
    });
  }
}
