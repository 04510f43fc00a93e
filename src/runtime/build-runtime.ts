/** Lays a runtime's files out in a folder: hard links of blobs, or of the good files of the runtime it replaces. */
import { chmod, copyFile, link, lstat, mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Cache } from '../cache/cache.js';
import { FilePlacer, placeBlob } from '../cache/place-file.js';
import { syncFolder, writeFileAtomic } from '../core/atomic-file.js';
import { sha256OfFile } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { forEachBounded } from '../core/for-each-bounded.js';
import type { RuntimeFile } from './offers.js';
import { OWN_FILES } from './own-files.js';
import { BINDING_PATH, MANIFEST_FILE } from './runtime-layout.js';
import { type InstalledFile, type RuntimeManifest, writtenManifest } from './runtime-manifest.js';

const PARALLEL = 16;

/** Where a file's right bytes are: a path of a runtime that is being replaced, else the cache. */
export type GoodFile = (file: InstalledFile) => string | undefined;

/** Makes `folder`, which must not exist, and puts all files there but the binding and the manifest. */
export async function layOut(
  folder: string,
  files: readonly RuntimeFile[],
  goodFile: GoodFile,
  { cache, signal }: { readonly cache: Cache; readonly signal: AbortSignal },
): Promise<void> {
  await mkdir(folder);
  const folders = new Set([...files, ...OWN_FILES].map(({ path }) => posix.dirname(path)));
  for (const inner of folders) await mkdir(join(folder, inner), { recursive: true });
  const placer = new FilePlacer();
  const find = async ({ path, sha256, size }: InstalledFile) => {
    const found = await cache.findBlob(sha256, size);
    if (found !== undefined) return found;
    throw new ZooError('NOT_CACHED', `${path} has vanished from the cache`, {
      hint: 'Run the same command again.',
    });
  };
  await forEachBounded(
    files,
    PARALLEL,
    async (file) => {
      const to = join(folder, file.path);
      const good = goodFile(file);
      if (isProgram(file.path)) await copyProgram(good ?? (await find(file)), to);
      else if (good !== undefined) await placer.place(good, to);
      else await placeBlob(placer, find, file, to);
    },
    signal,
  );
  for (const { path, content } of OWN_FILES) await writeFile(join(folder, path), content, { mode: 0o444 });
}

/** Takes the binding over from the runtime that is being replaced. */
export async function takeBinding(from: string, folder: string): Promise<void> {
  const to = join(folder, BINDING_PATH);
  await mkdir(dirname(to), { recursive: true });
  await link(join(from, BINDING_PATH), to).catch(() => copyFile(join(from, BINDING_PATH), to));
}

/** The binding as an installed file. */
export async function bindingFile(folder: string): Promise<InstalledFile> {
  const path = join(folder, BINDING_PATH);
  return { path: BINDING_PATH, size: (await lstat(path)).size, sha256: await sha256OfFile(path) };
}

/** Makes everything durable and writes the manifest: from here on the folder is a runtime. */
export async function seal(folder: string, manifest: RuntimeManifest): Promise<void> {
  for (const path of [BINDING_PATH, ...OWN_FILES.map(({ path }) => path)]) await syncFile(join(folder, path));
  const folders = new Set<string>();
  for (const { path } of manifest.files) {
    for (let inner = posix.dirname(path); inner !== '.'; inner = posix.dirname(inner)) folders.add(inner);
  }
  for (const inner of [...folders].sort((a, b) => b.length - a.length)) await syncFolder(join(folder, inner));
  await writeFileAtomic(join(folder, MANIFEST_FILE), writtenManifest(manifest));
}

/** XLA starts these; blobs can't be executed, and a hard link would share that. */
function isProgram(path: string): boolean {
  return path.split('/').includes('bin');
}

async function copyProgram(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o755);
  await syncFile(to);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
