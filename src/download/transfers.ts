/**
 * The transfer engine: verified, resumable downloads from any number of untrusted sources. The door of this room.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ZooError } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { AbortLinks } from './abort-links.js';
import { WriteBuffers } from './connection-writer.js';
import type { FetchOptions, TransferEnvironment, TransferResult, TransferTarget } from './contract.js';
import { HashPool } from './hash-pool.js';
import { HostConnections } from './host-connections.js';
import { diskError } from './part-file.js';
import { fetchPieces } from './piece-transfer.js';
import { makeRateLimit } from './rate-limit.js';
import { makeSemaphore } from './semaphore.js';
import { fetchSmall } from './small-transfer.js';
import { StallWatchdog } from './stall-watchdog.js';
import { DEFAULT_LIMITS, type TransferLimits } from './transfer-limits.js';

export type { FetchOptions, TransferProgress, TransferResult, TransferTarget } from './contract.js';
export type { TransferLimits } from './transfer-limits.js';

export interface TransfersOptions {
  /** Where part files and journals lie; made when it is missing. */
  readonly directory: string;
  /** Bytes a second, shared by all transfers; no limit by default. */
  readonly limitRate?: number;
  /** Other bounds than the defaults. */
  readonly limits?: Partial<TransferLimits>;
}

export interface Transfers {
  /**
   * Fetches one file; any number may run at once. What has arrived is kept when it fails or is aborted.
   * @throws ZooError `NETWORK`, `SERVER`, `NOT_FOUND` or `INTEGRITY` naming each source and why, `DISK_FULL`,
   * `FILE_SYSTEM`, `INVALID_CARD`, `ABORTED`.
   */
  fetch(target: TransferTarget, options?: FetchOptions): Promise<TransferResult>;
  /** Removes what is left of a transfer that nobody needs any more and that isn't running. */
  discard(key: string): Promise<void>;
  /** Interrupts what still runs and waits for it to leave a state that can be resumed. */
  close(): Promise<void>;
}

const KEY = /^[a-z0-9-]{1,120}$/;

export function openTransfers(options: TransfersOptions): Transfers {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const environment: TransferEnvironment = {
    directory: options.directory,
    limits,
    hosts: new HostConnections(limits),
    rate: makeRateLimit(options.limitRate),
    hashers: new HashPool(limits.mostHashThreads),
    watchdog: new StallWatchdog(limits),
    buffers: new WriteBuffers(limits.writeBytes),
    smallWrites: makeSemaphore(limits.mostSmallWrites),
  };
  const closing = new AbortController();
  const links = new AbortLinks();
  const running = new Set<Promise<unknown>>();
  let directory: Promise<unknown> | undefined;

  async function fetch(target: TransferTarget, fetchOptions: FetchOptions): Promise<TransferResult> {
    if (!KEY.test(target.key) || !Number.isSafeInteger(target.size) || target.size < 0) {
      throw new ZooError('USAGE', 'Not a transfer that can be made', {
        expected: 'a key of a-z, 0-9 and dashes, and a size in bytes',
        found: `${JSON.stringify(target.key.slice(0, 130))}, ${target.size}`,
      });
    }
    directory ??= makeFolder(options.directory).catch(async (error: unknown) => {
      directory = undefined;
      throw await diskError(error, options.directory, target.size);
    });
    await directory;
    const isSmall = target.size <= Math.min(limits.smallBytes, limits.pieceSize);
    return isSmall
      ? fetchSmall(environment, target, fetchOptions)
      : fetchPieces(environment, target, fetchOptions);
  }

  return {
    async fetch(target, fetchOptions = {}) {
      const own = new AbortController();
      const unlink = [closing.signal, fetchOptions.signal].map((signal) => signal && links.link(signal, own));
      const job = fetch(target, { ...fetchOptions, signal: own.signal });
      running.add(job);
      try {
        return await job;
      } finally {
        running.delete(job);
        for (const undo of unlink) undo?.();
      }
    },
    async discard(key) {
      if (!KEY.test(key)) return;
      for (const kind of ['part', 'journal']) {
        await rm(join(options.directory, `${key}.${kind}`), { force: true });
      }
    },
    async close() {
      closing.abort(new ZooError('ABORTED', 'The transfers have been closed'));
      await Promise.allSettled(running);
      await environment.hashers.close();
    },
  };
}
