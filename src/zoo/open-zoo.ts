/**
 * The door of the library half: what `zoo` does on the command line, as functions. What a function needs is loaded
 * when it is first called: looking something up must not wait for the HTTP client.
 */
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import type { Cache } from '../cache/cache.js';
import { cacheRoot, sharedCacheRoots } from '../cache/cache-root.js';
import type { CollectReport } from '../cache/collect.js';
import type { InstalledModel } from '../cache/installed-models.js';
import type { ModelKey } from '../cache/layout.js';
import type { RemoveReport } from '../cache/remove-model.js';
import type { VerifyReport } from '../cache/verify.js';
import { isSystemError, ZooError } from '../core/errors.js';
import type { Transfers } from '../download/transfers.js';
import { type Index, openIndex, type SearchHit } from '../registry/index-open.js';
import type { SearchFilters } from '../registry/index-search.js';
import type { Sources } from '../sources/open-sources.js';
import type { CardDraft } from './draft-card.js';
import type { FetchTools } from './fetch-tools.js';
import type { FoundCard } from './found-card.js';
import { indexLocation } from './index-location.js';
import { isOffline } from './is-offline.js';
import type { PullOptions, PullResult } from './pull.js';
import type { PullListener } from './pull-events.js';
import type { RepairReport } from './repair.js';

export interface ZooOptions {
  /** Where settings are read; `process.env` by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where `zoo.lock`, relative cards and a project's npm configuration are looked for; `process.cwd()` by default. */
  readonly cwd?: string;
  /** The cache folder; `ZOO_HOME` or the platform's cache folder by default. */
  readonly home?: string | undefined;
  /** The index file; `ZOO_INDEX` or the one that came with the package by default. */
  readonly index?: string | undefined;
  /** Never asks the network; `ZOO_OFFLINE` by default. */
  readonly offline?: boolean | undefined;
  /** Bytes a second, shared by all transfers of this process; unlimited by default. */
  readonly limitRate?: number | undefined;
}

/** What a card says, what is installed of it, and what pulling it would cost. */
export interface ModelView extends FoundCard {
  readonly id: string;
  readonly installed: InstalledModel | undefined;
  /** Bytes that a pull would fetch. */
  readonly newBytes: number;
  /** Bytes that are in the cache already. */
  readonly presentBytes: number;
}

