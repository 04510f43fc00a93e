import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZooError } from '../../src/core/errors.js';
import { openTransfers, type TransferLimits, type Transfers } from '../../src/download/transfers.js';
import type { HttpClient } from '../../src/sources/http/http-client.js';
import { type Fault, type FaultServer, seededBytes, startFaultServer } from '../support/fault-server.js';
import { type Folder, plainHttp, QUICK, sourceAt, targetOf, temporaryFolder } from './engine.js';

const PIECE = 64 * 1024;
const large = seededBytes(1, 10 * PIECE + 1234);
const small = seededBytes(2, 9_000);

let folder: Folder;
let http: HttpClient;
let first: FaultServer;
let second: FaultServer;
let transfers: Transfers;

beforeEach(async () => {
  folder = temporaryFolder();
  http = plainHttp();
  first = await startFaultServer();
  second = await startFaultServer();
  transfers = openTransfers({ directory: folder.path, limits: QUICK });
});

afterEach(async () => {
  await transfers.close();
  await http.close();
  await Promise.all([first.close(), second.close()]);
  folder.remove();
});

function useLimits(limits: Partial<TransferLimits>): void {
  transfers = openTransfers({ directory: folder.path, limits: { ...QUICK, ...limits } });
}

/** One source for each server, the first one first. */
function sources(bytes: Uint8Array, servers: readonly FaultServer[]) {
  const labels = ['first', 'second'];
  return servers.map((server, index) =>
    sourceAt(http, server.serve('weights.bin', bytes), labels[index] ?? 'other', bytes.length),
  );
}

async function fetchFrom(servers: readonly FaultServer[], bytes: Uint8Array, pieces = true) {
  const result = await transfers.fetch(targetOf(bytes, sources(bytes, servers), { pieces }));
  expect(readFileSync(result.path).equals(bytes)).toBe(true);
  return result;
}

async function errorFrom(
  servers: readonly FaultServer[],
  bytes: Uint8Array,
  pieces = true,
): Promise<ZooError> {
  const error: unknown = await transfers.fetch(targetOf(bytes, sources(bytes, servers), { pieces })).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ZooError)) throw new Error(`a ZooError is expected, not ${String(error)}`);
  return error;
}

/** The first `times` requests that `matches` go wrong in one way. */
function failing(server: FaultServer, fault: Fault, times = 1): void {
  let left = times;
  server.plan = () => (left-- > 0 ? fault : undefined);
}

const always = (fault: Fault) => () => fault;

describe('without faults', () => {
  it('fetches a large file in pieces over several connections', async () => {
    const result = await fetchFrom([first], large);
    expect(result).toMatchObject({ received: large.length, reused: 0 });
    expect(first.requests.every((request) => request.range !== undefined)).toBe(true);
    expect(first.requests.every(({ range }) => range && range.start % PIECE === 0)).toBe(true);
  });

  it('fetches a small file with one request', async () => {
    const result = await fetchFrom([first], small);
    expect(result.received).toBe(small.length);
    expect(first.requests.map((request) => request.range)).toEqual([undefined]);
  });

  it('fetches a large file whose pieces are not known', async () => {
    expect((await fetchFrom([first], large, false)).received).toBe(large.length);
  });

  it('makes an empty file without asking anybody', async () => {
    await fetchFrom([first], Buffer.alloc(0));
    expect(first.requests).toHaveLength(0);
  });
});

