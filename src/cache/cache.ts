/**
 * The door of the cache: verified blobs, installed models as folders, and what many processes need to share
 * them. Where things lie is said in layout.ts. Errors of the file system come out as `ZooError`s with a hint.
 */
import { link } from 'node:fs/promises';
import { type Digest, sha256 } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import { canonicalCard } from '../registry/canonical-card.js';
import type { Card } from '../registry/card.js';
import type { Category } from '../registry/card-names.js';
import { parseCard } from '../registry/parse-card.js';
import { type CacheLayer, openOwnLayer, openSharedLayer } from './cache-layer.js';
import { type CollectOptions, type CollectReport, collect } from './collect.js';
import { checkSpace, explainDiskError } from './disk-space.js';
import { type Hold, type Holding, hold, NO_HOLD } from './holds.js';
import type { InstalledModel, InstallSource, UnreadableModel } from './installed-models.js';
import { noteUse } from './last-use.js';
import { type Layout, type ModelKey, modelId, modelKey } from './layout.js';
import { type Lease, type LeaseOptions, withLease } from './lease.js';
import { type ModelFile, writeManifest } from './manifest.js';
import { isComplete, materialise } from './materialise.js';
import { type MaterialisedTo, type MaterialiseToOptions, materialiseTo } from './materialise-to.js';
import { quarantineBlob, releaseQuarantine } from './quarantine.js';
import { dropUnneeded, type RemoveReport, removeModel } from './remove-model.js';
import { type VerifyOptions, type VerifyReport, verify } from './verify.js';

export interface CacheOptions {
  /** Writes nothing, ever. Default: only when the folder can't be written. */
  readOnly?: boolean | undefined;
  /** Read-only caches to look into after this one, nearest first; see `sharedCacheRoots`. Default: none. */
  shared?: readonly string[] | undefined;
}

export interface InstallOptions {
  /** Where card and files came from: short labels without secrets. */
  source?: InstallSource | undefined;
  /** Builds the folder anew although it looks complete: needed after a damaged blob was replaced. */
  rebuild?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Opens the cache at `root`, making it when missing. A folder that can't be written is opened read-only: hits
 * work, and what must write throws `FILE_SYSTEM`.
 * @throws ZooError `DISK_FULL`, `FILE_SYSTEM`.
 */
export async function openCache(root: string, options: CacheOptions = {}): Promise<Cache> {
  const own = await openOwnLayer(root, options.readOnly === true);
  return new Cache(own, await Promise.all((options.shared ?? []).map(openSharedLayer)));
}

export class Cache {
  readonly #own: CacheLayer;
  readonly #layers: readonly CacheLayer[];

  /** Use `openCache`. */
  constructor(own: CacheLayer, shared: readonly CacheLayer[]) {
    this.#own = own;
    this.#layers = [own, ...shared];
  }

  get root(): string {
    return this.#own.layout.root;
  }

  get readOnly(): boolean {
    return !this.#own.writable;
  }

  /** Where the transfer engine keeps what it has so far. */
  get partialFolder(): string {
    return this.#own.layout.partial;
  }

  // --- blobs ---

  /** True when this cache or a shared one has the blob. @throws ZooError as `findBlob`. */
  async has(digest: Digest, size: number): Promise<boolean> {
    return (await this.findBlob(digest, size)) !== undefined;
  }

  /**
   * Path of a readable blob of that size, here or in a shared cache.
   * @throws ZooError `INTEGRITY` for anything but a digest; `FILE_SYSTEM` when it is in this cache and this user
   * may not read it.
   */
  async findBlob(digest: Digest, size: number): Promise<string | undefined> {
    for (const { blobs, shared } of this.#layers) {
      const found = blobs.has(digest, size);
      if (await (shared ? found.catch(ignoreUnreachable(false)) : found)) return blobs.path(digest);
    }
    return undefined;
  }

  /** Where the blob is or would be in this cache. @throws ZooError `INTEGRITY` for anything but a digest. */
  blobPath(digest: Digest): string {
    return this.#own.blobs.path(digest);
  }

  /**
   * Makes a complete file, whose sha256 the caller has verified, a blob: read-only, durable, moved without
   * overwriting. The part is gone afterwards. Hold the digest from before the download until `install` is done.
   * @returns the blob's path.
   */
  async publish(partPath: string, digest: Digest, size: number): Promise<string> {
    const layout = this.#writable('storing a file');
    return explained(`storing a file in ${layout.blobs}`, async () => {
      const path = await this.#own.blobs.publish(partPath, digest, size);
      await releaseQuarantine(layout, digest);
      return path;
    });
  }