export interface VerifyModelsOptions {
  /** Fetches again what is damaged or missing. */
  readonly repair?: boolean | undefined;
  readonly onEvent?: PullListener | undefined;
  readonly onProgress?: ((verified: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GcOptions {
  /** Bytes that the cache may keep. */
  readonly maxSize?: number | undefined;
  /** Models unused for this many milliseconds go. */
  readonly maxAge?: number | undefined;
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens the zoo. Index, network and cache are opened when they are first needed. */
export async function openZoo(options: ZooOptions = {}): Promise<Zoo> {
  return new Zoo(options);
}

const NEVER = new AbortController().signal;

export class Zoo {
  protected readonly env: NodeJS.ProcessEnv;
  protected readonly cwd: string;
  readonly #options: ZooOptions;
  #index: Index | undefined;
  #cache: Promise<Cache> | undefined;
  #sources: Promise<Sources> | undefined;
  #transfers: Transfers | undefined;

  /** Use `openZoo`. */
  constructor(options: ZooOptions) {
    this.#options = options;
    this.env = options.env ?? process.env;
    this.cwd = options.cwd ?? process.cwd();
  }

  /** The cache folder. */
  get home(): string {
    return this.#options.home ?? cacheRoot(this.env);
  }

  get offline(): boolean {
    return this.#options.offline ?? isOffline(this.env);
  }

  /** Models and data sets that match, the best first. No text is an error. @throws ZooError `INVALID_INDEX`. */
  search(query: string, filters: SearchFilters = {}): SearchHit[] {
    return this.#openIndex().search(query, filters);
  }

  /**
   * Names that begin with `prefix` (or `category/…`) in alphabetical order, for completion.
   * @param limit most names, default 50. @throws ZooError `INVALID_INDEX`.
   */
  names(prefix: string, limit?: number): string[] {
    return this.#openIndex().names(prefix, limit);
  }

  /** @throws ZooError of `findCard`. */
  async show(reference: string, signal: AbortSignal = NEVER): Promise<ModelView> {
    const [{ missingBlobs, totalSize, wantedBlobs }, { modelId, modelKey }] = await Promise.all([
      import('./wanted-blob.js'),
      import('../cache/layout.js'),
    ]);
    const found = await this.#find(reference, signal);
    const cache = await this.#openCache();
    const blobs = wantedBlobs(found.card, found.folder);
    const newBytes = totalSize(await missingBlobs(cache, blobs));
    const installed = (await cache.find(modelKey(found.card))).find((model) => model.card === found.digest);
    return {
      ...found,
      id: modelId(modelKey(found.card)),
      installed,
      newBytes,
      presentBytes: totalSize(blobs) - newBytes,
    };
  }

  /** Fetches, verifies and installs one model; see `pullCard`. */
  async pull(
    reference: string,
    options: PullOptions & { readonly save?: boolean | undefined } = {},
  ): Promise<PullResult> {
    const { pullCard } = await import('./pull.js');
    const found = await this.#find(reference, options.signal ?? NEVER);
    const result = await pullCard(found, options, await this.#tools(options));
    if (options.save === true) await this.#save(reference, found, options);
    return result;
  }

  async #save(reference: string, found: FoundCard, options: PullOptions): Promise<void> {
    const [{ lockEntry }, { saveToLock }, { sha256 }, { cardCategory }] = await Promise.all([
      import('./lock-entry.js'),
      import('./lockfile.js'),
      import('../core/digest.js'),
      import('../registry/card-names.js'),
    ]);
    const entry = lockEntry(reference, found, options.allowLicenses ?? [], this.cwd);
    const save = () => saveToLock(this.cwd, { [`${cardCategory(found.card)}/${found.card.name}`]: entry });
    const cache = await this.#openCache();
    // Several pulls may end at once, here or in another process: each must see what the other has written.
    if (cache.readOnly) await save();
    else await cache.withLease(`lock-${sha256(resolve(this.cwd))}`, save, { signal: options.signal });
  }

  /**
   * Installs what `zoo.lock` says, or the part of it that `references` name.
   * @throws ZooError `LOCK_MISMATCH` on any difference, `NOT_FOUND` when there is no lock file.
   */
  async pullFrozen(references: readonly string[] = [], options: PullOptions = {}): Promise<PullResult[]> {
    const [{ pullLocked }, { pullCard }] = await Promise.all([
      import('./pull-locked.js'),
      import('./pull.js'),
    ]);
    const tools = await this.#tools(options);
    return pullLocked(this.cwd, references, {
      find: (reference) => this.#find(reference, tools.signal),
      pull: (found, allowLicenses) => pullCard(found, { ...options, allowLicenses }, tools),
    });
  }

  /** A new card for what locators name; see `draftCard`. */
  async draftCard(
    locators: readonly string[],
    options: Pick<PullOptions, 'onEvent' | 'signal'> = {},
  ): Promise<CardDraft> {
    const { draftCard } = await import('./draft-card.js');
    return draftCard(locators, new Date().toISOString().slice(0, 10), await this.#tools(options));
  }

  /** Installed models by name, newest version first. */
  async list(): Promise<InstalledModel[]> {
    return (await this.#openCache()).list();
  }

  /** An installed model. @throws ZooError `NOT_CACHED`, `AMBIGUOUS`. */
  async installed(reference: string): Promise<InstalledModel> {
    const { findInstalled } = await import('./installed-model.js');
    return findInstalled(await this.#openCache(), reference);
  }

  /** The card of an installed model. */
  async card(model: InstalledModel): Promise<FoundCard['card']> {
    return (await (await this.#openCache()).card(model)).card;
  }

  /** The folder of an installed model, complete. @throws ZooError `NOT_CACHED`, `AMBIGUOUS`. */
  async path(reference: string): Promise<string> {
    const cache = await this.#openCache();
    return cache.path(await this.installed(reference));
  }

  /** Hashes models again, all when none is named; repairs them when asked to. */
  async verify(
    references: readonly string[] = [],
    options: VerifyModelsOptions = {},
  ): Promise<{ report: VerifyReport; repaired: RepairReport | undefined }> {
    const cache = await this.#openCache();
    const models =
      references.length === 0
        ? undefined
        : await Promise.all(references.map((reference) => this.installed(reference)));
    const { signal, onProgress } = options;
    const report = await cache.verify(models, { signal, onProgress });
    if (report.ok || options.repair !== true) return { report, repaired: undefined };
    const [{ repair }, { modelId }] = await Promise.all([
      import('./repair.js'),
      import('../cache/layout.js'),
    ]);
    const cardOf = async (key: ModelKey) => {
      const installed = (await cache.find(key))[0];
      const own = installed === undefined ? undefined : await cache.card(installed).catch(() => undefined);
      return own?.card ?? this.#openIndex().resolve(modelId(key)).card;
    };
    const repaired = await repair(report, cardOf, await this.#tools(options));
    return { report: await cache.verify(models, { signal }), repaired };
  }

  /** Removes an installed model and the blobs that nothing else needs. @throws ZooError `NOT_CACHED`. */
  async remove(reference: string): Promise<RemoveReport & { readonly id: string }> {
    const { modelId } = await import('../cache/layout.js');
    const cache = await this.#openCache();
    const model = await this.installed(reference);
    return { id: modelId(model), ...(await cache.remove(model)) };
  }

  /** Frees disk space; what `zoo.lock` of the working folder names stays. */
  async gc(options: GcOptions = {}): Promise<CollectReport> {
    const { readLock } = await import('./lockfile.js');
    const lock = await readLock(this.cwd);
    const keep = Object.values(lock?.models ?? {}).map((entry) => entry.digest);
    return (await this.#openCache()).gc({ ...options, keep });
  }

  /** Ends connections and threads. */
  async close(): Promise<void> {
    this.#index?.close();
    await this.#transfers?.close();
    await (await this.#sources)?.close();
  }

  async #find(reference: string, signal: AbortSignal): Promise<FoundCard> {
    const { findCard } = await import('./found-card.js');
    return findCard(reference, {
      index: () => this.#openIndex(),
      sources: () => this.#openSources(),
      cwd: this.cwd,
      signal,
    });
  }

  #openIndex(): Index {
    this.#index ??= openIndex(this.#options.index ?? indexLocation(this.env));
    return this.#index;
  }

  #openCache(): Promise<Cache> {
    this.#cache ??= import('../cache/cache.js')
      .then(({ openCache }) => openCache(this.home, { shared: sharedCacheRoots(this.env) }))
      .catch((error: unknown) => {
        if (!isSystemError(error)) throw error;
        throw new ZooError('FILE_SYSTEM', `The cache can't be opened: ${this.home}`, {
          found: error.message,
          hint: 'Set ZOO_HOME to a folder, or to one that can be made.',
          cause: error,
        });
      });
    return this.#cache;
  }

  #openSources(): Promise<Sources> {
    this.#sources ??= import('../sources/open-sources.js').then(({ openSources }) =>
      openSources({ env: this.env, cwd: this.cwd, offline: this.offline }),
    );
    return this.#sources;
  }

  async #tools(options: Pick<PullOptions, 'onEvent' | 'signal'>): Promise<FetchTools> {
    const [cache, sources, { openTransfers }] = await Promise.all([
      this.#openCache(),
      this.#openSources(),
      import('../download/transfers.js'),
    ]);
    const { limitRate } = this.#options;
    // Every transfer under way listens to the signal; the caller's own is spared Node's warning about that.
    const signal = AbortSignal.any(options.signal === undefined ? [] : [options.signal]);
    setMaxListeners(0, signal);
    this.#transfers ??= openTransfers({
      directory: cache.partialFolder,
      ...(limitRate === undefined ? {} : { limitRate }),
    });
    return {
      cache,
      sources,
      offline: this.offline,
      transfers: this.#transfers,
      signal,
      onEvent: options.onEvent ?? (() => {}),
    };
  }
}
