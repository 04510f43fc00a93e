/**
 * Compares adapting a network: features of 256 photographs and 20 epochs of option 1, in turns, each contestant in a
 * process of its own, never two at a time.
 *
 *   node scripts/bench/features.mjs [--task features,head] [--rounds 5] [--python PYTHON] [--dist FOLDER]
 *        [--home FOLDER] [--json FILE] [--calm 0.1]
 *
 * All compute the same MobileNetV2 with the same weights, on photographs prepared by the same rule (the shorter side to
 * 256, the middle 224, antialiased but for tfjs-node, which can't). Clocks start when the network is open and has seen a
 * first batch, so that neither starting nor making graphs counts; `first batch` says what that took.
 *
 * `others` is the share of the machine that other programs had during a run. Where it was more than --calm, the run is
 * done again, ten times at most, and the calmest counts.
 *
 * Keras is a peer: `node scripts/peers/install.mjs --only keras,tensorflow`, or a Python that has both, given by --python
 * or ZOO_BENCH_PYTHON. `--home` (default: the checkout's cache/home) holds native TensorFlow; the network and the
 * pictures are pulled there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findPeer } from '../peers/peers.mjs';
import { markdownTable, median } from './support/statistics.mjs';
import { inTurns, machine, percent, removeRuns } from './support/turns.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** A contestant that takes longer than this for one run, in seconds, is ended and reported as failed. */
const RUN_LIMIT = 900;

const options = readOptions();
const shared = here('../../cache/bench/features');
const [photos, model] = [join(shared, 'photos'), join(shared, 'model')];
const time = findPeer('time') ?? stop('time is missing: node scripts/peers/install.mjs --only time');

const zoo = (task) => [process.execPath, here('features/ours.mjs'), task, options.dist, options.home, photos];
const keras = (task) => [options.python, here('features/keras_bench.py'), task, model, photos];
const stock = [process.execPath, here('features/stock.mjs'), options.dist, options.home, model, photos];

/** What is compared in each task; the first is ours, and what the others are divided by. */
const tasks = {
  features: {
    title: 'Features of 256 photographs',
    contestants: {
      zoo: zoo('features'),
      'tfjs-node': stock,
      'Keras, tf.function': keras('function'),
      'Keras, predict': keras('predict'),
    },
  },
  head: {
    title: '20 epochs of option 1 on the same photographs',
    contestants: {
      'zoo, Adam for 20 epochs': zoo('adam'),
      'zoo, L-BFGS to convergence': zoo('lbfgs'),
      'Keras, fit for 20 epochs': keras('fit'),
      'Keras, fit on cached pictures': keras('fit-cached'),
    },
  },
};

if (!existsSync(join(options.dist, 'index.js'))) stop(`${options.dist} is missing: npm run build`);
execFileSync(process.execPath, [here('features/prepare.mjs'), options.dist, options.home, shared], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
process.once('SIGINT', () => process.exit(130));
process.once('exit', () => removeRuns(shared));
const runs = [];
for (const task of options.tasks) await compare(task);
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(runs, null, 2));
if (runs.some((run) => run.error !== undefined)) process.exitCode = 1;

async function compare(task) {
  const { title, contestants } = tasks[task];
  const { rounds, calm } = options;
  await inTurns({ contestants, rounds, calm, time, folder: shared, seconds: RUN_LIMIT }, (run) => {
    runs.push({ task, ...run });
    console.error(`${task} round ${run.round}, ${run.name}: ${said(run)}`);
  });
  const names = Object.keys(contestants);
  const measured = runs.filter((run) => run.task === task && run.error === undefined);
  console.log(`#### ${title}\n\n${machine(measured, rounds)}\n\n${table(names, measured)}\n`);
}

function said({ error, seconds, cpu, others }) {
  return error ?? `${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s of processor time, others ${percent(others)}`;
}

function table(names, measured) {
  const [ours] = names;
  const of = (name) => measured.filter((run) => run.name === name);
  const rows = names.map((name) => {
    const all = of(name);
    if (all.length === 0) return [name, ...Array(9).fill('–')];
    const middle = (what) => median(all.map((run) => run[what]));
    const times = all.map((run) => run.seconds);
    const ratios = all.flatMap((run) => {
      const own = of(ours).find(({ round }) => round === run.round);
      return own === undefined ? [] : [run.seconds / own.seconds];
    });
    return [
      name,
      `${middle('seconds').toFixed(2)} (${Math.min(...times).toFixed(2)}–${Math.max(...times).toFixed(2)})`,
      ratios.length === 0 ? '–' : median(ratios).toFixed(2),
      ratios.map((ratio) => ratio.toFixed(2)).join(' '),
      middle('cpu').toFixed(2),
      middle('firstBatch').toFixed(2),
      middle('wall').toFixed(1),
      (middle('peak') / 1e6).toFixed(0),
      percent(middle('others')),
      likeness(all[0], of(ours)[0]),
    ];
  });
  const columns = ['contestant', '>median s (range)', `>÷ ${ours}`, '>by round', '>CPU s', '>first batch s'];
  return markdownTable([...columns, '>whole process s', '>peak MB', '>others', '>likeness'], rows);
}

/** Cosine between the features of the first photograph: that contestants compute the same is seen and not believed. */
function likeness(run, own) {
  if (run?.sample === undefined || own?.sample === undefined) return '';
  const dot = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);
  const [a, b] = [run.sample, own.sample];
  return (dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).toFixed(4);
}

function stop(message) {
  console.error(message);
  process.exit(1);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        task: { type: 'string', default: 'features,head' },
        rounds: { type: 'string', default: '5' },
        python: { type: 'string', default: process.env.ZOO_BENCH_PYTHON },
        dist: { type: 'string', default: here('../../dist') },
        home: { type: 'string', default: here('../../cache/home') },
        json: { type: 'string' },
        calm: { type: 'string', default: '1' },
      },
    });
    const named = values.task.split(',');
    const unknown = named.find((name) => name !== 'features' && name !== 'head');
    if (unknown !== undefined) throw new Error(`No task ${unknown}; there are features, head`);
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1');
    const calm = Number(values.calm);
    if (!(calm >= 0 && calm <= 1)) throw new Error('--calm takes a share of 0 to 1');
    const python = values.python ?? (findPeer('tensorflow') && findPeer('keras'));
    if (python === undefined) {
      throw new Error(
        'Keras is missing: node scripts/peers/install.mjs --only keras,tensorflow, or --python PYTHON',
      );
    }
    const [dist, home] = [resolve(values.dist), resolve(values.home)];
    return { tasks: named, rounds, calm, python, dist, home, json: values.json };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}
