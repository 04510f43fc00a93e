/** Which models are installed: one ref file each, written last, that names the manifest. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import semver from 'semver';
import * as z from 'zod';
import { isTemporaryName, writeFileAtomic } from '../core/atomic-file.js';
import { type Digest, isDigest, sha256 } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import { pathCollisionKey } from '../core/safe-path.js';
import { CATEGORIES, type Category, NAME_PATTERN } from '../registry/card-names.js';
import { type BlobStore, sizeOf } from './blob-store.js';
import { folderNames } from './folder-names.js';
import { lastUse } from './last-use.js';
import { isModelKey, type Layout, type ModelKey, makeRealFolder, modelId } from './layout.js';
import {
  MANIFEST_MEDIA_TYPE,
  MODEL_ARTIFACT_TYPE,
  type ModelFile,
  type ModelManifest,
  readManifest,
} from './manifest.js';

const refSchema = z.object({
  mediaType: z.literal(MANIFEST_MEDIA_TYPE),
  artifactType: z.literal(MODEL_ARTIFACT_TYPE),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .transform((text) => text.slice('sha256:'.length))
    .refine(isDigest),
  size: z.int().min(0),
  installedAt: z.iso.datetime(),
  source: z.record(z.string(), z.string()),
});

/** Where the card and the files came from: short labels without secrets, such as `{ index: "built-in" }`. */
export type InstallSource = Readonly<Record<string, string>>;

/** One installed version; plain data, except that times are ISO strings. */
export interface InstalledModel extends ModelKey {
  /** Digest of the manifest: names card and files together. */
  readonly digest: Digest;
  readonly card: Digest;
  /** Bytes of all files. Two models may share some. */
  readonly size: number;
  readonly files: readonly ModelFile[];
  readonly installedAt: string;
  /** The later of installation and last use. */
  readonly lastUse: string;
  readonly source: InstallSource;
  /** Where the files lie; `Cache.path` makes sure that they do. */
  readonly folder: string;
  /** True when it lies in a shared read-only cache. */
  readonly shared: boolean;
}

/** A ref whose model can't be told. Nothing is collected while there is one. */
export interface UnreadableModel {
  readonly key: ModelKey;
  readonly error: ZooError;
}

export class InstalledModels {
  readonly #layout: Layout;
  readonly #blobs: BlobStore;
  readonly #shared: boolean;

  constructor(layout: Layout, blobs: BlobStore, shared: boolean) {
    this.#layout = layout;
    this.#blobs = blobs;
    this.#shared = shared;
  }

