/** A folder to attack: an archive, an empty place to unpack to, and a witness outside of it. */
import { lstat, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { WantedMember } from '../../src/archive/extract-tgz.js';
import { sha256 } from '../../src/core/digest.js';
import { ZooError, type ZooErrorCode } from '../../src/core/errors.js';

export interface Arena {
  readonly root: string;
  readonly target: string;
  readonly signal: AbortSignal;
  /** Writes an archive and gives its path. */
  archive(bytes: Uint8Array): Promise<string>;
  /** Every file and link below the root but the archives, found with lstat. */
  left(): Promise<string[]>;
}

/** One arena a test file, emptied after each test and removed at the end. */
export function useArena(): Arena {
  let root = '';
  let count = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'zoo-archive-'));
    await mkdir(join(root, 'target'));
    await mkdir(join(root, 'archives'));
  });
  afterEach(async () => {
    await rm(join(root, 'target'), { recursive: true });
    await mkdir(join(root, 'target'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  return {
    get root() {
      return root;
    },
    get target() {
      return join(root, 'target');
    },
    signal: new AbortController().signal,
    async archive(bytes) {
      count += 1;
      const path = join(root, 'archives', `${count}.bin`);
      await writeFile(path, bytes);
      return path;
    },
    async left() {
      const names = await readdir(root, { recursive: true });
      const found: string[] = [];
      for (const name of names) {
        if (name.split(/[\\/]/)[0] === 'archives') continue;
        if (!(await lstat(join(root, name))).isDirectory()) found.push(relative(root, join(root, name)));
      }
      return found;
    },
  };
}

/** What a card would say of a member with these bytes. */
export function wantedOf(path: string, data: string | Uint8Array): WantedMember {
  return { path, size: Buffer.from(data).length, sha256: sha256(data) };
}

/** The `ZooError` that `action` ends with; anything else fails the test. */
export async function zooErrorOf(action: Promise<unknown>): Promise<ZooError> {
  const outcome = await action.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(ZooError);
  return outcome as ZooError; // checked in the line above
}

/** Expects `action` to be refused with `code` and a message that matches, and nothing to be left in the arena. */
export async function expectRefused(
  arena: Arena,
  action: Promise<unknown>,
  message: RegExp,
  code: ZooErrorCode = 'UNSAFE_ARCHIVE',
): Promise<void> {
  const error = await zooErrorOf(action);
  expect(error.message).toMatch(message);
  expect(error.code).toBe(code);
  expect(await arena.left()).toEqual([]);
}
