/**
 * Compares downloads: the same files from the same local nginx, fetched by each tool in turns.
 *
 *   node scripts/bench/download.mjs [--scenario full,shaped,small] [--tools curl,aria2,…] [--rounds 5]
 *        [--dir FOLDER|none] [--tmpfs FOLDER] [--size BYTES] [--minutes 60] [--json FILE]
 *
 * Scenarios: `full`, one file of 1 GiB as fast as it goes; `shaped`, one file of 256 MiB (so that tools with one
 * connection need half a minute, not two) at 10 MB/s a connection; `small`, 2,000 files of 100 kB.
 * Every tool starts with empty folders, and what it left is checked against size and sha256 outside the timing.
 * `--dir` is a folder on a disk (default cache/bench), `--tmpfs` one more in memory: tools that sync what they wrote
 * pay for it only on a disk. `+ flush` is the time after which the data of any tool was on the disk.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findPeer, peers } from '../peers/peers.mjs';
import { measure } from './support/measure.mjs';
import { startNginx } from './support/nginx.mjs';
import { startShaper } from './support/shaper.mjs';
import { checkFiles, sourceFiles } from './support/source-files.mjs';
import { markdownTable, median } from './support/statistics.mjs';
import { tools } from './support/tools.mjs';

const MIB = 1024 * 1024;
const scenarios = {
  full: { title: 'full speed', count: 1, size: 1024 * MIB },
  shaped: { title: '10 MB/s a connection', count: 1, size: 256 * MIB, rate: 10_000_000 },
  small: { title: 'as fast as it goes', count: 2000, size: 100_000 },
};
/** A tool that takes longer than this for one run, in seconds, is ended and reported as failed. */
const RUN_LIMIT = 300;

const cache = fileURLToPath(new URL('../../cache/bench', import.meta.url));
const options = readOptions();
const nginx = need('nginx');
const time = need('time');
const runnable = options.tools.filter((name) => tools[name].program() !== undefined);
const absent = options.tools.filter((name) => !runnable.includes(name));
const deadline = Date.now() + options.minutes * 60_000;
const measured = [];
process.once('SIGINT', () => process.exit(130));

console.log(`${machine()}\n`);
if (absent.length > 0) console.log(`Not here, so not run: ${absent.join(', ')}.\n`);
if (runnable.length === 0) process.exit(1);
for (const name of options.scenarios) await runScenario(name);
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(measured, null, 2));
if (measured.some((run) => run.error !== undefined)) process.exitCode = 1;

async function runScenario(name) {
  const scenario = { ...scenarios[name] };
  if (options.size !== undefined) scenario.size = options.size;
  const source = sourceFiles(join(cache, 'source'), scenario.count, scenario.size);
  await checkFiles(source.folder, source.files);
  const server = await startNginx(nginx, source);
  const shaper = scenario.rate === undefined ? undefined : await startShaper(server.port, scenario.rate);
  const base = `http://127.0.0.1:${(shaper ?? server).port}`;
  try {
    for (const place of options.places) await runPlace(name, scenario, source.files, base, place);
  } finally {
    await shaper?.stop();
    await server.stop();
  }
}

async function runPlace(name, scenario, files, base, place) {
  const runs = [];
  for (let round = 1; round <= options.rounds; round++) {
    if (Date.now() > deadline) {
      console.error(`Out of time after ${round - 1} rounds of ${name}.`);
      break;
    }
    for (const tool of runnable) {
      const run = {
        scenario: name,
        place: place.name,
        tool,
        round,
        ...(await runTool(tool, files, base, place)),
      };
      console.error(
        `${name} ${place.name} round ${round} ${tool}: ${run.error ?? `${run.wall.toFixed(2)} s`}`,
      );
      runs.push(run);
    }
  }
  measured.push(...runs);
  const bytes = scenario.count * scenario.size;
  const amount =
    scenario.count === 1 ? `${bytes / MIB} MiB` : `${scenario.count} files of ${scenario.size} bytes`;
  console.log(`#### ${amount}, ${scenario.title}, to ${place.name}\n`);
  console.log(`${table(runs, bytes, place)}\n`);
}

