import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZooError } from '../../src/core/errors.js';
import { openTransfers } from '../../src/download/transfers.js';
import type { HttpClient } from '../../src/sources/http/http-client.js';
import {
  type Fault,
  type FaultServer,
  seededBytes,
  seededRandom,
  startFaultServer,
} from '../support/fault-server.js';
import { plainHttp, QUICK, sourceAt, targetOf, temporaryFolder } from './engine.js';

/** Faults after which nothing has to be fetched twice. */
const CHEAP = [
  'reset',
  'stall',
  'short',
  'slow',
  'busy',
  'error',
  'html',
  'compressed',
  'shifted',
  'expired',
] as const;
/** Faults that make bytes worthless, or send some that nobody asked for. */
const COSTLY = ['flip', 'whole', 'long', 'no-length', 'http10', 'missing', 'multipart', 'no-ranges'] as const;
type Kind = (typeof CHEAP)[number] | (typeof COSTLY)[number];

const RUNS = 300;
let servers: FaultServer[];
let http: HttpClient;

beforeAll(async () => {
  servers = await Promise.all([startFaultServer(), startFaultServer(), startFaultServer()]);
  http = plainHttp();
});
afterAll(async () => {
  await http.close();
  await Promise.all(servers.map((server) => server.close()));
});

type Random = () => number;
const below = (random: Random, most: number) => Math.floor(random() * most);
const pick = <T>(random: Random, from: readonly T[]): T => {
  const one = from[below(random, from.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
};

function makeFault(kind: Kind, random: Random, size: number): Fault {
  const somewhere = below(random, Math.max(1, Math.min(size, 300_000)));
  switch (kind) {
    case 'reset':
    case 'stall':
      return { kind, after: somewhere };
    case 'short':
      return { kind, less: 1 + below(random, 20_000) };
    case 'slow':
      return { kind, chunk: 20_000, pauseMs: 3 };
    case 'busy':
      return { kind: 'status', status: pick(random, [429, 503]), headers: { 'retry-after': '0' } };
    case 'error':
      return { kind: 'status', status: pick(random, [500, 502, 504]) };
    case 'expired':
      return { kind: 'status', status: 403 };
    case 'missing':
      return { kind: 'status', status: 404 };
    case 'no-ranges':
      return { kind: 'status', status: 416 };
    case 'shifted':
      return { kind, by: 1 + below(random, 100) };
    case 'flip':
      return { kind, at: somewhere };
    case 'long':
      return { kind, more: 1 + below(random, 1000) };
    default:
      return { kind };
  }
}

/** Sizes around every edge: nothing, one byte, borders of pieces, and a few that are really large. */
function makeSize(random: Random, seed: number, pieceSize: number): number {
  if (seed % 60 === 59) return 20_000_000 + below(random, 20_000_000);
  const kind = below(random, 6);
  if (kind === 0) return below(random, 3);
  if (kind === 1) return below(random, 20_000);
  if (kind === 2) return Math.max(0, pieceSize * (1 + below(random, 4)) + below(random, 3) - 1);
  return below(random, 3_000_000);
}

const CODES = ['NETWORK', 'SERVER', 'INTEGRITY'];

async function run(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pieceSize = pick(random, [32, 64, 256, 1024]) * 1024;
  const size = makeSize(random, seed, pieceSize);
  const bytes = seededBytes(seed, size);
  const costly = random() < 0.5;
  const kinds: readonly Kind[] = costly ? [...CHEAP, ...COSTLY] : CHEAP;
  const rate = pick(random, [0, 0.05, 0.2, 0.5]);
  const used = servers.slice(0, 1 + below(random, servers.length));
  const happened = new Set<Kind>();
  for (const server of used) {
    server.plan = () => {
      if (random() >= rate) return undefined;
      const kind = pick(random, kinds);
      happened.add(kind);
      return makeFault(kind, random, size);
    };
  }
  const sources = used.map((server, index) => sourceAt(http, server.serve('file', bytes), `s${index}`, size));
  const folder = temporaryFolder();
  const transfers = openTransfers({ directory: folder.path, limits: { ...QUICK, pieceSize, stallMs: 150 } });
  const target = targetOf(bytes, sources, { pieceSize, pieces: random() < 0.8 });
  let verified = -1;
  try {
    const result = await transfers.fetch(target, {
      onProgress: (progress) => {
        expect(progress.verified).toBeGreaterThanOrEqual(verified);
        expect(progress.verified).toBeLessThanOrEqual(size);
        verified = progress.verified;
      },
    });
    expect(readFileSync(result.path).equals(bytes)).toBe(true);
    expect(verified).toBe(size);
    if (!COSTLY.some((kind) => happened.has(kind))) {
      expect(result.received).toBeLessThanOrEqual(Math.ceil(size * 1.05));
    }
    await result.settle();
    expect(existsSync(`${folder.path}/${target.key}.journal`)).toBe(false);
  } catch (error) {
    if (!(error instanceof ZooError)) throw error;
    expect(rate).toBeGreaterThan(0);
    expect(CODES).toContain(error.code);
    // Every source is named, with its reason.
    for (const source of sources) expect(String(error.found)).toContain(`${source.label}: `);
    expect(verified).toBeLessThan(Math.max(1, size));
  } finally {
    await transfers.close();
    folder.remove();
  }
}

describe(`${RUNS} seeded runs with random faults`, () => {
  const STEP = 20;
  it.each(Array.from({ length: RUNS / STEP }, (_, index) => index * STEP))('from seed %i', async (from) => {
    for (let seed = from; seed < from + STEP; seed++) {
      try {
        await run(seed);
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause });
      }
    }
  });
});
