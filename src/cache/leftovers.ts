/** What work that ended at the wrong moment has left in a cache, told apart from work that goes on. */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isTemporaryName } from '../core/atomic-file.js';
import { isDigest } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import { CATEGORIES } from '../registry/card-names.js';
import { folderNames } from './folder-names.js';
import type { Held } from './holds.js';
import type { InstalledModels } from './installed-models.js';
import { isModelKey, type Layout } from './layout.js';
import { isLeased } from './lease.js';

export interface Leftover {
  readonly path: string;
  /** Bytes on the disk. */
  readonly size: number;
}

/**
 * Partial files unchanged since `before` (ms). The name of each begins with the key of its transfer and a dot;
 * they go together, unless the key is leased or is a digest that is held.
 */
export async function stalePartials(layout: Layout, held: Held, before: number): Promise<Leftover[]> {
  const transfers = new Map<string, { path: string; stat: Stats }[]>();
  for (const name of await folderNames(layout.partial)) {
    const key = name.split('.')[0] ?? name;
    const path = join(layout.partial, name);
    const stat = await lstatIfThere(path);
    if (stat !== undefined) transfers.set(key, [...(transfers.get(key) ?? []), { path, stat }]);
  }
  const stale: Leftover[] = [];
  for (const [key, files] of transfers) {
    if (files.some(({ stat }) => stat.mtimeMs >= before)) continue;
    if (isDigest(key) && held.digests.has(key)) continue;
    if (await isLeased(layout.leases, key)) continue;
    // Partial files are sparse: only blocks that were written take room.
    stale.push(...files.map(({ path, stat }) => ({ path, size: Math.min(stat.size, stat.blocks * 512) })));
  }
  return stale;
}

/**
 * Temporary files, trash and folders without a ref that have not changed since `before` (ms), and blobs that
 * have been in quarantine since `quarantinedBefore`.
 */
export async function findLeftovers(
  layout: Layout,
  models: InstalledModels,
  times: { readonly before: number; readonly quarantinedBefore: number },
): Promise<Leftover[]> {
  const unfinished = [...(await under(layout.trash)), ...(await foldersWithoutRef(layout, models))];
  for (const folder of await foldersOfTemporaryFiles(layout)) {
    unfinished.push(...(await under(folder, isTemporaryName)));
  }
  return [
    ...(await unchangedSince(unfinished, times.before)),
    ...(await unchangedSince(await under(layout.quarantine), times.quarantinedBefore)),
  ];
}

/** Folders of models that no ref names, such as those of an installation that was killed before its end. */
async function foldersWithoutRef(layout: Layout, models: InstalledModels): Promise<string[]> {
  const folders: string[] = [];
  for (const category of CATEGORIES) {
    const names = join(layout.root, 'models', category);
    for (const name of await folderNames(names)) {
      for (const version of await folderNames(join(names, name))) {
        const key = { category, name, version };
        if (isModelKey(key) && !(await models.has(key))) folders.push(layout.model(key));
      }
    }
  }
  return folders;
}

async function foldersOfTemporaryFiles(layout: Layout): Promise<string[]> {
  const folders = [layout.root, layout.blobs, layout.holds];
  for (const kind of ['refs', 'models']) {
    for (const category of CATEGORIES) folders.push(...(await under(join(layout.root, kind, category))));
  }
  return folders;
}

async function under(folder: string, isWanted: (name: string) => boolean = () => true): Promise<string[]> {
  return (await folderNames(folder)).filter(isWanted).map((name) => join(folder, name));
}

async function unchangedSince(paths: readonly string[], before: number): Promise<Leftover[]> {
  const old: Leftover[] = [];
  for (const path of paths) {
    const stat = await lstatIfThere(path);
    if (stat !== undefined && changed(stat) < before) old.push({ path, size: stat.size });
  }
  return old;
}

/** A rename changes only the ctime, a write both. */
function changed(stat: Stats): number {
  return Math.max(stat.mtimeMs, stat.ctimeMs);
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