  /**
   * Moves a damaged blob aside and returns its path, to seed a repair with its good pieces; undefined when there
   * is none. One in a shared cache stays where it is; a whole one published here is found before it.
   */
  async quarantine(digest: Digest): Promise<string | undefined> {
    const layout = this.#writable('repairing a file');
    const aside = await explained('moving a damaged file aside', () => quarantineBlob(layout, digest));
    return aside ?? (await this.#anyBlob(digest));
  }

  /** Removes those of the blobs that no installed model and no running process needs. @returns bytes freed. */
  async dropBlobs(digests: Iterable<Digest>): Promise<number> {
    const layout = this.#writable('removing files');
    return explained('removing files', async () => {
      return (await dropUnneeded(layout, this.#own.models, digests)).freed;
    });
  }

  // --- models ---

  /**
   * Installs a model whose blobs are all there: card and manifest, then the folder, then the ref, which commits.
   * The card is stored in its canonical form, so `InstalledModel.card` is its `cardDigest`.
   * @throws ZooError `NOT_CACHED` when a blob is missing, `UNSAFE_PATH`, `DISK_FULL`, `FILE_SYSTEM`.
   */
  async install(card: Card, options: InstallOptions = {}): Promise<InstalledModel> {
    const layout = this.#writable(`installing ${card.name}`);
    const key = modelKey(card);
    const { blobs, models } = this.#own;
    const cardBytes = Buffer.from(canonicalCard(card));
    const manifestBytes = writeManifest(card, cardBytes);
    return explained(`installing ${modelId(key)}`, async () => {
      await models.checkCaseTwin(key);
      const held = await this.hold({
        models: [key],
        digests: [sha256(manifestBytes), sha256(cardBytes), ...card.files.map((file) => file.sha256)],
      });
      try {
        for (const file of card.files) await this.#adopt(file);
        await blobs.put(cardBytes);
        await blobs.put(manifestBytes);
        const build = (rebuild: boolean) =>
          materialise(layout, key, card.files, this.#finder, { signal: options.signal, rebuild });
        await build(options.rebuild === true);
        const installed = await models.write(key, manifestBytes, options.source ?? {});
        // A collector that was just removing the same model may have taken the folder before it saw the ref.
        await build(false);
        await noteUse(layout, key);
        return installed;
      } finally {
        await held.release();
      }
    });
  }

  /** Installed models, this cache's before those of shared ones, by name, newest version first. */
  async list(): Promise<InstalledModel[]> {
    const seen = new Map<string, InstalledModel>();
    for (const { models, shared } of this.#layers) {
      const found = models.list();
      const list = await (shared ? found.catch(ignoreUnreachable({ models: [] })) : found);
      for (const model of list.models) if (!seen.has(modelId(model))) seen.set(modelId(model), model);
    }
    return [...seen.values()];
  }

  /** Models whose ref, manifest or card is damaged; `list` and `find` leave the first two out. */
  async unreadable(): Promise<readonly UnreadableModel[]> {
    return (await this.#own.models.list()).unreadable;
  }

  /** Installed versions of a name, newest first; of all categories, and of one version, where asked for. */
  async find(query: {
    readonly category?: Category | undefined;
    readonly name: string;
    readonly version?: string | undefined;
  }): Promise<InstalledModel[]> {
    const seen = new Map<string, InstalledModel>();
    for (const { models, shared } of this.#layers) {
      const found = models.find(query);
      for (const model of await (shared ? found.catch(ignoreUnreachable([])) : found)) {
        if (!seen.has(modelId(model))) seen.set(modelId(model), model);
      }
    }
    return [...seen.values()];
  }

  /**
   * The card of an installed model, parsed and in its canonical bytes.
   * @throws ZooError `INTEGRITY` when it is damaged or missing.
   */
  async card(model: InstalledModel): Promise<{ card: Card; bytes: Uint8Array }> {
    for (const { blobs } of this.#layers) {
      const bytes = await blobs.read(model.card);
      if (bytes === undefined) continue;
      return { card: parseCard(Buffer.from(bytes).toString('utf8'), `the card of ${modelId(model)}`), bytes };
    }
    throw new ZooError('INTEGRITY', `The card of ${modelId(model)} is missing from the cache`, {
      expected: `sha256 ${model.card}`,
      hint: 'Pull the model again.',
    });
  }

  /**
   * The model's folder, complete; notes that it is used. One that was deleted or half-deleted is built again.
   * @throws ZooError `NOT_CACHED` when that is impossible: a blob is missing or the cache is read-only.
   */
  async path(model: InstalledModel, options: { signal?: AbortSignal | undefined } = {}): Promise<string> {
    if (model.shared || this.readOnly) {
      if (await isComplete(model.folder, model.files)) return model.folder;
      throw new ZooError('NOT_CACHED', `The folder of ${modelId(model)} is not complete`, {
        found: model.folder,
        hint: 'The cache is read-only; pull the model into a cache that can be written (ZOO_HOME).',
      });
    }
    const { layout } = this.#own;
    await noteUse(layout, model);
    return explained(`building the folder of ${modelId(model)}`, () =>
      materialise(layout, model, model.files, this.#finder, options),
    );
  }

  /** Puts the files of a card whose blobs are all there into a folder of the user's; see materialise-to.ts. */
  async materialiseTo(folder: string, card: Card, options?: MaterialiseToOptions): Promise<MaterialisedTo> {
    return explained(`writing into ${folder}`, async () => {
      const held = await this.hold({ digests: card.files.map((file) => file.sha256) });
      try {
        return await materialiseTo(folder, modelId(modelKey(card)), card.files, this.#finder, options);
      } finally {
        await held.release();
      }
    });
  }

  /** Removes a model from this cache, and the blobs that nothing else needs. */
  async remove(key: ModelKey): Promise<RemoveReport> {
    const layout = this.#writable(`removing ${modelId(key)}`);
    return explained(`removing ${modelId(key)}`, () => removeModel(layout, this.#own.models, key));
  }

  // --- processes that share the cache ---

  /**
   * Runs `work` while no other process works under `key`, as far as can be told; see lease.ts. `work` looks
   * first whether the result is there by now.
   */
  async withLease<T>(
    key: string,
    work: (lease: Lease) => Promise<T>,
    options: Omit<LeaseOptions, 'times'> = {},
  ): Promise<T> {
    return withLease(this.#writable('downloading').leases, key, work, options);
  }

  /** Keeps the collector away from digests and models until released or this process ends. */
  async hold(holding: Holding): Promise<Hold> {
    if (this.readOnly) return NO_HOLD;
    const { holds } = this.#own.layout;
    return explained(`writing in ${holds}`, () => hold(holds, holding));
  }

  // --- care ---

  /** Hashes this cache's models again, or those given; see verify.ts. Changes nothing. */
  async verify(
    models: readonly InstalledModel[] | undefined,
    options: VerifyOptions = {},
  ): Promise<VerifyReport> {
    const own = models === undefined ? await this.#own.models.list() : { models, unreadable: [] };
    return explained('verifying the cache', () =>
      verify(
        {
          ...own,
          findBlob: (file) => this.#anyBlob(file.sha256),
          pieces: async (model) => piecesOf((await this.card(model)).card),
        },
        options,
      ),
    );
  }

  /** Removes what is not needed; see collect.ts. One process at a time does it. */
  async gc(options: CollectOptions = {}): Promise<CollectReport> {
    const { layout, models } = this.#own;
    const run = () => explained('collecting', () => collect(layout, models, options));
    if (options.dryRun === true) return run();
    return withLease(this.#writable('collecting').leases, 'collect', run, { signal: options.signal });
  }

  /** @throws ZooError `DISK_FULL` when `bytes` more don't fit, with both figures. */
  async checkSpace(bytes: number): Promise<void> {
    await checkSpace(this.root, bytes);
  }

  // --- inside ---

  readonly #finder = async (file: ModelFile): Promise<string> => {
    const path = await this.findBlob(file.sha256, file.size);
    if (path !== undefined) return path;
    throw new ZooError('NOT_CACHED', `${file.path} is not in the cache`, {
      expected: `sha256 ${file.sha256} of ${file.size} bytes`,
      hint: 'Pull the model again; only what is missing is fetched.',
    });
  };

  /** A blob of any size, this cache's first. */
  async #anyBlob(digest: Digest): Promise<string | undefined> {
    for (const { blobs } of this.#layers) {
      if ((await blobs.size(digest)) !== undefined) return blobs.path(digest);
    }
    return undefined;
  }

  /** A blob of a shared cache becomes ours where a hard link can do that; otherwise it is read over there. */
  async #adopt(file: ModelFile): Promise<void> {
    if (await this.#own.blobs.has(file.sha256, file.size)) return;
    const path = await this.#finder(file);
    try {
      await link(path, this.blobPath(file.sha256));
    } catch (error) {
      if (!hasCode(error, 'EXDEV', 'EPERM', 'EACCES', 'EEXIST', 'EMLINK', 'ENOTSUP', 'ENOSYS')) throw error;
    }
  }

  #writable(doing: string): Layout {
    if (this.#own.writable) return this.#own.layout;
    throw new ZooError('FILE_SYSTEM', `The cache is read-only: ${doing} is not possible`, {
      found: this.root,
      hint: 'Set ZOO_HOME to a folder that can be written; ZOO_SHARED_CACHE may name the read-only one.',
    });
  }
}

async function explained<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainDiskError(error, doing);
  }
}

/** A shared cache that is away or locked must not stop the user's own. */
function ignoreUnreachable<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof ZooError ? error.code === 'FILE_SYSTEM' : hasCode(error, ...UNREACHABLE))
      return instead;
    throw error;
  };
}

const UNREACHABLE = ['EACCES', 'EPERM', 'EIO', 'ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'ENOTCONN', 'ELOOP'];

function piecesOf(card: Card): ReadonlyMap<Digest, readonly Digest[]> {
  return new Map(card.files.map((file) => [file.sha256, file.pieces ?? []]));
}
