/**
 * Compares training a network further: steps of all parameters, the last third of the layers, and the time to an
 * accuracy; in turns, each contestant in a process of its own, never two at a time.
 *
 *   node scripts/bench/finetune.mjs [--task mobilenet-v2,resnet50,minilm-l6-v2,third,accuracy] [--rounds 5]
 *        [--python PYTHON] [--dist FOLDER] [--home FOLDER] [--json FILE] [--calm 0.1] [--steps N] [--only WORD,…]
 *
 * All train the same network from the same weights on the same inputs with Adam at 1e-4, without clipping. `losses` are
 * those of the first steps: contestants that do the same have the same. Inputs are in memory before the clock starts, and
 * so is the graph: two steps go before. Of the last third, epochs from the second on are measured by the clock, the
 * middle one counts, and `first s` is all up to the end of the first.
 *
 * `others` is the share of the machine that other programs had during a run. Where it was more than --calm, the run is
 * done again, ten times at most, and the calmest counts. --only takes the contestants whose names hold a word; --steps
 * tries the script out with few.
 *
 * The others are peers: `node scripts/peers/install.mjs --only keras,tensorflow,torch,torchvision,transformers`, or a
 * Python that has them, given by --python or ZOO_BENCH_PYTHON. `--home` (default: the checkout's cache/home) holds
 * native TensorFlow; networks and pictures are pulled there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findPeer } from '../peers/peers.mjs';
import { contests } from './finetune/contests.mjs';
import { markdownTable, median } from './support/statistics.mjs';
import { inTurns, machine, percent, removeRuns } from './support/turns.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** A contestant that takes longer than this for one run, in seconds, is ended and reported as failed. */
const RUN_LIMIT = 1800;
const TASKS = ['mobilenet-v2', 'resnet50', 'minilm-l6-v2', 'third', 'accuracy'];
const PEERS = ['tensorflow', 'keras', 'torch', 'torchvision', 'transformers'];

const options = readOptions();
const cache = here('../../cache/bench');
const [shared, features] = [join(cache, 'finetune'), join(cache, 'features')];
const [model, photos] = [join(features, 'model'), join(features, 'photos')];
const time = findPeer('time') ?? stop('time is missing: node scripts/peers/install.mjs --only time');
const { python, dist, home } = options;
if (!existsSync(join(dist, 'index.js'))) stop(`${dist} is missing: npm run build`);
mkdirSync(cache, { recursive: true });
prepare('features/prepare.mjs', features);
prepare('finetune/prepare.mjs', photos, shared);
process.once('SIGINT', () => process.exit(130));
process.once('exit', () => removeRuns(shared));

const all = contests({ python, dist, home, shared, model, photos }, options.steps);
const runs = [];
for (const task of options.tasks) await compare(task, all[task]);
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(runs, null, 2));
if (runs.some((run) => run.error !== undefined)) process.exitCode = 1;

