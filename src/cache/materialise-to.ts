/** A model's files in a folder that the user names: other things may lie there, and must not be harmed. */
import { lstat, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { retryWhileHeld, syncFolder, temporaryName } from '../core/atomic-file.js';
import { type Digest, sha256OfFile } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import { forEachBounded } from '../core/for-each-bounded.js';
import { checkPathSet } from '../core/safe-path.js';
import { makeRealFolder } from './layout.js';
import type { ModelFile } from './manifest.js';
import { type BlobFinder, FilePlacer, placeBlob } from './place-file.js';

const PARALLEL = 8;

export interface MaterialiseToOptions {
  /** Replaces files of other content. Folders are never replaced. Default false. */
  overwrite?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** What `materialiseTo` did, in numbers of files. */
export interface MaterialisedTo {
  readonly folder: string;
  readonly written: number;
  /** Already there with the right bytes. */
  readonly unchanged: number;
}

/**
 * Puts files into `folder`, which is made when missing and may itself be reached through links; nothing inside
 * it is. Everything is looked at before the first byte is written, so a refusal changes nothing. Each file
 * appears by a rename. The files share storage with the cache where they can, and are read-only.
 *
 * A hostile process that swaps folders for links while this runs is not defended against: Node has no way to
 * open a file relative to a folder that it has looked at.
 * @param owner the card's name, for errors.
 * @throws ZooError `UNSAFE_PATH` for links and refused paths, `FILE_SYSTEM` for files of other content.
 */
export async function materialiseTo(
  folder: string,
  owner: string,
  files: readonly ModelFile[],
  findBlob: BlobFinder,
  options: MaterialiseToOptions = {},
): Promise<MaterialisedTo> {
  checkPathSet(
    files.map((file) => file.path),
    owner,
  );
  const base = await makeRealFolder(folder, '');
  const missing: ModelFile[] = [];
  await forEachBounded(
    files,
    PARALLEL,
    async (file) => {
      if (!(await isThere(base, file, options))) missing.push(file);
    },
    options.signal,
  );
  const placer = new FilePlacer();
  const changed = new Set<string>();
  await forEachBounded(
    missing,
    PARALLEL,
    async (file) => {
      const parent = await makeRealFolder(base, posix.dirname(file.path).replace(/^\.$/, ''));
      const target = join(parent, basename(file.path));
      const temporary = temporaryName(target);
      try {
        await placeBlob(placer, findBlob, file, temporary);
        await retryWhileHeld(() => rename(temporary, target));
      } finally {
        await rm(temporary, { force: true });
      }
      changed.add(parent);
    },
    options.signal,
  );
  for (const parent of changed) await syncFolder(parent);
  return { folder: base, written: missing.length, unchanged: files.length - missing.length };
}

/** True when the file is there with its bytes, false when it may be written. Throws when it may not. */
async function isThere(base: string, file: ModelFile, options: MaterialiseToOptions): Promise<boolean> {
  await checkParents(base, file.path);
  const path = join(base, file.path);
  let stat: Awaited<ReturnType<typeof lstat>>;
  try {
    stat = await lstat(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
  if (stat.isFile() && stat.size === file.size && (await hashOf(path, options.signal)) === file.sha256) {
    // On a case-insensitive volume "Model.json" answers to "model.json"; programs will look for the latter.
    if (basename(await realpath(path)) === basename(path)) return true;
  }
  if (stat.isDirectory()) throw refusal(path, 'a folder');
  if (options.overwrite === true) return false; // the rename replaces a file, or a link itself
  throw refusal(path, stat.isFile() ? 'another file' : 'a link or a special file');
}

/** Links among the parents are refused here, before anything is written; missing ones are made later. */
async function checkParents(base: string, path: string): Promise<void> {
  const segments = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= segments.length; depth++) {
    const folder = join(base, ...segments.slice(0, depth));
    try {
      if ((await lstat(folder)).isDirectory()) continue;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return;
      throw error;
    }
    throw new ZooError('UNSAFE_PATH', `A link or a file lies where ${path} needs a folder`, {
      expected: 'a real folder',
      found: folder,
      hint: 'Choose another folder, or remove it there.',
    });
  }
}

async function hashOf(path: string, signal: AbortSignal | undefined): Promise<Digest> {
  return sha256OfFile(path, signal);
}

function refusal(path: string, what: string): ZooError {
  return new ZooError('FILE_SYSTEM', `${what.replace(/^./, (c) => c.toUpperCase())} is already there`, {
    expected: `nothing, or the same bytes, at ${basename(path)} in ${dirname(path)}`,
    found: path,
    hint:
      what === 'a folder' ? 'Choose another folder.' : 'Choose another folder, or overwrite it with --force.',
  });
}
