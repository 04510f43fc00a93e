/** `zoo runtime install`: chooses the offer for this machine, opens cache and network, and lets one process install. */
import { setMaxListeners } from 'node:events';
import { openCache } from '../cache/cache.js';
import { cacheRoot, sharedCacheRoots } from '../cache/cache-root.js';
import { explainDiskError } from '../cache/disk-space.js';
import { ZooError } from '../core/errors.js';
import { openTransfers } from '../download/transfers.js';
import { openSources } from '../sources/open-sources.js';
import type { FetchTools } from '../zoo/fetch-tools.js';
import { chooseOffer } from './choose-offer.js';
import type { InstallListener } from './install-events.js';
import { Installation, type InstallRuntimeResult } from './installation.js';
import { type Machine, thisMachine } from './machine.js';
import { runtimeId } from './offers.js';
import { requireWritable } from './require-writable.js';

export interface InstallRuntimeOptions {
  /** The cache folder; the one of `env` by default. */
  readonly home?: string | undefined;
  /** `process.env` by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where a project's npm configuration is looked for; `process.cwd()` by default. */
  readonly cwd?: string;
  /** The TensorFlow that computes on NVIDIA GPUs, with CUDA. Default false. */
  readonly gpu?: boolean | undefined;
  /** A version on offer; the table's default when left out. */
  readonly version?: string | undefined;
  /** Builds everything anew, from what the cache has. Default false. */
  readonly force?: boolean | undefined;
  readonly offline?: boolean | undefined;
  /** Bytes a second. */
  readonly limitRate?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: InstallListener | undefined;
  /** This machine by default; another one to see what it would be told. */
  readonly machine?: Machine;
}

/**
 * Installs a runtime and makes it current; does nothing but the latter when all its files are right already.
 * @throws ZooError `USAGE` for a version that is not on offer; `NO_RUNTIME` when this machine can't have one, there is
 * no compiler, or the result does not work; `FILE_SYSTEM` for a cache that can't be written; those of a pull.
 */
export async function installRuntime(options: InstallRuntimeOptions = {}): Promise<InstallRuntimeResult> {
  const { env = process.env, cwd = process.cwd(), machine = thisMachine() } = options;
  const device = options.gpu === true ? 'gpu' : 'cpu';
  const offer = chooseOffer({ version: options.version, device }, machine);
  const home = options.home ?? cacheRoot(env);
  const cache = await openCache(home, { shared: sharedCacheRoots(env) });
  requireWritable(cache, 'install');
  // Every transfer under way listens to the signal; the caller's own is spared Node's warning about that.
  const signal = AbortSignal.any(options.signal === undefined ? [] : [options.signal]);
  setMaxListeners(0, signal);
  const onEvent = options.onEvent ?? (() => {});
  const sources = openSources({ env, cwd, offline: options.offline === true });
  const { limitRate } = options;
  const transfers = openTransfers({
    directory: cache.partialFolder,
    ...(limitRate === undefined ? {} : { limitRate }),
  });
  const tools: FetchTools = { cache, sources, transfers, offline: options.offline === true, signal, onEvent };
  const installation = new Installation({ offer, env, tools, onEvent });
  const runtime = runtimeId(offer);
  try {
    return await cache.withLease(`runtime-${runtime}`, () => installation.run(options.force === true), {
      signal,
      onWait: ({ pid, host }) =>
        onEvent({ type: 'waiting', model: `runtime ${runtime}`, holder: `process ${pid} on ${host}` }),
    });
  } catch (error) {
    throw signal.aborted ? interrupted(error) : explainDiskError(error, 'installing the runtime');
  } finally {
    await transfers.close();
    await sources.close();
  }
}

function interrupted(cause: unknown): ZooError {
  return new ZooError('ABORTED', 'Interrupted while installing the runtime', {
    hint: 'What has arrived is kept: run the same command again to go on from there.',
    cause,
  });
}