function prepare(script, ...folders) {
  execFileSync(process.execPath, [here(script), dist, home, ...folders], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function compare(task, { title, contestants, bars, ...unit }) {
  const { rounds, calm, only } = options;
  const wanted = Object.entries(contestants).filter(
    ([name]) => only === undefined || only.some((word) => name.includes(word)),
  );
  const contest = { contestants: Object.fromEntries(wanted), rounds, calm };
  await inTurns({ ...contest, time, folder: shared, seconds: RUN_LIMIT }, (run) => {
    runs.push({ task, ...run });
    console.error(`${task} round ${run.round}, ${run.name}: ${said(run)}`);
  });
  const measured = runs.filter((run) => run.task === task && run.error === undefined);
  const names = wanted.map(([name]) => name);
  console.log(`#### ${title}\n\n${machine(measured, rounds)}\n\n${table(names, measured, unit)}\n`);
  console.log(`${barTable(bars, measured)}\n`);
}

function said({ error, seconds, peak, others, accuracy }) {
  if (error !== undefined) return error;
  const reached = accuracy === undefined ? '' : `, accuracy ${accuracy.toFixed(3)}`;
  return `${seconds.toFixed(2)} s, ${(peak / 1e6).toFixed(0)} MB, others ${percent(others)}${reached}`;
}

function table(names, measured, { unit, each }) {
  const rows = names.map((name) => {
    const own = measured.filter((run) => run.name === name);
    if (own.length === 0) return [name, ...Array(8).fill('–')];
    const middle = (what) => median(own.map((run) => run[what]));
    const values = own.map((run) => (unit === undefined ? run.seconds : each * run.perSecond));
    const optional = (what, digits) => (own[0][what] === undefined ? '' : middle(what).toFixed(digits));
    return [
      name,
      `${shown(median(values))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`,
      values.map(shown).join(' '),
      (middle('peak') / 1e6).toFixed(0),
      optional('firstBatch', 1),
      middle('wall').toFixed(1),
      percent(middle('others')),
      own[0].tensors ?? '',
      own[0].accuracy === undefined ? own[0].losses.map((loss) => loss.toFixed(4)).join(' ') : reached(own),
    ];
  });
  const columns = ['contestant', `>${unit ?? 's'}, median (range)`, '>by round', '>peak MB', '>first s'];
  return markdownTable([...columns, '>whole process s', '>others', '>tensors', '>losses or accuracy'], rows);
}

function reached(own) {
  const said = ({ accuracy, reached: enough }) =>
    `${(100 * accuracy).toFixed(1)} %${enough ? '' : ', not reached'}`;
  return own.map(said).join('; ');
}

/** Each ratio is that of one round; what counts is the middle one. */
function barTable(bars, measured) {
  const rows = bars.flatMap(({ ours, theirs, least, most }) => {
    const ratios = measured
      .filter(({ name }) => name === ours)
      .flatMap((run) => {
        const other = measured.find(({ name, round }) => name === theirs && round === run.round);
        if (other === undefined) return [];
        return [
          most === undefined
            ? (other.seconds / run.seconds / (other.steps ?? 1)) * (run.steps ?? 1)
            : run.peak / other.peak,
        ];
      });
    if (ratios.length === 0) return [];
    const found = median(ratios);
    const met = most === undefined ? found >= least : found <= most;
    const asked = most === undefined ? `speed at least ${least}` : `peak memory at most ${most}`;
    const verdict = `${met ? 'met' : 'missed'}: ${found.toFixed(2)}`;
    return [[`${ours} to ${theirs}: ${asked}`, verdict, ratios.map((ratio) => ratio.toFixed(2)).join(' ')]];
  });
  return markdownTable(['bar', 'result', '>by round'], rows);
}

function shown(value) {
  return value.toFixed(value < 1 ? 3 : value < 10 ? 2 : 1);
}

function stop(message) {
  console.error(message);
  process.exit(1);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        task: { type: 'string', default: TASKS.join() },
        rounds: { type: 'string', default: '5' },
        python: { type: 'string', default: process.env.ZOO_BENCH_PYTHON },
        dist: { type: 'string', default: here('../../dist') },
        home: { type: 'string', default: here('../../cache/home') },
        json: { type: 'string' },
        calm: { type: 'string', default: '1' },
        steps: { type: 'string' },
        only: { type: 'string' },
      },
    });
    const tasks = values.task.split(',');
    const unknown = tasks.find((name) => !TASKS.includes(name));
    if (unknown !== undefined) throw new Error(`No task ${unknown}; there are ${TASKS.join(', ')}`);
    const rounds = wholeNumber('--rounds', values.rounds);
    const steps = values.steps === undefined ? undefined : `${wholeNumber('--steps', values.steps)}`;
    const calm = Number(values.calm);
    if (!(calm >= 0 && calm <= 1)) throw new Error('--calm takes a share of 0 to 1');
    const missing = PEERS.filter((name) => findPeer(name) === undefined);
    if (values.python === undefined && missing.length > 0) {
      throw new Error(
        `Missing: node scripts/peers/install.mjs --only ${missing.join(',')}, or --python PYTHON`,
      );
    }
    return {
      tasks,
      rounds,
      steps,
      calm,
      python: values.python ?? findPeer('keras'),
      dist: resolve(values.dist),
      home: resolve(values.home),
      json: values.json,
      only: values.only?.split(','),
    };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

function wholeNumber(option, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`${option} takes a whole number from 1`);
}
