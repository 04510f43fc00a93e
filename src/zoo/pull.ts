/**
 * The pull of one model: licence, what is missing, room on the disk, transfers, installation. The ref that makes
 * a model visible is written last, so a pull that ends anywhere before leaves nothing half-done to be seen, and the
 * next one goes on where it ended.
 */
import type { Cache } from '../cache/cache.js';
import type { InstalledModel } from '../cache/installed-models.js';
import { modelId, modelKey } from '../cache/layout.js';
import { formatBytes } from '../core/bytes.js';
import { ZooError } from '../core/errors.js';
import { requireFreeLicense } from '../registry/license-policy.js';
import { discardLeftovers, fetchBlobs } from './fetch-blobs.js';
import type { FetchTools } from './fetch-tools.js';
import type { FoundCard } from './found-card.js';
import type { PullListener } from './pull-events.js';
import type { Route } from './routes.js';
import { missingBlobs, totalSize, type WantedBlob, wantedBlobs } from './wanted-blob.js';

export interface PullOptions {
  /** Licences, as SPDX expressions, that are accepted although they are not free. */
  readonly allowLicenses?: readonly string[] | undefined;
  /** Also puts the files into this folder. */
  readonly to?: string | undefined;
  /** Replaces files of other content in `to`. Default false. */
  readonly overwrite?: boolean | undefined;
  readonly onEvent?: PullListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PullResult {
  /** `category/name@version`. */
  readonly id: string;
  readonly model: InstalledModel;
  readonly card: FoundCard['card'];
  /** The model's folder in the cache, or `to`. */
  readonly path: string;
  /** Bytes that crossed the network. */
  readonly received: number;
  /** True when nothing had to be fetched or installed. */
  readonly upToDate: boolean;
}

/**
 * Fetches what is missing of a card, verifies it and installs the model.
 * @throws ZooError `LICENSE`, `POLICY` (another card is installed under the same version), `NOT_CACHED` (offline),
 * `DISK_FULL`, `NETWORK`, `SERVER`, `INTEGRITY`, `UNSAFE_ARCHIVE`, `ABORTED`.
 */
export async function pullCard(
  found: FoundCard,
  options: PullOptions,
  tools: FetchTools,
): Promise<PullResult> {
  const { card, digest } = found;
  const { cache, onEvent, signal } = tools;
  if (!liesHere(found)) requireFreeLicense(card, options.allowLicenses);
  const key = modelKey(card);
  const id = modelId(key);
  await refuseOtherCard(cache, found);

  const blobs = wantedBlobs(card, found.folder);
  const missing = await missingBlobs(cache, blobs);
  const newBytes = totalSize(missing);
  onEvent({
    type: 'plan',
    model: id,
    license: card.license.weights,
    files: card.files.length,
    newBytes,
    presentBytes: totalSize(blobs) - newBytes,
    withdrawn: found.withdrawn?.reason,
  });

  if (tools.offline) refuseNetwork(id, missing);
  const present = await findExact(cache, found);
  let model: InstalledModel;
  let received = 0;
  const upToDate = missing.length === 0 && present !== undefined;
  if (upToDate) {
    model = present;
  } else {
    await cache.checkSpace(newBytes + archiveBytes(missing));
    const held = await cache.hold({ models: [key], digests: blobs.map((blob) => blob.sha256) });
    try {
      model = await cache.withLease(
        `pull-${digest}`,
        async () => {
          // Another process may have done it while this one waited.
          const stillMissing = await missingBlobs(cache, blobs);
          received = await fetchBlobs(stillMissing, tools).catch((error: unknown) => {
            throw named(error, id, signal);
          });
          await discardLeftovers(
            blobs.filter((blob) => !stillMissing.includes(blob)),
            tools,
          );
          return (
            (await findExact(cache, found)) ?? cache.install(card, { source: { card: found.origin }, signal })
          );
        },
        {
          signal,
          onWait: (holder) => onEvent({ type: 'waiting', model: id, holder: describeHolder(holder) }),
        },
      );
    } finally {
      await held.release();
    }
  }
  const folder = await cache.path(model, { signal });
  const path =
    options.to === undefined
      ? folder
      : (await cache.materialiseTo(options.to, card, { overwrite: options.overwrite === true, signal }))
          .folder;
  onEvent({ type: 'installed', model: id, digest, path, received, upToDate });
  return { id, model, card, path, received, upToDate };
}

/** The error of a fetch with the model that it was for: several may be pulled at once. */
function named(error: unknown, id: string, signal: AbortSignal): unknown {
  if (signal.aborted) {
    return new ZooError('ABORTED', `Interrupted while pulling ${id}`, {
      hint: 'What has arrived is kept: pull it again to go on from there.',
      cause: error,
    });
  }
  if (!(error instanceof ZooError)) return error;
  const { code, message, expected, found, hint } = error;
  return new ZooError(code, `${id}: ${message}`, { expected, found, hint, cause: error });
}

/** Said once and before anything is tried, instead of by each source. */
function refuseNetwork(id: string, missing: readonly WantedBlob[]): void {
  const beyond = missing.filter(({ routes }) => !routes.some(isLocal));
  if (beyond.length === 0) return;
  throw new ZooError('NOT_CACHED', `${id} is not in the cache as a whole, and zoo is offline`, {
    expected: 'all of its files in the cache',
    found: `${beyond.length} of them missing (${formatBytes(totalSize(beyond))})`,
    hint: 'Pull it once without --offline and with ZOO_OFFLINE unset.',
  });
}

function isLocal(route: Route): boolean {
  if (route.kind === 'archive') return route.locator.startsWith('file:');
  return route.locators.some((locator) => locator.scheme === 'file');
}

/** Packages lie beside their unpacked files for a while. */
function archiveBytes(blobs: readonly WantedBlob[]): number {
  const archives = new Map<string, number>();
  for (const blob of blobs) {
    for (const route of blob.routes) {
      if (route.kind !== 'archive' || route.archive === undefined) continue;
      const { size } = route.archive;
      const known = archives.get(route.locator) ?? 0;
      // Of a zip little more than the members is fetched.
      archives.set(route.locator, route.format === 'tgz' ? size : Math.min(size, known + 2 * blob.size));
    }
  }
  return [...archives.values()].reduce((sum, size) => sum + size, 0);
}

/** All files lie beside the card: nothing is fetched, and what they may be used for is known to who put them there. */
function liesHere({ card, folder }: FoundCard): boolean {
  if (folder === undefined) return false;
  return card.files.every(({ path, sources }) => sources.length === 1 && sources[0] === `file:${path}`);
}

async function findExact(cache: Cache, found: FoundCard): Promise<InstalledModel | undefined> {
  const models = await cache.find(modelKey(found.card));
  return models.find((model) => model.card === found.digest);
}

/** A version is immutable: what is installed under its name stays what it was. */
async function refuseOtherCard(cache: Cache, found: FoundCard): Promise<void> {
  const key = modelKey(found.card);
  const other = (await cache.find(key)).find((model) => model.card !== found.digest && !model.shared);
  if (other === undefined) return;
  throw new ZooError('POLICY', `${modelId(key)} is installed from another card`, {
    expected: `card ${other.card}`,
    found: `card ${found.digest}`,
    hint: `A published version never changes. To take the new one anyway: zoo remove ${modelId(key)}`,
  });
}

function describeHolder(holder: { host: string; pid: number }): string {
  return `process ${holder.pid} on ${holder.host}`;
}
