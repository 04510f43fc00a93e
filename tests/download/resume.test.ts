import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZooError } from '../../src/core/errors.js';
import {
  type FetchOptions,
  openTransfers,
  type TransferProgress,
  type Transfers,
  type TransferTarget,
} from '../../src/download/transfers.js';
import type { HttpClient } from '../../src/sources/http/http-client.js';
import { type FaultServer, seededBytes, startFaultServer } from '../support/fault-server.js';
import { type Folder, plainHttp, QUICK, sourceAt, targetOf, temporaryFolder } from './engine.js';

const PIECE = 64 * 1024;
const large = seededBytes(1, 20 * PIECE + 99);
const small = seededBytes(2, 12_000);

let folder: Folder;
let http: HttpClient;
let server: FaultServer;
let transfers: Transfers;

beforeEach(async () => {
  folder = temporaryFolder();
  http = plainHttp();
  server = await startFaultServer();
  transfers = openTransfers({ directory: folder.path, limits: QUICK });
});
afterEach(async () => {
  await transfers.close();
  await http.close();
  await server.close();
  folder.remove();
});

function target(bytes: Uint8Array, options: { pieces?: boolean; seed?: string } = {}): TransferTarget {
  return targetOf(
    bytes,
    [sourceAt(http, server.serve('weights.bin', bytes), 'server', bytes.length)],
    options,
  );
}

async function interrupt(what: TransferTarget, afterBytes: number): Promise<ZooError> {
  const stop = new AbortController();
  const onProgress: FetchOptions['onProgress'] = ({ received }) => {
    if (received >= afterBytes) stop.abort(new Error('Ctrl-C'));
  };
  transfers = openTransfers({ directory: folder.path, limits: { ...QUICK, progressMs: 0 } });
  const error: unknown = await transfers
    .fetch(what, { signal: stop.signal, onProgress })
    .catch((e: unknown) => e);
  if (!(error instanceof ZooError)) throw new Error(`not interrupted: ${String(error)}`);
  return error;
}

describe('resuming', () => {
  it.each([
    ['whose pieces are known', true],
    ['whose pieces are not known', false],
  ])('fetches only what is missing of a file %s', async (_, pieces) => {
    server.plan = () => ({ kind: 'slow', chunk: 16_384, pauseMs: 2 });
    const error = await interrupt(target(large, { pieces }), large.length / 2);
    expect(error.code).toBe('ABORTED');
    expect(error.cause).toMatchObject({ message: 'Ctrl-C' });
    const result = await transfers.fetch(target(large, { pieces }));
    expect(readFileSync(result.path).equals(large)).toBe(true);
    expect(result.reused).toBeGreaterThan(0);
    expect(result.received).toBeLessThan(large.length);
    expect(result.received + result.reused).toBeLessThan(large.length * 1.05);
  });

  it('does not believe a part file without its journal, whatever its length', async () => {
    writeFileSync(join(folder.path, `${target(large).key}.part`), Buffer.alloc(large.length));
    const result = await transfers.fetch(target(large));
    expect(result).toMatchObject({ reused: 0 });
    expect(readFileSync(result.path).equals(large)).toBe(true);
  });

  it('does not believe a journal whose part file is gone', async () => {
    const first = await transfers.fetch(target(large));
    renameSync(first.path, join(folder.path, 'published'));
    const second = await transfers.fetch(target(large));
    expect(second.reused).toBe(0);
    expect(readFileSync(second.path).equals(large)).toBe(true);
  });

  it('fetches nothing when the process was killed between the last byte and the move', async () => {
    await transfers.fetch(target(large));
    const again = await transfers.fetch(target(large));
    expect(again).toMatchObject({ received: 0, reused: large.length });
    await again.settle();
    expect(existsSync(join(folder.path, `${target(large).key}.journal`))).toBe(false);
    await transfers.fetch(target(small));
    expect(await transfers.fetch(target(small))).toMatchObject({ received: 0, reused: small.length });
  });

  it('finds pieces that changed under the journal, and fetches only those', async () => {
    const { path } = await transfers.fetch(target(large));
    const bytes = readFileSync(path);
    bytes[3 * PIECE + 5] = (bytes[3 * PIECE + 5] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const result = await transfers.fetch(target(large));
    expect(readFileSync(result.path).equals(large)).toBe(true);
    expect(result.received).toBe(PIECE);
  });

  it('checks recorded pieces against the disk where the card has no hashes', async () => {
    const { path } = await transfers.fetch(target(large, { pieces: false }));
    const bytes = readFileSync(path);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const result = await transfers.fetch(target(large, { pieces: false }));
    expect(readFileSync(result.path).equals(large)).toBe(true);
    expect(result.received).toBe(PIECE);
  });

  it('gives a part file that is too long or too short its length', async () => {
    const { path } = await transfers.fetch(target(large));
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('more')]));
    const longer = await transfers.fetch(target(large));
    expect(statSync(longer.path).size).toBe(large.length);
    truncateSync(path, 10 * PIECE);
    const shorter = await transfers.fetch(target(large));
    expect(readFileSync(shorter.path).equals(large)).toBe(true);
  });

  it('lets two transfers write the same part at the same time', async () => {
    server.plan = () => ({ kind: 'slow', chunk: 16_384, pauseMs: 1 });
    const other = openTransfers({ directory: folder.path, limits: QUICK });
    const results = await Promise.all([transfers.fetch(target(large)), other.fetch(target(large))]);
    for (const { path } of results) expect(readFileSync(path).equals(large)).toBe(true);
    await other.close();
  });

  it('interrupts what still runs when it is closed', async () => {
    server.plan = () => ({ kind: 'slow', chunk: 1_000, pauseMs: 20 });
    const running = transfers.fetch(target(large));
    const small2 = transfers.fetch(target(small));
    const both = Promise.allSettled([running, small2]);
    await transfers.close();
    for (const result of await both) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ABORTED' } });
    }
  });
});

