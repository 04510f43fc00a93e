/**
 * The steps of an installation: fetches what is missing, lays the runtime out in a folder of its own beside its final
 * place, builds the binding, proves it in a fresh process, and only then puts it in place and makes it current.
 * Whatever happens before leaves the runtime that was there as it was, and the next call goes on.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Layout } from '../cache/layout.js';
import { discard } from '../cache/trash.js';
import { isTemporaryName, retryWhileHeld, syncFolder, temporaryName } from '../core/atomic-file.js';
import { ZooError } from '../core/errors.js';
import type { FetchTools } from '../zoo/fetch-tools.js';
import { bindingFile, layOut, seal, takeBinding } from './build-runtime.js';
import { compileBinding, requireCompiler } from './compile-binding.js';
import { readCurrent, writeCurrent } from './current-runtime.js';
import type { Compiler } from './find-compiler.js';
import { fetchFiles, filesToFetch } from './gather-files.js';
import { inspectFiles } from './inspect-runtime.js';
import type { InstallListener } from './install-events.js';
import { bytesToFetch, type Offer, type RuntimeFile, runtimeFiles, runtimeId } from './offers.js';
import { OWN_FILES } from './own-files.js';
import { probeRuntime } from './probe-runtime.js';
import { BINDING_PATH, runtimesFolder } from './runtime-layout.js';
import { type InstalledFile, type RuntimeManifest, readManifest } from './runtime-manifest.js';

export interface InstallRuntimeResult {
  /** Name of its folder, such as `2.18.1-cpu-linux-x64`. */
  readonly runtime: string;
  readonly folder: string;
  readonly tensorflow: string;
  readonly device: Offer['device'];
  readonly tested: boolean;
  /** Bytes that crossed the network. */
  readonly received: number;
  /** True when every file was right already. */
  readonly upToDate: boolean;
  /** Files of an installed runtime that were damaged or missing and are right now. */
  readonly mended: readonly string[];
}

/** What is there of the runtime before the installation. */
interface Before {
  readonly manifest: RuntimeManifest | undefined;
  /** Paths of files that are not as they should be. */
  readonly broken: ReadonlySet<string>;
  /** True when the binding that is there was built from the same files, and is whole. */
  readonly bindingIsGood: boolean;
}

export interface InstallationParts {
  readonly offer: Offer;
  /** Settings of the compiler and of the process that proves the result. */
  readonly env: NodeJS.ProcessEnv;
  readonly tools: FetchTools;
  readonly onEvent: InstallListener;
}

/** One installation of one offer into the cache of its tools. The caller holds the runtime's lease. */
export class Installation {
  readonly #offer: Offer;
  readonly #home: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #tools: FetchTools;
  readonly #onEvent: InstallListener;
  readonly #files: readonly RuntimeFile[];
  readonly #runtime: string;
  readonly #folder: string;

  constructor({ offer, env, tools, onEvent }: InstallationParts) {
    this.#offer = offer;
    this.#home = tools.cache.root;
    this.#env = env;
    this.#tools = tools;
    this.#onEvent = onEvent;
    this.#files = runtimeFiles(offer);
    this.#runtime = runtimeId(offer);
    this.#folder = join(runtimesFolder(this.#home), this.#runtime);
  }

