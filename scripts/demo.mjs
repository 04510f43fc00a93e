// `npm run demo`: sets up what is missing, then does the main job: pulls a network that was trained on a million photos,
// drops its output layer of 1,000 units, trains one of 10 on 50 pictures of handwritten digits, and compares.
// Everything goes to cache/ in this checkout.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { home as checkoutHome, installRuntime, root, setup } from './lib/setup.mjs';

const home = process.env.ZOO_HOME ?? checkoutHome;
const zoo = join(root, 'dist', 'cli', 'main.js');
const env = { ...process.env, ZOO_HOME: home };
const DIGITS = { data: 'dataset/mnist-5k', perClass: 5, validation: 0.2, seed: 0 };

function run(args, stdio) {
  const result = spawnSync(process.execPath, [zoo, ...args], { cwd: root, env, stdio, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`zoo ${args.join(' ')} ended with ${result.status}`);
  return result.stdout;
}

/** Shows a command as one would type it, and runs it. @returns seconds */
function show(...args) {
  process.stdout.write(`\n$ zoo ${args.map((word) => word.replace(`${root}`, '')).join(' ')}\n`);
  const begun = performance.now();
  run(args, 'inherit');
  return (performance.now() - begun) / 1000;
}

function finetune(name, ...more) {
  const folder = join('cache', 'demo', name);
  const { data, perClass, validation, seed } = DIGITS;
  const words = [
    'finetune',
    'mobilenet-v2',
    data,
    '--per-class',
    `${perClass}`,
    '--validation',
    `${validation}`,
  ];
  const seconds = show(...words, '--seed', `${seed}`, ...more, '-o', folder, '--force');
  return { folder: join(root, folder), seconds };
}

function printTable({ rows, learnt, tested }) {
  process.stdout.write(
    `\nLearnt from ${learnt} handwritten digits, tested on ${tested.toLocaleString('en')} others:\n\n`,
  );
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, accuracy, seconds] of rows) {
    const share = `${(100 * accuracy).toFixed(1)} %`.padStart(8);
    process.stdout.write(`  ${name.padEnd(width)} ${share} ${`${seconds.toFixed(1)} s`.padStart(9)}\n`);
  }
}

try {
  setup();
  installRuntime();
  show('search', 'mobilenet v2');
  show('pull', 'mobilenet-v2', 'dataset/photos', DIGITS.data);
  const photo = join(run(['path', 'dataset/photos'], 'pipe').trim(), 'chelsea.png');
  show('predict', 'mobilenet-v2', photo, '--top', '3');
  show('inspect', 'mobilenet-v2');
  const plain = finetune('digits');
  const chosen = finetune('digits-auto', '--layer', 'auto');
  const { compare } = await import('./demo/compare.mjs');
  const adapted = {
    'MobileNetV2, new output layer': plain,
    'MobileNetV2, layer chosen by trying': chosen,
  };
  printTable(await compare({ ...DIGITS, home, adapted }));
  show('list');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
