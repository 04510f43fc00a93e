/** A model's files under their own names, built beside their final place and put there by one rename. */
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { retryWhileHeld, syncFolder, temporaryName } from '../core/atomic-file.js';
import { hasCode, ZooError } from '../core/errors.js';
import { forEachBounded } from '../core/for-each-bounded.js';
import { checkPathSet } from '../core/safe-path.js';
import { sizeOf } from './blob-store.js';
import { type Layout, type ModelKey, makeRealFolder, modelId } from './layout.js';
import type { ModelFile } from './manifest.js';
import { type BlobFinder, FilePlacer, placeBlob } from './place-file.js';
import { discard } from './trash.js';

/** Files placed at the same time; each is a few system calls. */
const PARALLEL = 16;
/** Two processes that both rebuild may put each other's folder aside; they agree after a few rounds. */
const ROUNDS = 8;

export interface MaterialiseOptions {
  signal?: AbortSignal | undefined;
  /** Builds the folder anew although it looks complete, after a blob was replaced. */
  rebuild?: boolean | undefined;
}

/**
 * Makes sure that the model's folder is there and complete, and returns it.
 * @throws ZooError `UNSAFE_PATH` for paths that are refused or a link where a folder should be.
 */
export async function materialise(
  layout: Layout,
  key: ModelKey,
  files: readonly ModelFile[],
  findBlob: BlobFinder,
  options: MaterialiseOptions = {},
): Promise<string> {
  const paths = files.map((file) => file.path);
  checkPathSet(paths, modelId(key));
  const final = layout.model(key);
  const parent = await makeRealFolder(layout.root, `models/${key.category}/${key.name}`);
  const folder = join(parent, basename(final));
  if (options.rebuild !== true && (await isComplete(folder, files))) return final;
  const building = temporaryName(folder);
  try {
    await fill(building, files, findBlob, options.signal);
    await moveIntoPlace(layout, building, folder, files, options.rebuild === true);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  await syncFolder(parent);
  return final;
}

/**
 * True when every file lies in the folder as a regular file of its size, reached through real folders. Bytes
 * are the business of `verify`.
 */
export async function isComplete(folder: string, files: readonly ModelFile[]): Promise<boolean> {
  for (const inner of ['', ...innerFolders(files)]) {
    if (!(await isRealFolder(join(folder, inner)))) return false;
  }
  let complete = true;
  await forEachBounded(files, PARALLEL, async (file) => {
    if (complete && (await sizeOf(join(folder, file.path))) !== file.size) complete = false;
  });
  return complete;
}

/** Folders within a model, outer ones first. */
export function innerFolders(files: readonly Pick<ModelFile, 'path'>[]): string[] {
  const folders = new Set<string>();
  for (const file of files) {
    for (let folder = posix.dirname(file.path); folder !== '.'; folder = posix.dirname(folder)) {
      folders.add(folder);
    }
  }
  return [...folders].sort((a, b) => a.split('/').length - b.split('/').length);
}

async function isRealFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

async function fill(
  building: string,
  files: readonly ModelFile[],
  findBlob: BlobFinder,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(building);
  const folders = innerFolders(files);
  for (const folder of folders) await mkdir(join(building, folder));
  const placer = new FilePlacer();
  await forEachBounded(
    files,
    PARALLEL,
    async (file) => {
      await placeBlob(placer, findBlob, file, join(building, file.path));
    },
    signal,
  );
  for (const folder of [...folders.reverse(), '']) await syncFolder(join(building, folder));
}

async function moveIntoPlace(
  layout: Layout,
  building: string,
  folder: string,
  files: readonly ModelFile[],
  rebuild: boolean,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    if (rebuild || !(await isComplete(folder, files))) await discard(layout, folder);
    else return; // another process has just built the same
    try {
      await retryWhileHeld(() => rename(building, folder));
      return;
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM')) throw error;
    }
  }
  throw new ZooError('FILE_SYSTEM', 'The folder of a model could not be put in place', {
    found: dirname(folder),
    hint: 'Another program keeps a file in it open or writes into it.',
  });
}
