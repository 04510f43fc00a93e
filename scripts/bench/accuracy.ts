/**
 * How well option 1 works: only a new output layer learns, on features of pretrained networks, against baselines on the
 * same examples; mean and standard deviation over seeds. All on real networks and real data.
 *
 *   npx tsx scripts/bench/accuracy.ts [--only image,audio,text] [--seeds 5] [--shared FOLDER] [--home FOLDER]
 *        [--python PYTHON] [--json FILE]
 *
 * fsdd and banking77 come from local folders, which are looked for in --shared, else ZOO_BENCH_DATA, else ../shared/data
 * beside this checkout; they are left out where they are absent. --python names one with scikit-learn, which then learns from
 * the same features. Networks, data, features and the runtime lie in --home (default: the checkout's cache/home).
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openTensorFlow } from '../../src/runtime/tensorflow.js';
import { openZoo } from '../../src/training/adapting-zoo.js';
import type { Bench } from './accuracy/experiment.js';
import { images } from './accuracy/images.js';
import { recordings } from './accuracy/recordings.js';
import { choicesTable, resultTable, scalingTable } from './accuracy/tables.js';
import { texts } from './accuracy/texts.js';
import type { TrialResult } from './accuracy/trial.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const EXPERIMENTS: Readonly<Record<string, (bench: Bench) => Promise<TrialResult[]>>> = {
  image: images,
  audio: recordings,
  text: texts,
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(EXPERIMENTS).join() },
    seeds: { type: 'string', default: '5' },
    shared: { type: 'string', default: process.env.ZOO_BENCH_DATA ?? here('../../../shared/data') },
    home: { type: 'string', default: here('../../cache/home') },
    python: { type: 'string' },
    json: { type: 'string' },
  },
});
const seeds = Number(values.seeds);
if (!Number.isInteger(seeds) || seeds < 1) throw new Error(`--seeds is a whole number, not ${values.seeds}`);

const begun = performance.now();
const zoo = await openZoo({ home: resolve(values.home) });
try {
  const bench: Bench = { zoo, seeds, shared: resolve(values.shared), python: values.python };
  const results: TrialResult[] = [];
  for (const modality of values.only.split(',')) {
    const experiment = EXPERIMENTS[modality];
    if (experiment === undefined)
      throw new Error(`--only takes ${Object.keys(EXPERIMENTS)}, not ${modality}`);
    const from = performance.now();
    const found = await experiment(bench);
    process.stderr.write(`${modality}: ${((performance.now() - from) / 1000).toFixed(0)} s\n`);
    process.stdout.write(found.map(resultTable).join(''));
    results.push(...found);
  }
  process.stdout.write(scalingTable(results) + choicesTable(results));
  const minutes = (performance.now() - begun) / 60_000;
  process.stdout.write(
    `${seeds} seeds in ${minutes.toFixed(1)} minutes on ${availableParallelism()} cores (${cpus()[0]?.model}), ` +
      `Node ${process.versions.node}, TensorFlow ${basename(openTensorFlow({ home: zoo.home }).runtime.folder)}\n`,
  );
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);
} finally {
  await zoo.close();
}