  /** @param force builds everything anew, even when all is right. */
  async run(force: boolean): Promise<InstallRuntimeResult> {
    await this.#clearUnfinished();
    const before = await this.#look();
    if (before.manifest !== undefined && before.broken.size === 0 && before.bindingIsGood && !force) {
      await this.#makeCurrent();
      return this.#result({ received: 0, upToDate: true, mended: [] });
    }
    const { signal } = this.#tools;
    const keep = before.bindingIsGood && !force;
    // Nothing is fetched where it would be of no use.
    const compiler = keep ? undefined : await requireCompiler(this.#env, signal);
    const held = await this.#tools.cache.hold({ digests: this.#files.map(({ sha256 }) => sha256) });
    try {
      const received = await this.#gather(before, force);
      await this.#build(before, compiler, force);
      await this.#makeCurrent();
      const mended = before.manifest === undefined ? [] : [...before.broken];
      return this.#result({ received, upToDate: false, mended });
    } finally {
      await held.release();
    }
  }

  #result(how: Pick<InstallRuntimeResult, 'received' | 'upToDate' | 'mended'>): InstallRuntimeResult {
    const { tensorflow, device, tested } = this.#offer;
    return { runtime: this.#runtime, folder: this.#folder, tensorflow, device, tested, ...how };
  }

  /** Folders of installations that were killed. Another one under way would hold the lease. */
  async #clearUnfinished(): Promise<void> {
    const folders = runtimesFolder(this.#home);
    await mkdir(folders, { recursive: true });
    for (const name of await readdir(folders)) {
      if (!isTemporaryName(name) || !name.startsWith(`.${this.#runtime}.`)) continue;
      // A compiler that outlived its installation may still write there.
      await rm(join(folders, name), { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #look(): Promise<Before> {
    const { signal } = this.#tools;
    const manifest = await readManifest(this.#folder);
    const wanted = [...this.#files, ...OWN_FILES];
    const faults = await inspectFiles(this.#folder, wanted, { deep: true, signal });
    const broken = new Set(faults.map(({ path }) => path));
    const binding = manifest?.files.find(({ path }) => path === BINDING_PATH);
    const sameParts = madeOf(manifest, wanted);
    const bindingIsGood =
      binding !== undefined &&
      sameParts &&
      (await inspectFiles(this.#folder, [binding], { deep: true, signal })).length === 0;
    if (!bindingIsGood) broken.add(BINDING_PATH);
    return { manifest, broken, bindingIsGood };
  }

  /** Brings into the cache what the folder lacks. */
  async #gather(before: Before, force: boolean): Promise<number> {
    const lacking = this.#files.filter(({ path }) => force || before.broken.has(path));
    const missing = await filesToFetch(this.#offer, lacking, this.#tools);
    this.#onEvent({
      type: 'runtime',
      runtime: this.#runtime,
      tested: this.#offer.tested,
      fetch: bytesToFetch(this.#offer, missing),
      size: this.#files.reduce((sum, file) => sum + file.size, 0),
      mending: before.manifest === undefined ? undefined : [...before.broken],
    });
    return fetchFiles(this.#offer, missing, this.#tools);
  }

  async #build(before: Before, compiler: Compiler | undefined, force: boolean): Promise<void> {
    const { cache, signal } = this.#tools;
    const building = temporaryName(this.#folder);
    try {
      const goodFile = ({ path }: InstalledFile) =>
        force || before.broken.has(path) ? undefined : join(this.#folder, path);
      await layOut(building, this.#files, goodFile, { cache, signal });
      if (compiler === undefined) {
        await takeBinding(this.#folder, building);
      } else {
        this.#onEvent({ type: 'step', step: 'compile', detail: compiler.version });
        await compileBinding(building, compiler, this.#env, signal);
      }
      await this.#prove(building);
      await seal(building, await this.#manifest(building, compiler?.version ?? before.manifest?.compiler));
      await this.#putInPlace(building);
    } finally {
      await rm(building, { recursive: true, force: true });
    }
  }

  async #prove(building: string): Promise<void> {
    this.#onEvent({ type: 'step', step: 'prove', detail: `Node ${process.version}` });
    const { tensorflow } = await probeRuntime({
      env: { ...this.#env, ZOO_RUNTIME: building, ZOO_THREADS: '' },
      signal: this.#tools.signal,
    });
    if (tensorflow === this.#offer.tensorflow) return;
    throw new ZooError('NO_RUNTIME', 'The runtime that was built is not the one that was asked for', {
      expected: `TensorFlow ${this.#offer.tensorflow}`,
      found: `TensorFlow ${tensorflow}`,
      hint: 'A library path such as LD_LIBRARY_PATH may name another TensorFlow: unset it.',
    });
  }

  async #manifest(building: string, compiler = 'unknown'): Promise<RuntimeManifest> {
    const { tensorflow, device, platform, tested } = this.#offer;
    const files = [...this.#files, ...OWN_FILES].map(({ path, size, sha256 }) => ({ path, size, sha256 }));
    const own = await bindingFile(building);
    return { tensorflow, device, platform, tested, node: process.version, compiler, files: [...files, own] };
  }

  /** A program that has the old libraries open keeps them; one that starts in between finds no runtime for a moment. */
  async #putInPlace(building: string): Promise<void> {
    await discard(new Layout(this.#home), this.#folder);
    await retryWhileHeld(() => rename(building, this.#folder));
    await syncFolder(runtimesFolder(this.#home));
  }

  async #makeCurrent(): Promise<void> {
    if ((await readCurrent(this.#home)) !== this.#runtime) await writeCurrent(this.#home, this.#runtime);
  }
}

/** True when a runtime with this manifest has the same parts, so that its binding still fits. */
function madeOf(manifest: RuntimeManifest | undefined, wanted: readonly InstalledFile[]): boolean {
  const installed = new Map(manifest?.files.map(({ path, sha256 }) => [path, sha256]));
  return wanted.every(({ path, sha256 }) => installed.get(path) === sha256);
}
