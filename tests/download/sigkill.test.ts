/**
 * A process that downloads is killed at random moments, again and again. After each kill no finished file may have
 * a wrong hash, and the next run asks for nothing that the journal has. Needs `npm run build`, as `npm test` does.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { replayJournal } from '../../src/download/journal.js';
import { type FaultServer, seededBytes, seededRandom, startFaultServer } from '../support/fault-server.js';
import { type Folder, QUICK, targetOf, temporaryFolder } from './engine.js';

const KILLS = 200;
const CHAINS = 4;
const PIECE = 16 * 1024;
const SIZE = 120 * PIECE + 777;
const LIMITS = {
  ...QUICK,
  mostHashThreads: 1,
  pieceSize: PIECE,
  stallMs: 15_000,
  raceAfterMs: 60_000,
  backoffMs: 1,
};
const CHILD = fileURLToPath(new URL('fixtures/fetch-one.mjs', import.meta.url));

let folder: Folder;
const servers: FaultServer[] = [];

beforeAll(async () => {
  folder = temporaryFolder();
  for (let chain = 0; chain < CHAINS; chain++) servers.push(await startFaultServer());
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  folder.remove();
});

/**
 * Runs the child. With `enough` it is killed `ms` after that has become true.
 * @returns how it ended.
 */
async function run(argument: string, ms: number, enough?: () => boolean): Promise<'killed' | 'finished'> {
  const child = spawn(process.execPath, [CHILD, argument], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  let running = true;
  child.stderr.on('data', (text: Buffer) => {
    errors += text.toString();
  });
  const ended = new Promise<'killed' | 'finished'>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running = false;
      if (signal === 'SIGKILL') resolve('killed');
      else if (code === 0) resolve('finished');
      else reject(new Error(`the child ended with ${code}: ${errors}`));
    });
  });
  if (enough !== undefined) {
    while (running && !enough()) await delay(2);
    await delay(ms);
    child.kill('SIGKILL');
  }
  return ended;
}

/** Kills downloads of one file after another until there were enough kills. */
async function chain(number: number, kills: number): Promise<number> {
  const server = servers[number];
  if (server === undefined) throw new Error('no server');
  const random = seededRandom(number);
  const directory = join(folder.path, `chain-${number}`);
  let killed = 0;
  let resumed = 0;
  for (let round = 0; killed < kills; round++) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    const bytes = seededBytes(number * 1_000 + round, SIZE);
    const { sources: _, ...target } = targetOf(bytes, [], { pieceSize: PIECE, pieces: round % 3 !== 2 });
    const url = server.serve(`file-${round}`, bytes);
    const argument = JSON.stringify({ url, directory, target, limits: LIMITS });
    const header = { key: target.key, size: SIZE, pieceSize: PIECE, sha256: target.sha256 };
    const finished = join(directory, 'finished');
    server.plan = () => ({ kind: 'slow', chunk: 8_192, pauseMs: 2 });
    while (!existsSync(finished)) {
      const journal = join(directory, `${target.key}.journal`);
      const recorded = existsSync(journal) ? replayJournal(readFileSync(journal), header)?.pieces : undefined;
      resumed += recorded?.size ?? 0;
      const before = server.requests.length;
      // From the very start to near the end of what is left; a slow machine changes nothing in this.
      const until = server.bodyBytes + random() * random() * (SIZE - (recorded?.size ?? 0) * PIECE);
      const end = await run(
        argument,
        random() * 10,
        killed < kills ? () => server.bodyBytes >= until : undefined,
      );
      if (end === 'killed') killed++;
      for (const { range } of server.requests.slice(before)) {
        for (let at = range?.start ?? 0; at < (range?.end ?? 0); at += PIECE) {
          expect(recorded?.has(Math.floor(at / PIECE)) ?? false).toBe(false);
        }
      }
      if (existsSync(finished)) expect(sha256(readFileSync(finished))).toBe(target.sha256);
    }
  }
  expect(resumed).toBeGreaterThan(0);
  return killed;
}

it(`survives ${KILLS} kills`, { timeout: 300_000 }, async () => {
  const counts = await Promise.all(
    Array.from({ length: CHAINS }, (_, number) => chain(number, KILLS / CHAINS)),
  );
  expect(counts.reduce((sum, count) => sum + count)).toBe(KILLS);
});
