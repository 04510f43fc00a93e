/** Fetches and hashes what a new card shall name: single files, or files out of packages. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { extractTgz } from '../archive/extract-tgz.js';
import { type ListedMember, listTgz, listZip } from '../archive/list-members.js';
import { memberBytes } from '../archive/member-bytes.js';
import { writeVerified } from '../archive/verified-file.js';
import { openZip } from '../archive/zip-directory.js';
import { sha256 } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { type BlobHashes, hashPieces } from '../core/pieces.js';
import type { TransferResult } from '../download/transfers.js';
import type { CardArchive } from '../registry/card.js';
import { archiveLocator, formatLocator, type Locator } from '../registry/locator.js';
import { archiveKind } from '../sources/archive-kind.js';
import type { RemoteFile } from '../sources/remote-file.js';
import type { FetchTools } from './fetch-tools.js';
import { runTransfer } from './transfer.js';

export interface DraftFile extends BlobHashes {
  /** Path in the archive, or the file's own name. */
  readonly path: string;
  /** Where it lies on this machine for now. */
  readonly file: string;
  readonly source: string;
}

export interface DraftFiles {
  readonly files: readonly DraftFile[];
  /** What was fetched: to be dropped when the card is done, and kept for another attempt when it fails. */
  readonly transfer: TransferResult;
  readonly archive?: CardArchive;
}

const LICENCE_FILE = /^(.*\/)?(licen[cs]e|notice|copying)([._-][^/]*)?$/i;

/** Fetches one file that a locator names directly into `folder`. */
export async function draftDirect(locator: Locator, folder: string, tools: FetchTools): Promise<DraftFiles> {
  const source = formatLocator(locator);
  const path = fileName(locator);
  const { transfer, hashes } = await fetchUnknown(locator, source, path, tools);
  await makeFolder(folder);
  return { files: [{ path, file: transfer.path, source, ...hashes }], transfer };
}

/** The file's own name: what follows the last slash. */
function fileName(locator: Locator): string {
  const name = (path: string) => path.split(/[\\/]/).at(-1) || 'file';
  if (locator.scheme === 'https') return name(decodeURIComponent(new URL(locator.url).pathname));
  return name(locator.scheme === 'file' ? locator.file : (locator.path ?? ''));
}

/**
 * Fetches the package of `locators`, which differ in their paths only, and takes files out of it: those named, all
 * in a folder that is named, the weight files that a named model.json asks for, and licences. Without paths: all.
 */
export async function draftArchive(
  locators: readonly [Locator, ...Locator[]],
  folder: string,
  tools: FetchTools,
): Promise<DraftFiles> {
  const [first] = locators;
  const at = archiveLocator(first);
  const facts = await tools.sources.describe(first, tools.signal);
  const name = facts?.name ?? basename(at);
  const { transfer, hashes } = await fetchUnknown(first, at, name, tools);
  const file = transfer.path;
  const kind = archiveKind({ ...first, path: first.path ?? 'any' } as Locator, name) ?? 'zip';
  const members = await listMembers(kind, file, at, tools);
  const paths = locators.flatMap((locator) => (locator.path === undefined ? [] : [locator.path]));
  const chosen = new Set(choose(members, paths, at));
  let extracted = await extract(
    kind,
    file,
    at,
    members.filter((one) => chosen.has(one.path)),
    folder,
    tools,
  );
  const shards = await weightFiles(extracted);
  const extra = members.filter((one) => shards.has(one.path) && !chosen.has(one.path));
  if (extra.length > 0) {
    for (const one of extra) chosen.add(one.path);
    extracted = new Map([...extracted, ...(await extract(kind, file, at, extra, folder, tools))]);
  }
  const files = members.flatMap((member) => {
    const local = extracted.get(member.path);
    return local === undefined ? [] : [{ ...member, file: local, source: `${at}#${member.path}` }];
  });
  const { size, sha256: digest, pieces } = hashes;
  const archive = {
    locator: at,
    name,
    size,
    sha256: digest,
    ...(pieces.length > 0 ? { pieces: [...pieces] } : {}),
  };
  return { files, archive, transfer };
}

/**
 * A transfer of a file of which nothing is known but where it is; its hashes are what this finds out.
 * @param what the file or package without a path in it: what an earlier attempt has left is found by it.
 */
