/**
 * Holds: what a running process needs and the collector must leave alone. A hold is a file that its process
 * keeps touching; the collector reads them all. It is written before its process looks for a blob, and the
 * collector looks for holds again after moving blobs aside, so one of the two always sees the other.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { isTemporaryName, writeFileAtomic } from '../core/atomic-file.js';
import { type Digest, isDigest } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { folderNames } from './folder-names.js';
import { type ModelKey, modelId } from './layout.js';
import { ownIdentity, processIdentitySchema, stateOf } from './process-identity.js';

const BEAT_MS = 10_000;
/** A hold of a process that can't be asked, such as one on another machine, counts for this long after a beat. */
const STALE_MS = 10 * 60_000;

const recordSchema = z.object({
  owner: processIdentitySchema,
  digests: z.array(z.string().refine(isDigest)),
  models: z.array(z.string()),
});

/** What to hold. */
export interface Holding {
  readonly digests?: Iterable<Digest> | undefined;
  readonly models?: Iterable<ModelKey> | undefined;
}

export interface Hold {
  /** Holds more, until the same release. */
  add(more: Holding): Promise<void>;
  /** Ends the hold. A process that ends without it is noticed. */
  release(): Promise<void>;
}

/** On a read-only cache nothing can be collected, so nothing need be held. */
export const NO_HOLD: Hold = { add: async () => undefined, release: async () => undefined };

/**
 * Holds digests and models until released.
 * @param folder where holds lie; made when missing.
 * @throws the system's error when it can't be written.
 */
export async function hold(folder: string, holding: Holding, beatMs: number = BEAT_MS): Promise<Hold> {
  await makeFolder(folder);
  const owner = await ownIdentity();
  const path = join(folder, `${owner.pid}-${randomBytes(8).toString('hex')}.json`);
  const digests = new Set<Digest>(holding.digests);
  const models = new Set<string>([...(holding.models ?? [])].map(modelId));
  const write = () =>
    writeFileAtomic(path, JSON.stringify({ owner, digests: [...digests], models: [...models] }));
  await write();
  // Writes and touches follow each other, and none comes after the release.
  let last: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(() => touch(path, write)).catch(() => undefined);
  }, beatMs);
  timer.unref();
  return {
    async add(more) {
      for (const digest of more.digests ?? []) digests.add(digest);
      for (const model of more.models ?? []) models.add(modelId(model));
      const written = last.then(write);
      last = written.catch(() => undefined);
      await written;
    },
    async release() {
      clearInterval(timer);
      await last;
      await rm(path, { force: true });
    },
  };
}

async function touch(path: string, write: () => Promise<void>): Promise<void> {
  const now = new Date();
  try {
    await utimes(path, now, now);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) await write();
  }
}

/** Everything that running processes hold. */
export interface Held {
  readonly digests: ReadonlySet<Digest>;
  /** As `modelId` writes them. */
  readonly models: ReadonlySet<string>;
  /** Files of holds whose process has ended. */
  readonly stale: readonly string[];
}

/**
 * Reads all holds.
 * @param now the time by the clock of the volume, which may be a server's, in ms.
 */
export async function readHolds(folder: string, now: number): Promise<Held> {
  const digests = new Set<Digest>();
  const models = new Set<string>();
  const stale: string[] = [];
  for (const name of await folderNames(folder)) {
    const path = join(folder, name);
    let text: string;
    let touched: number;
    try {
      text = await readFile(path, 'utf8');
      touched = (await stat(path)).mtimeMs;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) continue; // released just now
      throw error;
    }
    const record = isTemporaryName(name) ? undefined : parse(text);
    const state = record === undefined ? 'unknown' : await stateOf(record.owner);
    if (state === 'gone' || (state === 'unknown' && now - touched > STALE_MS)) {
      stale.push(path);
      continue;
    }
    for (const digest of record?.digests ?? []) digests.add(digest);
    for (const model of record?.models ?? []) models.add(model);
  }
  return { digests, models, stale };
}

function parse(text: string): z.infer<typeof recordSchema> | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