async function runTool(tool, files, base, place) {
  mkdirSync(place.folder, { recursive: true });
  const folder = mkdtempSync(join(place.folder, `run-${tool}-`));
  try {
    const { command, env, results } = tools[tool].prepare({ folder, files, base });
    const seconds = RUN_LIMIT;
    // A home of its own keeps the user's settings and tokens, and the proxies of the environment, out of the run.
    const costs = await measure(time, command, {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ...env },
      seconds,
    });
    const flush = place.disk ? timeFlush(folder) : 0;
    await checkFiles(results, files);
    return { ...costs, flushed: costs.wall + flush };
  } catch (error) {
    return { error: error.message };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function timeFlush(folder) {
  const started = performance.now();
  execFileSync('sync', ['-f', folder]);
  return (performance.now() - started) / 1000;
}

function table(runs, bytes, place) {
  const base = runnable.includes('zoo') ? 'zoo' : runnable[0];
  const middle = (tool, what) => {
    const good = runs.filter((run) => run.tool === tool && run.error === undefined);
    return good.length === 0 ? undefined : median(good.map((run) => run[what]));
  };
  const baseWall = middle(base, 'wall');
  const rows = runnable.map((tool) => {
    const all = runs.filter((run) => run.tool === tool);
    const good = all.filter((run) => run.error === undefined);
    const failures = all.length > good.length ? ` (${all.length - good.length} failed)` : '';
    if (good.length === 0) return [tool + failures, tools[tool].verifies, ...Array(6).fill('–')];
    const walls = good.map((run) => run.wall);
    const wall = median(walls);
    return [
      tool + failures,
      tools[tool].verifies,
      `${wall.toFixed(2)} (${Math.min(...walls).toFixed(2)}–${Math.max(...walls).toFixed(2)})`,
      (bytes / MIB / wall).toFixed(0),
      baseWall === undefined ? '–' : (wall / baseWall).toFixed(2),
      place.disk ? middle(tool, 'flushed').toFixed(2) : '–',
      middle(tool, 'cpu').toFixed(2),
      (middle(tool, 'peak') / 1e6).toFixed(0),
    ];
  });
  const columns = ['tool', 'verifies', '>median s (range)', '>MiB/s', `>time ÷ ${base}`];
  return markdownTable([...columns, '>+ flush s', '>CPU s', '>peak MB'], rows);
}

function machine() {
  const installed = (name) => findPeer(name) !== undefined;
  const own = (name) =>
    `${name} ${/\d+(?:\.\d+)+/.exec(execFileSync(findPeer(name), ['--version']).toString())?.[0]}`;
  const pinned = (name) => `${peers[name].distribution} ${peers[name].version}`;
  const versions = [
    'nginx with sendfile on loopback',
    ...['curl', 'aria2'].filter(installed).map(own),
    ...['hf', 'pooch'].filter(installed).map(pinned),
  ];
  const load = loadavg()[0]?.toFixed(1);
  const memory = Math.round(totalmem() / 1024 ** 3);
  const what = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${memory} GiB, Node ${process.version}`;
  return `${what}; ${versions.join(', ')}; medians of ${options.rounds} rounds in turns; load average before: ${load}.`;
}

function need(name) {
  const path = findPeer(name);
  if (path !== undefined) return path;
  console.error(`${name} is missing: node scripts/peers/install.mjs --only ${name}`);
  process.exit(1);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        scenario: { type: 'string', default: Object.keys(scenarios).join() },
        tools: { type: 'string', default: Object.keys(tools).join() },
        rounds: { type: 'string', default: '5' },
        dir: { type: 'string', default: cache },
        tmpfs: { type: 'string' },
        size: { type: 'string' },
        minutes: { type: 'string', default: '60' },
        json: { type: 'string' },
      },
    });
    const places = [];
    if (values.dir !== 'none') places.push({ name: 'disk', folder: resolve(values.dir), disk: true });
    if (values.tmpfs) places.push({ name: 'tmpfs', folder: resolve(values.tmpfs), disk: false });
    if (places.length === 0) throw new Error('--dir none needs --tmpfs FOLDER');
    return {
      scenarios: choose('scenario', values.scenario, scenarios),
      tools: choose('tool', values.tools, tools),
      rounds: count('--rounds', values.rounds),
      minutes: count('--minutes', values.minutes),
      size: values.size === undefined ? undefined : count('--size', values.size),
      json: values.json,
      places,
    };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

function choose(what, text, table) {
  const names = text.split(',');
  const unknown = names.find((name) => !Object.hasOwn(table, name));
  if (unknown !== undefined)
    throw new Error(`No ${what} ${unknown}; there are ${Object.keys(table).join(', ')}`);
  return names;
}

function count(flag, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} takes a whole number from 1`);
  return value;
}