async function fetchUnknown(
  locator: Locator,
  what: string,
  label: string,
  tools: FetchTools,
): Promise<{ transfer: TransferResult; hashes: BlobHashes }> {
  const facts = await tools.sources.describe(locator, tools.signal);
  const candidate = tools.sources.candidate(locator);
  const size = facts?.size ?? (await sizeOf(await candidate.open(tools.signal), tools.signal));
  const key = `draft-${sha256(what)}`;
  const target = { key, label, size, sha256: facts?.sha256, pieces: [], sources: [candidate] };
  const transfer = await runTransfer(target, tools);
  return {
    transfer,
    hashes: await hashPieces(createReadStream(transfer.path, { highWaterMark: 1 << 20 })),
  };
}

async function sizeOf(remote: RemoteFile, signal: AbortSignal): Promise<number> {
  if (remote.size !== undefined) return remote.size;
  const read = await remote.read({ start: 0, end: 1 }, signal);
  read.cancel();
  if (read.total === undefined) {
    throw new ZooError('SERVER', `${remote.label}: the server does not say how large the file is`);
  }
  return read.total;
}

async function listMembers(
  kind: 'tgz' | 'zip',
  file: string,
  at: string,
  tools: FetchTools,
): Promise<ListedMember[]> {
  if (kind === 'tgz')
    return collect(listTgz(file, { label: at, stripFirst: at.startsWith('npm:'), signal: tools.signal }));
  return collect(listZip(await localFile(file, tools), tools.signal));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function localFile(file: string, tools: FetchTools): Promise<RemoteFile> {
  return tools.sources.candidate({ scheme: 'file', file }).open(tools.signal);
}

function choose(members: readonly ListedMember[], paths: readonly string[], at: string): string[] {
  if (paths.length === 0) return members.map((member) => member.path);
  for (const path of paths) {
    if (members.some((member) => member.path === path || member.path.startsWith(`${path}/`))) continue;
    throw new ZooError('NOT_FOUND', `${at} has no file or folder ${path}`, {
      found: members
        .slice(0, 20)
        .map((member) => member.path)
        .join(', '),
    });
  }
  const wanted = (path: string) =>
    paths.some((one) => path === one || path.startsWith(`${one}/`)) || LICENCE_FILE.test(path);
  return members.map((member) => member.path).filter(wanted);
}

async function extract(
  kind: 'tgz' | 'zip',
  file: string,
  at: string,
  members: readonly ListedMember[],
  folder: string,
  tools: FetchTools,
): Promise<Map<string, string>> {
  await makeFolder(folder);
  if (kind === 'tgz') {
    return extractTgz(file, members, folder, {
      label: at,
      stripFirst: at.startsWith('npm:'),
      signal: tools.signal,
    });
  }
  const zip = await openZip(await localFile(file, tools), tools.signal);
  const files = new Map<string, string>();
  for (const { path, size, sha256: digest } of members) {
    const member = await zip.member(path, tools.signal);
    const target = join(folder, digest);
    await writeVerified(
      { path: target, size, sha256: digest, crc32: member.crc32 },
      memberBytes(member, tools.signal),
      `${at}#${path}`,
      tools.signal,
    );
    files.set(path, target);
  }
  return files;
}

/** Paths of the weight files that TensorFlow.js model.json files among `extracted` ask for. */
async function weightFiles(extracted: ReadonlyMap<string, string>): Promise<Set<string>> {
  const wanted = new Set<string>();
  for (const [path, file] of extracted) {
    if (!path.endsWith('.json')) continue;
    for (const shard of manifestPaths(await readFile(file, 'utf8'))) {
      wanted.add(posix.normalize(posix.join(posix.dirname(path), shard)));
    }
  }
  return wanted;
}

function manifestPaths(text: string): string[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return []; // some other file; describing it will say what is wrong with it
  }
  const manifest =
    json !== null && typeof json === 'object' && 'weightsManifest' in json ? json.weightsManifest : [];
  if (!Array.isArray(manifest)) return [];
  return manifest.flatMap((group: unknown) =>
    group !== null && typeof group === 'object' && 'paths' in group && Array.isArray(group.paths)
      ? group.paths.filter((path: unknown): path is string => typeof path === 'string')
      : [],
  );
}
