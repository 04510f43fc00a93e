/**
 * Where things lie under a cache root. Every name that came from a card, a lock file or a command is checked
 * here, before it is part of a path.
 *
 *     oci-layout                       marks the OCI image layout's blobs folder
 *     blobs/sha256/<hex>               whole, verified, read-only
 *     partial/                         what the transfer engine has so far
 *     refs/<category>/<name>/<version>.json    the commit record of an installed model
 *     models/<category>/<name>/<version>/…     the model's files for other programs to open
 *     last-use/<category>/<name>/<version>     an empty file whose time is the last use
 *     leases/ holds/ quarantine/ trash/
 */
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { type Digest, isDigest } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { checkSafePath } from '../core/safe-path.js';
import type { Card } from '../registry/card.js';
import { CATEGORIES, type Category, cardCategory, NAME_PATTERN } from '../registry/card-names.js';

/** Names one version of one model. */
export interface ModelKey {
  readonly category: Category;
  readonly name: string;
  readonly version: string;
}

export function modelKey(card: Pick<Card, 'kind' | 'modality' | 'name' | 'version'>): ModelKey {
  return { category: cardCategory(card), name: card.name, version: card.version };
}

/** The key alone, of something that has more fields. */
export function bareKey({ category, name, version }: ModelKey): ModelKey {
  return { category, name, version };
}

/** `image/mobilenet-v2@1.0.0`. */
export function modelId(key: ModelKey): string {
  return `${key.category}/${key.name}@${key.version}`;
}

export function isCategory(text: string): text is Category {
  return CATEGORIES.some((category) => category === text);
}

/** True when a card can have this category, name and version. */
export function isModelKey(key: { category: string; name: string; version: string }): key is ModelKey {
  return (
    isCategory(key.category) &&
    key.name.length <= 80 &&
    NAME_PATTERN.test(key.name) &&
    semver.valid(key.version) === key.version
  );
}

/**
 * `<category>/<name>/<version>` with forward slashes.
 * @throws ZooError `UNSAFE_PATH` for a category, name or version that no card can have.
 */
export function modelPath(key: ModelKey): string {
  const words: { category: string; name: string; version: string } = key;
  if (!isModelKey(words)) {
    throw new ZooError('UNSAFE_PATH', 'Not the name of a model', {
      expected: 'a category, a lower-case name and a semantic version',
      found: JSON.stringify(words).slice(0, 200),
    });
  }
  // A well-formed name can still be a device on Windows: "con", "aux".
  return checkSafePath(`${key.category}/${key.name}/${key.version}`, modelId(key));
}

/**
 * The digest itself, known to be 64 lower-case hex digits although a cast or plain JavaScript brought it.
 * @throws ZooError `INTEGRITY`.
 */
export function checkedDigest(digest: Digest): Digest {
  if (!isDigest(digest)) {
    throw new ZooError('INTEGRITY', 'Not a sha256 digest', {
      expected: '64 lower-case hex digits',
      found: JSON.stringify(String(digest).slice(0, 100)),
    });
  }
  return digest;
}

/** The folders of one cache root. */
export class Layout {
  readonly root: string;
  readonly blobs: string;
  readonly partial: string;
  readonly leases: string;
  readonly holds: string;
  readonly quarantine: string;
  readonly trash: string;

  constructor(root: string) {
    this.root = root;
    this.blobs = join(root, 'blobs', 'sha256');
    this.partial = join(root, 'partial');
    this.leases = join(root, 'leases');
    this.holds = join(root, 'holds');
    this.quarantine = join(root, 'quarantine');
    this.trash = join(root, 'trash');
  }

  /** @throws ZooError `INTEGRITY` for anything but a digest, before any file-system call. */
  blob(digest: Digest): string {
    return join(this.blobs, checkedDigest(digest));
  }

  /** @throws ZooError `UNSAFE_PATH`. */
  ref(key: ModelKey): string {
    return join(this.root, 'refs', `${modelPath(key)}.json`);
  }

  /** @throws ZooError `UNSAFE_PATH`. */
  model(key: ModelKey): string {
    return join(this.root, 'models', modelPath(key));
  }

  /** @throws ZooError `UNSAFE_PATH`. */
  lastUse(key: ModelKey): string {
    return join(this.root, 'last-use', modelPath(key));
  }
}

/**
 * Makes the folders of `path` (forward slashes) under `base`, which exists or is made, and returns the last
 * one. Never goes through a link: whoever can write into the base could otherwise send our files elsewhere.
 * @throws ZooError `UNSAFE_PATH` when a part of `path` is a link or a file.
 */
export async function makeRealFolder(base: string, path: string): Promise<string> {
  await makeFolder(base);
  let folder = await realpath(base);
  for (const segment of path.split('/').filter((part) => part !== '')) {
    folder = join(folder, segment);
    try {
      await mkdir(folder);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    if (!(await lstat(folder)).isDirectory()) {
      throw new ZooError('UNSAFE_PATH', 'A folder is needed where a link or a file lies', {
        expected: 'a real folder',
        found: folder,
        hint: 'Look at it, and remove it if it should not be there.',
      });
    }
  }
  return folder;
}
