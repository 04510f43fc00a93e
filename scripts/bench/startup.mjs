/**
 * Times how long `zoo` takes to say something, against Node doing nothing, in turns.
 *
 *   node scripts/bench/startup.mjs [--rounds 20]
 *
 * The bar is 1.5 times `node -e 0` plus 60 ms; the exit code is 1 when a median is over it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable, median } from './support/statistics.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
const rounds = Math.max(1, Math.trunc(Number(values.rounds)) || 20);
const zoo = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
if (!existsSync(zoo)) {
  console.error(`${zoo} is missing: npm run build`);
  process.exit(1);
}

const nothing = 'node -e 0';
const commands = {
  [nothing]: ['-e', '0'],
  'zoo --version': [zoo, '--version'],
  'zoo --help': [zoo, '--help'],
  'zoo pull --help': [zoo, 'pull', '--help'],
};
const names = Object.keys(commands);
const times = new Map(names.map((name) => [name, []]));
const home = mkdtempSync(join(tmpdir(), 'zoo-bench-startup-'));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));
// The round before the first one brings the files into the page cache.
for (let round = 0; round <= rounds; round++) {
  for (const name of names) {
    const taken = timeOf(name);
    if (round > 0) times.get(name).push(taken);
  }
}
report();

function timeOf(name) {
  const started = performance.now();
  const run = spawnSync(process.execPath, commands[name], {
    env: { PATH: process.env.PATH, HOME: home, ZOO_HOME: home },
    encoding: 'utf8',
  });
  const taken = performance.now() - started;
  if (run.status !== 0) {
    console.error(`${name} ended with ${run.signal ?? run.status}: ${run.stderr}`);
    process.exit(1);
  }
  return taken;
}

function report() {
  const base = median(times.get(nothing));
  const bar = 1.5 * base + 60;
  const rows = names.map((name) => {
    const all = times.get(name);
    const middle = median(all);
    const verdict = name === nothing ? '' : middle <= bar ? 'yes' : 'NO';
    if (verdict === 'NO') process.exitCode = 1;
    return [
      `\`${name}\``,
      middle.toFixed(0),
      Math.min(...all).toFixed(0),
      Math.max(...all).toFixed(0),
      verdict,
    ];
  });
  console.log(`Node ${process.version}, ${rounds} rounds in turns; the bar is ${bar.toFixed(0)} ms.\n`);
  console.log(markdownTable(['command', '>median ms', '>min', '>max', 'within the bar'], rows));
}