describe.each([
  ['large', large],
  ['small', small],
])('a %s file', (_, bytes) => {
  it('goes on after a reset, without fetching anything twice', async () => {
    failing(first, { kind: 'reset', after: 5_000 });
    const { received } = await fetchFrom([first], bytes);
    expect(received).toBe(bytes.length);
    expect(first.requests.length).toBeGreaterThan(1);
  });

  it('goes on after a body that ends early', async () => {
    failing(first, { kind: 'short', less: 1_000 });
    const { received } = await fetchFrom([first], bytes);
    expect(received).toBe(bytes.length);
  });

  it('gives up a silent connection and asks again', async () => {
    failing(first, { kind: 'stall', after: 2_000 });
    const { received } = await fetchFrom([first], bytes);
    expect(received).toBeLessThan(bytes.length * 1.05);
  });

  it('refuses a body that is longer than it should be', async () => {
    failing(first, { kind: 'long', more: 100 });
    await fetchFrom([first, second], bytes);
  });

  it('takes another source when the first has flipped a bit', async () => {
    first.plan = always({ kind: 'flip', at: 4_000 });
    await fetchFrom([first, second], bytes);
    expect(second.requests.length).toBeGreaterThan(0);
  });

  it('fetches again from the same source when there is no other, and a flipped bit was bad luck', async () => {
    failing(first, { kind: 'flip', at: 77 });
    await fetchFrom([first], bytes);
  });

  it('fails with INTEGRITY and names the source when all bytes are wrong everywhere', async () => {
    first.plan = always({ kind: 'flip', at: 4_000 });
    const error = await errorFrom([first], bytes);
    expect(error.code).toBe('INTEGRITY');
    expect(String(error.found)).toContain('first');
  });

  it('leaves a server that compresses', async () => {
    first.plan = always({ kind: 'compressed' });
    await fetchFrom([first, second], bytes);
    const error = await errorFrom([first], seededBytes(3, bytes.length));
    expect(error.code).toBe('SERVER');
    expect(String(error.found)).toContain('compressed with "gzip"');
  });

  it('leaves a captive portal, and names it', async () => {
    first.plan = always({ kind: 'html' });
    await fetchFrom([first, second], bytes);
    const error = await errorFrom([first], seededBytes(3, bytes.length));
    expect(String(error.found)).toContain('an HTML page instead of the file');
  });

  it('leaves a source without the file at once', async () => {
    first.plan = always({ kind: 'status', status: 404 });
    await fetchFrom([first, second], bytes);
    expect(first.requests).toHaveLength(1);
  });

  it('leaves a source that has another file', async () => {
    first.serve('weights.bin', bytes);
    const other = sourceAt(http, first.serve('other.bin', bytes.subarray(1)), 'first');
    const [good] = sources(bytes, [second]);
    if (good === undefined) throw new Error('no source');
    const result = await transfers.fetch(targetOf(bytes, [other, good]));
    expect(readFileSync(result.path).equals(bytes)).toBe(true);
    expect(first.requests).toHaveLength(1);
  });

  it('asks a signed address for a new one when it has expired', async () => {
    first.serve('weights.bin', bytes);
    const valid = 1;
    first.plan = ({ query }) => (query === `?token=${valid}` ? undefined : { kind: 'status', status: 403 });
    let lookups = 0;
    const file = http.file(`${first.origin}/weights.bin?token=0`, {
      label: 'signed',
      size: bytes.length,
      refresh: async () => {
        lookups++;
        return { url: `${first.origin}/weights.bin?token=${valid}` };
      },
    });
    const source = { label: 'signed', open: () => Promise.resolve(file) };
    const result = await transfers.fetch(targetOf(bytes, [source]));
    expect(readFileSync(result.path).equals(bytes)).toBe(true);
    expect(lookups).toBe(1);
    first.plan = always({ kind: 'status', status: 403 });
    const other = seededBytes(4, bytes.length);
    first.serve('weights.bin', other);
    const error: unknown = await transfers
      .fetch(targetOf(other, [source]))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SERVER' });
    expect(JSON.stringify(error)).not.toContain('token');
  });

  it.each([
    ['seconds', () => '0'],
    ['a date', () => new Date(Date.now() + 300).toUTCString()],
  ])('waits as long as a busy server asks for in %s', async (_form, retryAfter) => {
    failing(first, { kind: 'status', status: 429, headers: { 'retry-after': retryAfter() } });
    await fetchFrom([first], bytes);
    failing(first, { kind: 'status', status: 503, headers: { 'retry-after': retryAfter() } });
    await fetchFrom([first], seededBytes(5, bytes.length));
  });

  it('leaves a busy server that asks for an hour', async () => {
    first.plan = always({ kind: 'status', status: 503, headers: { 'retry-after': '3600' } });
    await fetchFrom([first, second], bytes);
    expect(first.requests).toHaveLength(1);
    const error = await errorFrom([first], seededBytes(3, bytes.length));
    expect(String(error.found)).toContain('asks to wait 3600 s');
  });

  it('gives up a server that only fails, after a bounded number of attempts', async () => {
    first.plan = always({ kind: 'status', status: 500 });
    const error = await errorFrom([first], bytes);
    expect(error.code).toBe('SERVER');
    expect(String(error.found)).toContain('given up after 6 attempts');
    expect(first.requests.length).toBeLessThanOrEqual(6);
  });

  it('follows redirects', async () => {
    second.serve('real.bin', bytes);
    first.plan = always({ kind: 'status', status: 302, headers: { location: `${second.origin}/real.bin` } });
    await fetchFrom([first], bytes);
    // Later requests go where the first was sent.
    expect(first.requests).toHaveLength(1);
  });

  it('reads bodies without a length, also of HTTP/1.0', async () => {
    first.plan = always({ kind: 'no-length' });
    await fetchFrom([first], bytes);
    first.plan = always({ kind: 'http10' });
    await fetchFrom([first], seededBytes(6, bytes.length));
  });

  it('says what it knows of every source when none is left', async () => {
    first.plan = always({ kind: 'status', status: 404 });
    second.plan = always({ kind: 'html' });
    const error = await errorFrom([first, second], bytes);
    expect(error.code).toBe('SERVER');
    expect(String(error.found)).toMatch(
      /^first: the server answered 404.*\nsecond: the server sent an HTML page/,
    );
  });

  it('ends with NETWORK when nobody listens', async () => {
    const gone = first.serve('weights.bin', bytes);
    await first.close();
    const error: unknown = await transfers
      .fetch(targetOf(bytes, [sourceAt(http, gone, 'gone')]))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NETWORK' });
  });
});

