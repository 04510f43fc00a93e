/** What a wheel says of its own files, read by range: the zip's directory and the RECORD in it (PEP 376). */
import { memberBytes } from '../../src/archive/member-bytes.js';
import { openZip } from '../../src/archive/zip-directory.js';
import { type Digest, isDigest } from '../../src/core/digest.js';
import type { SourceCandidate } from '../../src/sources/open-sources.js';

export interface RecordedFile {
  readonly size: number;
  /** Bytes in the wheel. */
  readonly packed: number;
  readonly sha256: Digest;
}

/** Files of the wheel by path; those that RECORD gives no digest for are left out. */
export async function readRecord(
  candidate: SourceCandidate,
  signal: AbortSignal,
): Promise<Map<string, RecordedFile>> {
  const zip = await openZip(await candidate.open(signal), signal);
  const path = [...zip.entries.keys()].find((name) => /^[^/]+\.dist-info\/RECORD$/.test(name));
  if (path === undefined) throw new Error(`${zip.label} has no RECORD`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of memberBytes(await zip.member(path, signal), signal)) chunks.push(chunk);
  const files = new Map<string, RecordedFile>();
  for (const line of Buffer.concat(chunks).toString('utf8').split(/\r?\n/)) {
    const [, name, digest, size] = /^"?([^"]+?)"?,sha256=([A-Za-z0-9_-]+),(\d+)$/.exec(line) ?? [];
    if (name === undefined || digest === undefined) continue;
    const sha256 = Buffer.from(digest, 'base64url').toString('hex');
    const entry = zip.entries.get(name);
    if (entry === undefined || entry.size !== Number(size) || !isDigest(sha256)) {
      throw new Error(`${zip.label}: RECORD and directory disagree on ${name}`);
    }
    files.set(name, { size: entry.size, packed: entry.compressedSize, sha256 });
  }
  return files;
}