  /**
   * One installed version, or undefined.
   * @throws ZooError `INTEGRITY` when its ref or manifest is damaged, `UNSAFE_PATH` for an impossible key.
   */
  async read(key: ModelKey): Promise<InstalledModel | undefined> {
    const path = this.#layout.ref(key);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
    const ref = parseRef(text, path);
    const bytes = await this.#blobs.read(ref.digest);
    if (bytes === undefined) {
      throw new ZooError('INTEGRITY', `The manifest of ${modelId(key)} is missing from the cache`, {
        expected: this.#blobs.path(ref.digest),
        hint: 'Pull it again, or remove it.',
      });
    }
    const manifest = readManifest(bytes, `the manifest of ${modelId(key)}`);
    const used = (await lastUse(this.#layout, key))?.getTime() ?? 0;
    return this.#model(key, ref, manifest, Math.max(used, Date.parse(ref.installedAt)));
  }

  #model(
    key: ModelKey,
    ref: Pick<InstalledModel, 'digest' | 'installedAt' | 'source'>,
    manifest: ModelManifest,
    used: number,
  ): InstalledModel {
    return {
      category: key.category,
      name: key.name,
      version: key.version,
      digest: ref.digest,
      card: manifest.card.digest,
      size: manifest.files.reduce((sum, file) => sum + file.size, 0),
      files: manifest.files,
      installedAt: ref.installedAt,
      lastUse: new Date(used).toISOString(),
      source: ref.source,
      folder: this.#layout.model(key),
      shared: this.#shared,
    };
  }

  /** True when there is a ref, readable or not. */
  async has(key: ModelKey): Promise<boolean> {
    return (await sizeOf(this.#layout.ref(key))) !== undefined;
  }

  /** All installed versions, by category and name, newest version first. */
  async list(): Promise<{ models: InstalledModel[]; unreadable: UnreadableModel[] }> {
    const models: InstalledModel[] = [];
    const unreadable: UnreadableModel[] = [];
    for (const key of await this.keys()) {
      try {
        const model = await this.read(key);
        if (model !== undefined) models.push(model);
      } catch (error) {
        if (!(error instanceof ZooError)) throw error;
        unreadable.push({ key, error });
      }
    }
    return { models, unreadable };
  }

  /** Readable versions of one name, newest first; see `Cache.find`. */
  async find(query: {
    readonly category?: Category | undefined;
    readonly name: string;
    readonly version?: string | undefined;
  }): Promise<InstalledModel[]> {
    if (!NAME_PATTERN.test(query.name)) return [];
    const models: InstalledModel[] = [];
    for (const category of query.category === undefined ? CATEGORIES : [query.category]) {
      for (const key of await this.#versions(category, query.name)) {
        if (query.version !== undefined && key.version !== query.version) continue;
        try {
          const model = await this.read(key);
          if (model !== undefined) models.push(model);
        } catch (error) {
          if (!(error instanceof ZooError)) throw error; // damaged: as if not installed, so that a pull mends it
        }
      }
    }
    return models;
  }

  /** Keys of all refs, readable or not. */
  async keys(): Promise<ModelKey[]> {
    const keys: ModelKey[] = [];
    for (const category of CATEGORIES) {
      const names = await folderNames(join(this.#layout.root, 'refs', category));
      for (const name of names.sort()) keys.push(...(await this.#versions(category, name)));
    }
    return keys;
  }

  async #versions(category: Category, name: string): Promise<ModelKey[]> {
    const files = await folderNames(join(this.#layout.root, 'refs', category, name));
    return files
      .filter((file) => file.endsWith('.json') && !isTemporaryName(file))
      .map((file) => ({ category, name, version: file.slice(0, -'.json'.length) }))
      .filter(isModelKey)
      .sort((a, b) => semver.rcompare(a.version, b.version));
  }

  /**
   * The commit record: from now on the model is installed.
   * @param manifestBytes as `writeManifest` made them; stored already.
   */
  async write(key: ModelKey, manifestBytes: Uint8Array, source: InstallSource): Promise<InstalledModel> {
    const path = this.#layout.ref(key);
    const folder = await makeRealFolder(this.#layout.root, `refs/${key.category}/${key.name}`);
    const digest = sha256(manifestBytes);
    const now = new Date();
    const ref = {
      mediaType: MANIFEST_MEDIA_TYPE,
      artifactType: MODEL_ARTIFACT_TYPE,
      digest: `sha256:${digest}`,
      size: manifestBytes.length,
      installedAt: now.toISOString(),
      source,
    };
    await writeFileAtomic(join(folder, basename(path)), `${JSON.stringify(ref, undefined, 2)}\n`);
    const manifest = readManifest(manifestBytes, `the manifest of ${modelId(key)}`);
    return this.#model(key, { ...ref, digest }, manifest, now.getTime());
  }

  /**
   * `1.0.0-RC` and `1.0.0-rc` are two versions, and one folder on Windows and macOS; so the second is refused
   * everywhere.
   * @throws ZooError `UNSAFE_PATH` when the other one is installed.
   */
  async checkCaseTwin(key: ModelKey): Promise<void> {
    const wanted = pathCollisionKey(key.version);
    for (const file of await folderNames(dirname(this.#layout.ref(key)))) {
      const version = file.slice(0, -'.json'.length);
      if (version === key.version || pathCollisionKey(version) !== wanted) continue;
      throw new ZooError('UNSAFE_PATH', `${modelId(key)} would lie in the folder of another version`, {
        expected: 'versions that differ by more than upper and lower case',
        found: `${version} is installed`,
        hint: `Remove ${key.name}@${version} first.`,
      });
    }
  }
}

function parseRef(text: string, path: string): z.infer<typeof refSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const result = refSchema.safeParse(json);
  if (result.success) return result.data;
  throw new ZooError('INTEGRITY', 'The record of an installed model is damaged', {
    expected: 'the descriptor of a manifest',
    found: path,
    hint: 'Pull the model again; that writes a new one.',
    cause: result.error,
  });
}