describe('a seed', () => {
  it('gives its good pieces, and only the damaged ones are fetched', async () => {
    const seed = join(folder.path, 'damaged');
    const damaged = Buffer.from(large);
    damaged[7 * PIECE] = (damaged[7 * PIECE] ?? 0) ^ 1;
    writeFileSync(seed, damaged);
    const result = await transfers.fetch(target(large, { seed }));
    expect(result).toMatchObject({ received: PIECE, reused: large.length - PIECE });
    expect(readFileSync(result.path).equals(large)).toBe(true);
    expect(readFileSync(seed).equals(damaged)).toBe(true);
  });

  it('may be too short, missing, or a small file', async () => {
    const seed = join(folder.path, 'short');
    writeFileSync(seed, large.subarray(0, 5 * PIECE + 1));
    const result = await transfers.fetch(target(large, { seed }));
    expect(result.reused).toBe(5 * PIECE);
    writeFileSync(seed, small);
    expect(await transfers.fetch(target(small, { seed }))).toMatchObject({ received: 0 });
    const other = seededBytes(5, 30 * PIECE);
    const missing = await transfers.fetch(target(other, { seed: join(folder.path, 'nothing') }));
    expect(missing).toMatchObject({ received: other.length, reused: 0 });
  });
});

describe('progress', () => {
  it('never goes back, and is whole only after verification', async () => {
    const seen: TransferProgress[] = [];
    server.plan = ({ index }) => (index === 2 || index === 5 ? { kind: 'flip', at: 10 } : undefined);
    transfers = openTransfers({ directory: folder.path, limits: { ...QUICK, progressMs: 0 } });
    const { received } = await transfers.fetch(target(large), {
      onProgress: (progress) => seen.push(progress),
    });
    for (const [index, progress] of seen.entries()) {
      const before = seen[index - 1];
      expect(progress.verified).toBeGreaterThanOrEqual(before?.verified ?? 0);
      expect(progress.received).toBeGreaterThanOrEqual(before?.received ?? 0);
    }
    const whole = seen.filter((progress) => progress.verified === large.length);
    expect(whole).toHaveLength(1);
    expect(seen.at(-1)).toMatchObject({ verified: large.length, received, host: `127.0.0.1:${server.port}` });
  });
});

describe('what can not be done', () => {
  it.each(['', '../x', 'A', 'x'.repeat(121)])('refuses the key %j', async (key) => {
    await expect(transfers.fetch({ ...target(small), key })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('refuses a card with the wrong number of pieces', async () => {
    const good = target(large);
    await expect(transfers.fetch({ ...good, pieces: good.pieces.slice(1) })).rejects.toMatchObject({
      code: 'INVALID_CARD',
    });
  });

  it('says so when nobody has the file', async () => {
    await expect(transfers.fetch(targetOf(small, []))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(transfers.fetch(targetOf(large, []))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('names a folder that can not be made', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    const blocked = openTransfers({ directory: join(folder.path, 'file', 'partial') });
    await expect(blocked.fetch(target(small))).rejects.toMatchObject({ code: 'FILE_SYSTEM' });
    await blocked.close();
  });
});

describe('a full disk', () => {
  it.skipIf(process.platform !== 'linux')('is named while a small file is written', async () => {
    const what = target(small);
    symlinkSync('/dev/full', join(folder.path, `${what.key}.part`));
    const error: unknown = await transfers.fetch(what).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'DISK_FULL' });
    expect(String(error instanceof ZooError && error.expected)).toContain('12.0 kB more for');
  });

  it('keeps part and journal of a large file, and goes on when there is room', async ({ skip }) => {
    const disk = join(folder.path, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=700k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      skip('making a small disk needs the right to mount');
    }
    try {
      const onDisk = openTransfers({ directory: disk, limits: QUICK });
      const error: unknown = await onDisk.fetch(target(large)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'DISK_FULL' });
      execFileSync('mount', ['-o', 'remount,size=3m', disk]);
      const result = await onDisk.fetch(target(large));
      expect(readFileSync(result.path).equals(large)).toBe(true);
      expect(result.reused).toBeGreaterThan(0);
      await onDisk.close();
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('a rate limit', () => {
  it('is shared by all transfers', async () => {
    const limited = openTransfers({ directory: folder.path, limits: QUICK, limitRate: 1_000_000 });
    const start = performance.now();
    const files = [3, 4, 5].map((seed) => seededBytes(seed, 200_000));
    const sources = files.map((bytes, index) => [sourceAt(http, server.serve(`f${index}`, bytes), 'server')]);
    await Promise.all(files.map((bytes, index) => limited.fetch(targetOf(bytes, sources[index] ?? []))));
    // 600 kB at 1 MB/s, less the first tenth of a second; it can't be faster.
    expect(performance.now() - start).toBeGreaterThan(400);
    await limited.close();
  });
});
