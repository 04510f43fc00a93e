/** What the tests of the engine share: a temporary folder, targets made from bytes, sources that speak http. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Digest, sha256 } from '../../src/core/digest.js';
import type { TransferLimits, TransferTarget } from '../../src/download/transfers.js';
import { type HttpClient, openHttp } from '../../src/sources/http/http-client.js';
import type { SourceCandidate } from '../../src/sources/open-sources.js';

/** Bounds for tests: small pieces, short waits. The figures of the product would take minutes. */
export const QUICK: Partial<TransferLimits> = {
  pieceSize: 64 * 1024,
  smallBytes: 16 * 1024,
  growthWindowMs: 20,
  growthSettleMs: 50,
  growthRetryMs: 200,
  stallMs: 300,
  slowAfterMs: 400,
  raceAfterMs: 100,
  leastRaced: 8 * 1024,
  joinSourceAfterMs: 100,
  backoffMs: 2,
  mostBackoffMs: 20,
  progressBytes: 16 * 1024,
  writeBytes: 32 * 1024,
  noProgressMs: 20_000,
};

export function pieceDigests(bytes: Uint8Array, pieceSize: number): Digest[] {
  const digests: Digest[] = [];
  for (let at = 0; at < bytes.length; at += pieceSize)
    digests.push(sha256(bytes.subarray(at, at + pieceSize)));
  return digests.length > 1 ? digests : [];
}

export function targetOf(
  bytes: Uint8Array,
  sources: readonly SourceCandidate[],
  options: { readonly pieces?: boolean; readonly pieceSize?: number; readonly seed?: string } = {},
): TransferTarget {
  const digest = sha256(bytes);
  return {
    key: digest,
    label: 'weights.bin',
    size: bytes.length,
    sha256: digest,
    pieces: options.pieces === false ? [] : pieceDigests(bytes, options.pieceSize ?? 64 * 1024),
    sources,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  };
}

/** A source for an address; looked up without a network. */
export function sourceAt(http: HttpClient, url: string, label: string, size?: number): SourceCandidate {
  const file = http.file(url, { label, ...(size === undefined ? {} : { size }) });
  return { label, open: () => Promise.resolve(file) };
}

/** An http client that no proxy of the environment gets into. */
export function plainHttp(): HttpClient {
  return openHttp({ env: {} });
}

export interface Folder {
  readonly path: string;
  remove(): void;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'zoo-download-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
