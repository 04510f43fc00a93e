/** What callers of the transfer engine give and get. */
import type { Digest } from '../core/digest.js';
import type { SourceCandidate } from '../sources/open-sources.js';
import type { WriteBuffers } from './connection-writer.js';
import type { HashPool } from './hash-pool.js';
import type { HostConnections } from './host-connections.js';
import type { RateLimit } from './rate-limit.js';
import type { StallWatchdog } from './stall-watchdog.js';
import type { TransferLimits } from './transfer-limits.js';

export interface TransferTarget {
  /** `/^[a-z0-9-]{1,120}$/`; names the part file and its journal, for example the sha256. */
  readonly key: string;
  /** For progress and errors. */
  readonly label: string;
  /** In bytes. */
  readonly size: number;
  /** Undefined for a span of an archive that the caller verifies. */
  readonly sha256: Digest | undefined;
  /** One digest a piece; empty when none are known, or the file is one piece. */
  readonly pieces: readonly Digest[];
  /** Each holds exactly these bytes, or so it says; best first. */
  readonly sources: readonly SourceCandidate[];
  /** An existing, perhaps damaged copy: its good pieces are taken instead of the network's. */
  readonly seed?: string;
}

export interface TransferProgress {
  readonly key: string;
  readonly label: string;
  readonly size: number;
  /**
   * Bytes that have been hashed; never goes back, and reaches `size` only when the whole file hashed right. Without
   * piece hashes these bytes can still turn out to be wrong at the end.
   */
  readonly verified: number;
  /** Bytes that came over the network in this transfer, those fetched twice included. */
  readonly received: number;
  /** Where the last bytes came from. */
  readonly host: string | undefined;
}

export interface TransferResult {
  /** The part file: complete, verified and synced. The caller moves it to its place. */
  readonly path: string;
  /** Bytes that came over the network. */
  readonly received: number;
  /** Bytes that were there already: from an earlier attempt or the seed. */
  readonly reused: number;
  /** Removes the journal; call it after the file has been moved. A kill before that costs nothing. */
  settle(): Promise<void>;
}

export interface FetchOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TransferProgress) => void;
}

/** What all transfers of a process share. */
export interface TransferEnvironment {
  readonly directory: string;
  readonly limits: TransferLimits;
  readonly hosts: HostConnections;
  readonly rate: RateLimit | undefined;
  readonly hashers: HashPool;
  readonly watchdog: StallWatchdog;
  readonly buffers: WriteBuffers;
  /** Runs `write` when few enough small files are being written. */
  readonly smallWrites: <T>(write: () => Promise<T>) => Promise<T>;
}
