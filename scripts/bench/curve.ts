/**
 * The lecture's curve: accuracy of option 1, option 2 and training from scratch over the number of examples of each class.
 *
 *   npx tsx scripts/bench/curve.ts --set digits|mnist|spoken|sentences [--counts 1,5,…] [--seeds 5] [--out FOLDER]
 *        [--shared FOLDER] [--home FOLDER] [--draw]
 *
 * Option 1 is a linear head on features of unit length, with C by cross-validation. Option 2 goes on from there with
 * everything that has a gradient: 10 epochs of batches of 16, but at least 60 steps and at most 640. From scratch, pictures
 * and log-mel spectrograms are learnt by a small convnet (60 epochs of batches of 10, at most 6,000 steps), sentences by a
 * linear head on TF-IDF of their words. All are tested on the same examples, which none learns from.
 *
 * Results go to FOLDER (default docs/pictures) as `curve-<set>.json`, each as soon as it is measured, and a run goes on from
 * what is there; then `curve-<set>.svg` is drawn and a table printed. --draw does only that. Data that are not pulled lie in
 * --shared, else ZOO_BENCH_DATA, else ../shared/data beside this checkout.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openTensorFlow } from '../../src/runtime/tensorflow.js';
import { openZoo } from '../../src/training/adapting-zoo.js';
import { CHECKOUT_HOME } from '../../tests/support/checkout-home.js';
import { drawCurve } from './curve/picture.js';
import { openResults, type Results, WAYS } from './curve/results.js';
import { SETS } from './curve/sets.js';
import { summaries } from './curve/summaries.js';
import { pretrained } from './curve/ways.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'digits' },
    counts: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    out: { type: 'string', default: here('../../docs/pictures') },
    shared: { type: 'string', default: process.env.ZOO_BENCH_DATA ?? here('../../../shared/data') },
    home: { type: 'string', default: CHECKOUT_HOME },
    draw: { type: 'boolean', default: false },
  },
});

const found = SETS[values.set];
if (found === undefined) throw new Error(`--set takes ${Object.keys(SETS).join(', ')}, not ${values.set}`);
const set = found;
const counts = values.counts?.split(',').map(Number) ?? set.counts;
mkdirSync(values.out, { recursive: true });
const results = openResults(join(values.out, `curve-${values.set}.json`), set.settings);
if (!values.draw) await measureAll(results);
report(results);

async function measureAll(into: Results): Promise<void> {
  const zoo = await openZoo({ home: resolve(values.home) });
  openTensorFlow({ home: zoo.home });
  try {
    const { trial, scratch } = await set.open(zoo, resolve(values.shared));
    for (const count of counts) {
      for (let seed = 0; seed < Number(values.seeds); seed++) {
        const draw = trial.draw(count, seed);
        // Option 2 goes on from option 1: they are measured together.
        const missing = (way: (typeof WAYS)[number]) => !into.has({ count, seed, way });
        if (missing('option 1') || missing('option 2')) {
          await timed(`${count} a class, seed ${seed}, options 1 and 2`, async () => {
            const { probe, tuned, way } = await pretrained(zoo, set.backbone, draw);
            into.add({ count, seed, way: 'option 1', accuracy: probe });
            into.add({ count, seed, way: 'option 2', accuracy: tuned });
            return `${percent(probe)} and ${percent(tuned)} (${way})`;
          });
        }
        if (missing('from scratch')) {
          await timed(`${count} a class, seed ${seed}, from scratch`, async () => {
            const accuracy = await scratch(draw);
            into.add({ count, seed, way: 'from scratch', accuracy });
            return percent(accuracy);
          });
        }
      }
    }
  } finally {
    await zoo.close();
  }
}

async function timed(what: string, measure: () => Promise<string>): Promise<void> {
  const begun = performance.now();
  const said = await measure();
  process.stderr.write(
    `${values.set}: ${what}: ${said} in ${((performance.now() - begun) / 1000).toFixed(1)} s\n`,
  );
}

function report(from: Results): void {
  const rows = summaries(from.all());
  writeFileSync(join(values.out, `curve-${values.set}.svg`), drawCurve(rows, set));
  const cell = ({ mean, deviation }: { mean: number; deviation: number }) =>
    `${(100 * mean).toFixed(1)} ± ${(100 * deviation).toFixed(1)}`;
  const measured = [...new Set(rows.map(({ count }) => count))].sort((a, b) => a - b);
  const lines = measured.map((count) => {
    const cells = WAYS.map((way) => rows.find((row) => row.count === count && row.way === way));
    return `| ${[count, ...cells.map((row) => (row === undefined ? '–' : cell(row)))].join(' | ')} |`;
  });
  process.stdout.write(
    `| a class | ${WAYS.join(' | ')} |\n|${' ---: |'.repeat(WAYS.length + 1)}\n${lines.join('\n')}\n`,
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
