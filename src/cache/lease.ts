/**
 * Leases: who does a job that others would do too, such as fetching one model. A lease saves work; nothing is
 * ever correct only because of it.
 *
 * A lease is a file made with exclusive create, holding its owner and a beat that grows every 2 s. Waiters poll.
 * It is stolen when its owner has certainly ended, or when the waiter itself has watched it for a while without
 * a change: neither clocks nor file times of two machines are ever compared, so clock jumps don't matter.
 *
 * Why two holders at once are harmless. Exclusive create is not atomic on every network file system, a stopped
 * process may wake up after its lease was stolen, and a thief may take the fresh lease of another thief (both
 * judged the same stale text; the second one moves away what the first has just made, sees that it is another,
 * and puts it back, unless a third came in between). In each case two processes do the same job at the same
 * time, and each step of that job stands it: pieces are written at the same offsets with the same bytes and
 * count only when their hash is right; a blob is published under its digest without overwriting; a model's
 * folder and its ref are put in place by renames, and either process's version is the same.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { hasCode, ZooError } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import { explainDiskError } from './disk-space.js';
import { ownIdentity, type ProcessIdentity, processIdentitySchema, stateOf } from './process-identity.js';

/** Also a file name; letters, digits, dots, hyphens and underscores. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

const recordSchema = z.object({ token: z.string(), owner: processIdentitySchema, beat: z.number() });
type LeaseRecord = z.infer<typeof recordSchema>;

export interface LeaseTimes {
  /** How often the holder shows that it lives. Default 2,000 ms. */
  readonly beatMs: number;
  /** How long a waiter watches an unchanged lease before it steals it. Default 15,000 ms. */
  readonly staleMs: number;
  /** The same, for an owner that certainly runs but has stopped beating, perhaps by Ctrl-Z. Default 60,000 ms. */
  readonly hungMs: number;
  /** The longest pause between two looks. Default 250 ms. */
  readonly pollMs: number;
}

export const LEASE_TIMES: LeaseTimes = { beatMs: 2_000, staleMs: 15_000, hungMs: 60_000, pollMs: 250 };

/** Who is waited for. */
export type LeaseHolder = Pick<ProcessIdentity, 'host' | 'pid'>;

/** What the work sees of its lease. */
export interface Lease {
  /** True once another process has taken it; the work may go on, and is being done twice. */
  readonly lost: boolean;
}

export interface LeaseOptions {
  signal?: AbortSignal | undefined;
  /** Called once for each holder that is waited for. */
  onWait?: ((holder: LeaseHolder) => void) | undefined;
  /** For tests. */
  times?: Partial<LeaseTimes> | undefined;
}

/**
 * Runs `work` while holding the lease `key`, waiting until it is free. Having waited, the result may already be
 * there: `work` looks first. The lease ends with `work`, also when it throws.
 * @param folder where leases lie; made when missing.
 * @throws ZooError `USAGE` for a key that can't name a file, `FILE_SYSTEM` or `DISK_FULL` when no lease can be
 * written; the signal's reason when aborted while waiting; whatever `work` throws.
 */
export async function withLease<T>(
  folder: string,
  key: string,
  work: (lease: Lease) => Promise<T>,
  options: LeaseOptions = {},
): Promise<T> {
  if (!KEY.test(key)) {
    throw new ZooError('USAGE', 'Not the key of a lease', {
      expected: String(KEY),
      found: JSON.stringify(key.slice(0, 100)),
    });
  }
  const times = { ...LEASE_TIMES, ...options.times };
  const path = leasePath(folder, key);
  const held = await acquire(path, folder, times, options).catch((error: unknown) => {
    throw explainDiskError(error, `writing a lease in ${folder}`);
  });
  try {
    return await work(held);
  } finally {
    await held.release();
  }
}

/** True when somebody may be at work under `key`. Judges once: an owner elsewhere counts as alive. */
export async function isLeased(folder: string, key: string): Promise<boolean> {
  const text = await readLease(leasePath(folder, key));
  if (text === undefined) return false;
  const record = parseRecord(text);
  return record === undefined || (await stateOf(record.owner)) !== 'gone';
}

function leasePath(folder: string, key: string): string {
  return join(folder, `${key}.json`);
}