describe('ranges that go wrong', () => {
  it('uses 200 to a range as one stream when there is nothing better', async () => {
    first.plan = always({ kind: 'whole' });
    const { received } = await fetchFrom([first], large);
    expect(first.requests).toHaveLength(1);
    expect(received).toBe(large.length);
  });

  it('restarts such a stream when it breaks', async () => {
    first.plan = ({ index }) =>
      index === 1 || index === 2 ? { kind: 'reset', after: 200_000 } : { kind: 'whole' };
    await fetchFrom([first], large);
  });

  it('leaves a host that ignores ranges for one that does not', async () => {
    first.plan = always({ kind: 'whole' });
    const { received } = await fetchFrom([first, second], large);
    expect(first.requests).toHaveLength(1);
    expect(received).toBeLessThan(large.length * 1.05);
  });

  it('reads a file whole when the server answers 416', async () => {
    first.plan = ({ range }) => (range ? { kind: 'status', status: 416 } : undefined);
    await fetchFrom([first], large);
  });

  it('refuses a wrong Content-Range', async () => {
    first.plan = always({ kind: 'shifted', by: 100 });
    await fetchFrom([first, second], large);
    const error = await errorFrom([first], seededBytes(3, large.length));
    expect(error.code).toBe('SERVER');
    expect(String(error.found)).toMatch(/sent bytes \d+-\d+ where \d+-\d+ were asked for/);
  });

  it('refuses the size of another file', async () => {
    first.plan = always({ kind: 'other-total', total: 123 });
    const error = await errorFrom([first], large);
    expect(String(error.found)).toContain(`another file: 123 bytes where ${large.length} are expected`);
  });

  it('refuses several ranges in one body', async () => {
    first.plan = always({ kind: 'multipart' });
    await fetchFrom([first, second], large);
  });
});

describe('wrong bytes', () => {
  it('fetches only the wrong piece again, from the other source', async () => {
    first.plan = ({ range }) =>
      range && range.start <= 3 * PIECE && range.end > 3 * PIECE
        ? { kind: 'flip', at: 3 * PIECE - range.start }
        : undefined;
    const { received } = await fetchFrom([first, second], large);
    expect(received).toBeLessThanOrEqual(large.length + 2 * PIECE);
  });

  it('starts over from another source when only the whole file can be judged', async () => {
    first.plan = always({ kind: 'flip', at: 10 });
    await fetchFrom([first, second], large, false);
    expect(second.bodyBytes).toBeGreaterThanOrEqual(large.length);
  });

  it('starts over once where there is one source, and then says what came', async () => {
    first.plan = always({ kind: 'flip', at: 10 });
    const error = await errorFrom([first], large, false);
    expect(error.code).toBe('INTEGRITY');
    expect(String(error.found)).toContain('first: the file has sha256');
    expect(first.bodyBytes).toBeGreaterThanOrEqual(2 * large.length);
    expect(first.bodyBytes).toBeLessThan(2.2 * large.length);
  });

  it('says that a card contradicts itself when all pieces are right and the file is not', async () => {
    const target = targetOf(large, sources(large, [first]));
    const { sha256: other } = targetOf(small, []);
    const error: unknown = await transfers
      .fetch({ ...target, sha256: other })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'INVALID_CARD' });
  });
});

describe('speed', () => {
  it('adds connections while that brings more, and never more than it may', async () => {
    useLimits({ mostConnections: 8, raceAfterMs: 60_000 });
    first.plan = always({ kind: 'slow', chunk: 4_096, pauseMs: 5 });
    await fetchFrom([first], seededBytes(7, 40 * PIECE));
    expect(first.mostAtOnce).toBeGreaterThan(4);
    expect(first.mostAtOnce).toBeLessThanOrEqual(8);
  });

  it('uses several sources at once when one is slow', async () => {
    first.plan = always({ kind: 'slow', chunk: 2_048, pauseMs: 10 });
    second.plan = always({ kind: 'slow', chunk: 2_048, pauseMs: 10 });
    const { received } = await fetchFrom([first, second], large);
    expect(second.bodyBytes).toBeGreaterThan(0);
    expect(received).toBeLessThan(large.length * 1.05);
  });

  it('sends help to a connection that crawls at the end', async () => {
    first.plan = ({ range }) => (range?.start === 0 ? { kind: 'slow', chunk: 512, pauseMs: 20 } : undefined);
    useLimits({ slowAfterMs: 60_000 });
    const bytes = seededBytes(9, 60 * PIECE);
    const { received } = await fetchFrom([first], bytes);
    expect(received).toBeLessThan(bytes.length * 1.05);
    expect(first.requests.some(({ range }) => range && range.start % PIECE !== 0)).toBe(true);
  });

  it('gives up a connection that is far slower than its siblings', async () => {
    useLimits({ raceAfterMs: 60_000, slowAfterMs: 100, mostConnections: 4 });
    // Slow enough for the siblings to be under way when the crawler is judged, also on a busy machine.
    const bytes = seededBytes(8, 24 * PIECE);
    first.plan = ({ index }) =>
      index === 1 ? { kind: 'slow', chunk: 16, pauseMs: 50 } : { kind: 'slow', chunk: 4_096, pauseMs: 20 };
    await fetchFrom([first], bytes);
    expect(first.requests.some(({ range }) => range && range.start % PIECE !== 0)).toBe(true);
  });
});
