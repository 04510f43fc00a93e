/** `zoo runtime status`: what is installed, and whether it is whole. */
import { join } from 'node:path';
import { cacheRoot } from '../cache/cache-root.js';
import { ZooError } from '../core/errors.js';
import { readCurrent, runtimeNames } from './current-runtime.js';
import { type FoundRuntime, findRuntime } from './find-runtime.js';
import { type FaultyFile, inspectFiles } from './inspect-runtime.js';
import { mendCommand } from './mend-command.js';
import type { Device } from './offers.js';
import { runtimesFolder } from './runtime-layout.js';
import { readManifest } from './runtime-manifest.js';

export interface RuntimeState {
  /** Name of its folder. */
  readonly runtime: string;
  readonly folder: string;
  readonly current: boolean;
  /** False when files are missing or damaged, or it was left half-removed. */
  readonly ok: boolean;
  /** Bytes of its files. Files of the same bytes in the cache are the same ones, and take no room of their own. */
  readonly size: number;
  /** What the manifest says; all undefined when there is none. */
  readonly tensorflow: string | undefined;
  readonly device: Device | undefined;
  readonly tested: boolean | undefined;
  readonly node: string | undefined;
  readonly files: number | undefined;
  readonly faults: readonly FaultyFile[];
  /** The command that mends it. */
  readonly mend: string;
}

export interface RuntimeStatus {
  readonly runtimes: readonly RuntimeState[];
  /** What programs load: it may also be `ZOO_RUNTIME`'s or the program's own. Undefined when there is none. */
  readonly used: FoundRuntime | undefined;
}

export interface RuntimeStatusOptions {
  /** The cache folder; the one of `env` by default. */
  readonly home?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Hashes every file; else only sizes are compared. Default false. */
  readonly verify?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Changes nothing, and loads nothing. */
export async function runtimeStatus(options: RuntimeStatusOptions = {}): Promise<RuntimeStatus> {
  const { env = process.env, signal, verify = false } = options;
  const home = options.home ?? cacheRoot(env);
  const current = await readCurrent(home);
  const runtimes: RuntimeState[] = [];
  for (const name of await runtimeNames(home)) {
    runtimes.push(await stateOf(home, name, name === current, { deep: verify, signal }));
  }
  return { runtimes, used: usedRuntime(home, options) };
}

async function stateOf(
  home: string,
  name: string,
  current: boolean,
  inspection: { readonly deep: boolean; readonly signal: AbortSignal | undefined },
): Promise<RuntimeState> {
  const folder = join(runtimesFolder(home), name);
  const manifest = await readManifest(folder);
  const files = manifest?.files ?? [];
  const faults = await inspectFiles(folder, files, inspection);
  return {
    runtime: name,
    folder,
    current,
    ok: manifest !== undefined && faults.length === 0,
    size: files.reduce((sum, { size }) => sum + size, 0),
    tensorflow: manifest?.tensorflow,
    device: manifest?.device,
    tested: manifest?.tested,
    node: manifest?.node,
    files: manifest?.files.length,
    faults,
    mend: mendCommand(name),
  };
}

function usedRuntime(home: string, { env, cwd }: RuntimeStatusOptions): FoundRuntime | undefined {
  try {
    return findRuntime({
      home,
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (error) {
    if (error instanceof ZooError && error.code === 'NO_RUNTIME') return undefined;
    throw error;
  }
}