async function acquire(
  path: string,
  folder: string,
  times: LeaseTimes,
  { signal, onWait }: LeaseOptions,
): Promise<HeldLease> {
  await makeFolder(folder);
  const owner = await ownIdentity();
  let seen: string | undefined;
  let seenAt = 0;
  let waitedFor: string | undefined;
  let pause = Math.min(20, times.pollMs);
  for (;;) {
    signal?.throwIfAborted();
    const held = await HeldLease.create(path, owner, times);
    if (held !== undefined) return held;
    const text = await readLease(path);
    if (text === undefined) continue;
    if (text !== seen) {
      seen = text;
      seenAt = performance.now();
    }
    const record = parseRecord(text);
    if (await isStale(record, performance.now() - seenAt, times)) {
      await steal(path, text);
      continue;
    }
    if (record !== undefined && record.token !== waitedFor) {
      waitedFor = record.token;
      onWait?.({ host: record.owner.host, pid: record.owner.pid });
    }
    // Jitter: twenty waiters should not all look in the same moment.
    await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error;
    });
    pause = Math.min(pause * 1.5, times.pollMs);
  }
}

async function isStale(record: LeaseRecord | undefined, watchedMs: number, times: LeaseTimes) {
  // Unreadable: being written at this moment, or torn by a power cut.
  if (record === undefined) return watchedMs > times.staleMs;
  const state = await stateOf(record.owner);
  if (state === 'gone') return true;
  return watchedMs > (state === 'alive' ? times.hungMs : times.staleMs);
}

/** Takes the lease away when it is still the one that was judged stale; puts any other back. */
async function steal(path: string, judged: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    // ENOENT: another thief was first. On Windows, somebody has it open: look again later.
    if (hasCode(error, 'ENOENT', 'EPERM', 'EBUSY', 'EACCES')) return;
    throw error;
  }
  if ((await readLease(aside)) !== judged) {
    await link(aside, path).catch(() => undefined); // taken again meanwhile, or no links here: a double holder
  }
  await rm(aside, { force: true });
}

class HeldLease implements Lease {
  lost = false;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #record: LeaseRecord;
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, record: LeaseRecord, beatMs: number) {
    this.#path = path;
    this.#file = file;
    this.#record = record;
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat());
    }, beatMs);
    this.#timer.unref();
  }

  /** The new lease, or undefined when somebody else has it. */
  static async create(
    path: string,
    owner: ProcessIdentity,
    times: LeaseTimes,
  ): Promise<HeldLease | undefined> {
    let file: FileHandle;
    try {
      file = await open(path, 'wx');
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return undefined;
      // Windows: the name is taken by a file that is just being removed.
      if (process.platform === 'win32' && hasCode(error, 'EPERM', 'EBUSY', 'EACCES')) {
        await sleep(10);
        return undefined;
      }
      throw error;
    }
    const record = { token: randomBytes(12).toString('hex'), owner, beat: 0 };
    try {
      await file.write(format(record), 0);
      await file.sync();
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
    const held = new HeldLease(path, file, record, times.beatMs);
    if (await held.#isOurs()) return held;
    await held.#stop();
    return undefined;
  }

  async release(): Promise<void> {
    await this.#stop();
    // Between the look and the removal a thief may come: then two are at work, see above.
    if (await this.#isOurs()) await rm(this.#path, { force: true });
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await this.#file.close();
  }

  /** Written through the open file: after a theft it goes into the moved file, never into the thief's. */
  async #beat(): Promise<void> {
    if (this.lost) return;
    this.#record.beat += 1;
    try {
      await this.#file.write(format(this.#record), 0);
      this.lost = !(await this.#isOurs());
    } catch {
      // A full disk or a dropped mount: the lease goes stale, which is harmless.
    }
  }

  async #isOurs(): Promise<boolean> {
    const text = await readLease(this.#path);
    return text !== undefined && parseRecord(text)?.token === this.#record.token;
  }
}

/** Always of the same length while only the beat grows, so that it can be written in place. */
function format(record: LeaseRecord): string {
  const text = JSON.stringify(record);
  return `${text}${' '.repeat(Math.max(0, 12 - String(record.beat).length))}\n`;
}

function parseRecord(text: string): LeaseRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function readLease(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Removes leases whose owner has ended and what thieves left; returns how many. Others are left alone. */
export async function removeDeadLeases(folder: string, names: readonly string[]): Promise<number> {
  let removed = 0;
  for (const name of names) {
    const path = join(folder, name);
    const text = await readLease(path);
    if (text === undefined) continue;
    const record = parseRecord(text);
    if (record === undefined || (await stateOf(record.owner)) !== 'gone') continue;
    if (name.endsWith('.json')) await steal(path, text);
    else await unlink(path).catch(() => undefined);
    removed += 1;
  }
  return removed;
}
