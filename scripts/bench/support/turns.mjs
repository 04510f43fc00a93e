/** Contestants in turns: each run a process of its own, never two at a time, and again where the machine was busy. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { measure } from './measure.mjs';

/** A run that others disturbed is done again, so many times at most. */
const MOST_TRIES = 10;

/**
 * Every contestant once in each round.
 * @param contestants command lines by name; each writes a JSON file, whose path it gets as its last argument.
 * @param rounds how often. @param calm share of the machine that others may have, 0 to 1.
 * @param time GNU time. @param folder where runs have their folders. @param seconds after which a run is ended.
 * @param done called with each run: name, round, wall and processor seconds, peak bytes, others' share, and what the
 *   contestant wrote; or the message of its error.
 */
export async function inTurns({ contestants, rounds, calm, time, folder, seconds }, done) {
  mkdirSync(folder, { recursive: true });
  for (let round = 1; round <= rounds; round++) {
    for (const [name, command] of Object.entries(contestants)) {
      done({ name, round, ...(await calmest(command, { calm, time, folder, seconds })) });
    }
  }
}

async function calmest(command, options) {
  let best;
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const run = await once(command, options);
    if (run.error !== undefined) return run;
    if (best === undefined || run.others < best.others) best = run;
    if (best.others <= options.calm) break;
  }
  return best;
}

async function once(command, { time, folder, seconds }) {
  const own = mkdtempSync(join(folder, 'run-'));
  try {
    const result = join(own, 'result.json');
    const quiet = { TF_CPP_MIN_LOG_LEVEL: '3', PYTHONDONTWRITEBYTECODE: '1' };
    const env = { PATH: process.env.PATH, HOME: own, LANG: 'C.UTF-8', ...quiet };
    const before = busySeconds();
    const costs = await measure(time, [...command, result], { cwd: own, env, seconds });
    const others = Math.max(0, busySeconds() - before - costs.cpu) / (costs.wall * cpus().length);
    return { ...costs, ...JSON.parse(readFileSync(result, 'utf8')), others };
  } catch (error) {
    return { error: error.message };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Folders of runs that were interrupted. */
export function removeRuns(folder) {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('run-')) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Seconds that all processors together worked, or were taken away by the host, since the machine started. */
function busySeconds() {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, , , irq, softirq, steal] = line.split(/ +/).slice(1).map(Number);
  // In hundredths, on every Linux that there is a TensorFlow for.
  return (user + nice + system + irq + softirq + steal) / 100;
}

export function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}

/** The machine and the versions of what was measured, as a heading of a table. */
export function machine(measured, rounds) {
  const memory = Math.round(totalmem() / 1024 ** 3);
  const versions = Object.assign({}, ...measured.map((run) => run.versions));
  const programs = Object.entries(versions).map(([name, version]) => `, ${name} ${version}`);
  return (
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${memory} GiB, Node ${process.version}${programs.join('')}; ` +
    `${rounds} rounds in turns.`
  );
}
