/** `zoo runtime remove`: takes runtimes away, and says so when one of them was current. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cache, openCache } from '../cache/cache.js';
import { cacheRoot } from '../cache/cache-root.js';
import { explainDiskError } from '../cache/disk-space.js';
import { Layout } from '../cache/layout.js';
import { discard } from '../cache/trash.js';
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { compareVersions } from './choose-offer.js';
import { readCurrent, runtimeNames, writeCurrent } from './current-runtime.js';
import { readOffers, runtimeFiles, runtimeId } from './offers.js';
import { requireWritable } from './require-writable.js';
import { MANIFEST_FILE, runtimesFolder } from './runtime-layout.js';
import { readManifest } from './runtime-manifest.js';

export interface RemoveRuntimeOptions {
  /** The cache folder; the one of `env` by default. */
  readonly home?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** A TensorFlow version or the name of a folder; may be left out when only one runtime is installed. */
  readonly version?: string | undefined;
  /** Removes all. Default false. */
  readonly all?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RemoveRuntimeReport {
  readonly removed: readonly {
    readonly runtime: string;
    readonly wasCurrent: boolean;
    /** Bytes that are free now. */
    readonly freed: number;
  }[];
  /** The runtime that is current now. */
  readonly current: string | undefined;
}

/**
 * Removes runtimes. When the current one goes, the newest of the others becomes current.
 * @throws ZooError `NOT_FOUND` when there is no such runtime, `USAGE` when it isn't clear which is meant,
 * `FILE_SYSTEM` when the cache can't be written.
 */
export async function removeRuntime(options: RemoveRuntimeOptions = {}): Promise<RemoveRuntimeReport> {
  const { env = process.env, signal } = options;
  const cache = await openCache(options.home ?? cacheRoot(env));
  const home = cache.root;
  const victims = chooseVictims(await runtimeNames(home), options);
  requireWritable(cache, 'remove');
  const removed: RemoveRuntimeReport['removed'][number][] = [];
  for (const runtime of victims) {
    removed.push(
      await cache.withLease(
        `runtime-${runtime}`,
        async () => {
          const wasCurrent = (await readCurrent(home)) === runtime;
          const freed = await takeAway(cache, runtime);
          if (wasCurrent) await writeCurrent(home, await newestWhole(home));
          return { runtime, wasCurrent, freed };
        },
        { signal },
      ),
    );
  }
  return { removed, current: await readCurrent(home) };
}

function chooseVictims(
  names: readonly string[],
  { version, all }: Pick<RemoveRuntimeOptions, 'version' | 'all'>,
): readonly string[] {
  if (all === true && version !== undefined) {
    throw new ZooError('USAGE', 'Either a version or --all, not both', { found: version });
  }
  if (all === true) return names;
  if (version === undefined) {
    if (names.length === 1) return names;
    throw new ZooError(
      names.length === 0 ? 'NOT_FOUND' : 'USAGE',
      names.length === 0 ? 'No runtime is installed' : 'Several runtimes are installed',
      names.length === 0
        ? {}
        : { found: names.join(', '), hint: 'Name one, or use --all to remove every one.' },
    );
  }
  const fits = names.filter((name) => name === version || name.startsWith(`${version}-`));
  if (fits.length > 0) return fits;
  throw new ZooError('NOT_FOUND', `No runtime of TensorFlow ${version} is installed`, {
    expected: names.join(', ') || 'an installed runtime',
    found: version,
    hint: 'See which there are: zoo runtime status',
  });
}

/**
 * The manifest goes first: a removal that is cut short leaves no runtime that looks whole. Blobs that other runtimes
 * are made of stay, so that those can be mended without the network.
 */
async function takeAway(cache: Cache, runtime: string): Promise<number> {
  const folder = join(runtimesFolder(cache.root), runtime);
  const digests = new Set(await digestsOf(cache.root, runtime));
  for (const other of await runtimeNames(cache.root)) {
    if (other === runtime) continue;
    for (const digest of await digestsOf(cache.root, other)) digests.delete(digest);
  }
  try {
    const alone = await bytesOfUnsharedFiles(folder);
    await rm(join(folder, MANIFEST_FILE), { force: true });
    await discard(new Layout(cache.root), folder);
    return alone + (await cache.dropBlobs(digests));
  } catch (error) {
    throw explainDiskError(error, `removing ${folder}`);
  }
}

/** Of what its manifest names, or of what it would be made of today when it has none. */
async function digestsOf(home: string, runtime: string): Promise<Digest[]> {
  const manifest = await readManifest(join(runtimesFolder(home), runtime));
  if (manifest !== undefined) return manifest.files.map(({ sha256 }) => sha256);
  const offer = readOffers().offers.find((one) => runtimeId(one) === runtime);
  return offer === undefined ? [] : runtimeFiles(offer).map(({ sha256 }) => sha256);
}

/** Files with more names than this one are those of blobs, or of another runtime. */
async function bytesOfUnsharedFiles(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const { size, nlink } = await lstat(join(entry.parentPath, entry.name));
    if (nlink === 1) bytes += size;
  }
  return bytes;
}

/** The newest runtime that has a manifest; of one version the one for the CPU, which works everywhere. */
async function newestWhole(home: string): Promise<string | undefined> {
  const whole: { name: string; tensorflow: string; device: string }[] = [];
  for (const name of await runtimeNames(home)) {
    const manifest = await readManifest(join(runtimesFolder(home), name));
    if (manifest !== undefined) whole.push({ name, ...manifest });
  }
  const order = whole.toSorted(
    (a, b) => compareVersions(b.tensorflow, a.tensorflow) || (a.device < b.device ? -1 : 1),
  );
  return order[0]?.name;
}
