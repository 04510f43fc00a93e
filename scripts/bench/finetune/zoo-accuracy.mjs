/**
 * Our side of time to accuracy of finetune.mjs: the command line, from nothing but the pulled network.
 *
 *   node zoo-accuracy.mjs DIST HOME DIGITS RESULT
 *
 * DIGITS has `train` and `test`. Features that the run put into HOME are removed again, since the next run must find as
 * little: nothing else may use HOME meanwhile.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WANTED = 0.95;
/** Pictures of 64 pixels, as the other contestant has them. */
const FLAGS = ['--train', 'all', '--epochs', '2', '--image-size', '64'];

const [dist, home, digits, result] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'zoo-accuracy-'));
const cache = join(home, 'features');
const kept = new Set(readdirSync(cache));
const zoo = (...args) =>
  execFileSync(process.execPath, [join(dist, 'cli', 'main.js'), ...args], {
    env: { ...process.env, ZOO_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
try {
  const model = join(folder, 'model');
  const begun = performance.now();
  zoo('finetune', 'mobilenet-v2', join(digits, 'train'), '-o', model, ...FLAGS);
  const { accuracy } = JSON.parse(zoo('evaluate', model, join(digits, 'test'), '--json'));
  const seconds = (performance.now() - begun) / 1000;
  writeFileSync(result, JSON.stringify({ seconds, accuracy, reached: accuracy >= WANTED }));
} finally {
  rmSync(folder, { recursive: true, force: true });
  for (const name of readdirSync(cache)) {
    if (!kept.has(name)) rmSync(join(cache, name), { recursive: true, force: true });
  }
}
