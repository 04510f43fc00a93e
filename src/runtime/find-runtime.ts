/** Which TensorFlow to load: `ZOO_RUNTIME`, the current managed runtime, the program's own tfjs-node. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { cacheRoot } from '../cache/cache-root.js';
import { hasCode, ZooError } from '../core/errors.js';
import { parseCurrent } from './current-runtime.js';
import { BINDING, CURRENT_FILE, MANIFEST_FILE, runtimesFolder, TFJS_NODE } from './runtime-layout.js';

export interface FoundRuntime {
  readonly kind: 'environment' | 'managed' | 'program';
  /** The folder whose `node_modules` holds tfjs-node; for `program` the package's own folder. */
  readonly folder: string;
  /** File to load. */
  readonly entry: string;
}

export interface FindRuntimeOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** The cache folder; the one of `env` by default. */
  readonly home?: string | undefined;
  /** Where the program's own packages are looked for; the folder of the process by default. */
  readonly cwd?: string;
}

/**
 * Looks at files only and loads nothing.
 * @throws ZooError `NO_RUNTIME` when there is none, or `ZOO_RUNTIME` names a folder without one.
 */
export function findRuntime(options: FindRuntimeOptions = {}): FoundRuntime {
  const { env = process.env, cwd = process.cwd() } = options;
  if (env.ZOO_RUNTIME !== undefined && env.ZOO_RUNTIME !== '') return fromEnvironment(env.ZOO_RUNTIME);
  const home = options.home ?? cacheRoot(env);
  return managed(home) ?? programsOwn(cwd) ?? noRuntime();
}

function fromEnvironment(folder: string): FoundRuntime {
  if (!isAbsolute(folder)) {
    throw new ZooError('NO_RUNTIME', 'ZOO_RUNTIME is not an absolute path', {
      expected: 'a folder such as /data/runtime/2.18.1-cpu-linux-x64',
      found: folder,
      hint: 'A relative one would mean another folder in every working directory.',
    });
  }
  const entry = entryIn(folder);
  if (entry !== undefined) return { kind: 'environment', folder, entry };
  throw new ZooError('NO_RUNTIME', 'ZOO_RUNTIME names a folder that holds no runtime', {
    expected: `a folder with node_modules/${TFJS_NODE}, built`,
    found: folder,
    hint: 'Unset ZOO_RUNTIME to use the managed runtime, or run "zoo runtime install" to get one.',
  });
}

/** The managed runtime that is current, if its folder is whole. */
function managed(home: string): FoundRuntime | undefined {
  const folders = runtimesFolder(home);
  let current: string | undefined;
  try {
    current = parseCurrent(readFileSync(join(folders, CURRENT_FILE), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  if (current === undefined) return undefined;
  const folder = join(folders, current);
  if (!existsSync(join(folder, MANIFEST_FILE))) return undefined;
  const entry = entryIn(folder);
  return entry === undefined ? undefined : { kind: 'managed', folder, entry };
}

/** tfjs-node as the program has installed it, if its own build is there. */
function programsOwn(cwd: string): FoundRuntime | undefined {
  for (const base of [join(cwd, 'package.json'), import.meta.url]) {
    const require = createRequire(base);
    try {
      const manifest = require.resolve(`${TFJS_NODE}/package.json`);
      const folder = join(manifest, '..');
      if (existsSync(join(folder, BINDING)))
        return { kind: 'program', folder, entry: require.resolve(TFJS_NODE) };
    } catch (error) {
      if (!hasCode(error, 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED')) throw error;
    }
  }
  return undefined;
}

function entryIn(folder: string): string | undefined {
  const packageFolder = join(folder, 'node_modules', TFJS_NODE);
  if (!existsSync(join(packageFolder, BINDING))) return undefined;
  return join(packageFolder, 'dist', 'index.js');
}

function noRuntime(): never {
  throw new ZooError('NO_RUNTIME', 'Native TensorFlow is not installed', {
    expected: 'a managed runtime, ZOO_RUNTIME, or @tensorflow/tfjs-node of the program itself',
    hint: 'Install it once with: zoo runtime install',
  });
}
