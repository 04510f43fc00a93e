// The index at size: npx tsx scripts/bench/index-bench.ts [cards, default 1000000] [--keep]
// Generates cards as a stream, builds the index under cache/bench/, and measures search, resolve and open, each in
// fresh processes on the finished file. Prints a table; with --json one JSON document.
import { fork } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildIndex } from '../../src/registry/index-build.js';
import { generateCards } from '../../tests/support/generated-cards.js';
import type { Figures } from './index-bench-reader.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    reuse: { type: 'boolean' },
    keep: { type: 'boolean' },
    versions: { type: 'string', default: '2' },
  },
});
const count = Number(positionals[0] ?? 1_000_000);
const versions = Number(values.versions);
const folder = fileURLToPath(new URL('../../cache/bench/', import.meta.url));
const path = `${folder}index-${count}-${versions}.sqlite`;
mkdirSync(folder, { recursive: true });

const report: Record<string, unknown> = {
  cards: count,
  'load average before': loadavg()[0]?.toFixed(1),
  machine: `${cpus()[0]?.model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1e9)} GB, Node ${process.version}`,
};
if (!values.reuse) {
  let peak = 0;
  const begun = performance.now();
  const result = await buildIndex(generateCards(count, { versions }), path, {
    onProgress(done) {
      peak = Math.max(peak, process.memoryUsage.rss());
      if (done % 50_000 === 0)
        process.stderr.write(`\r${done} cards, ${((performance.now() - begun) / 1000).toFixed(0)} s `);
    },
  });
  peak = Math.max(peak, process.resourceUsage().maxRSS * 1024);
  process.stderr.write('\n');
  report.models = result.models;
  report['build, s'] = seconds(performance.now() - begun);
  report['build, s on processors'] = seconds((process.cpuUsage().user + process.cpuUsage().system) / 1000);
  report['file, MB'] = Math.round(result.bytes / 1e5) / 10;
  report['build peak memory, MB'] = Math.round(peak / 1e6);
  const generating = performance.now();
  let made = 0;
  for (const _card of generateCards(count, { versions })) made++;
  report['of the build: generating the cards, s'] =
    made === count ? seconds(performance.now() - generating) : 'wrong count';
}

// Opening is measured by processes that do nothing else, each with the file in the page cache.
const opens: number[] = [];
for (let run = 0; run < 15; run++) opens.push((await reader('open')).open);
report['open in a fresh process, ms'] = quantiles(opens);
const figures = await reader('search');
report['search, ms'] = quantiles(figures.search.map(({ ms }) => ms));
for (const kind of new Set(figures.search.map((sample) => sample.kind))) {
  report[`  search: ${kind}, ms`] = quantiles(
    figures.search.filter((sample) => sample.kind === kind).map(({ ms }) => ms),
  );
}
report['search, ms on a processor'] = quantiles(figures.search.map(({ cpu }) => cpu));
report['resolve, ms'] = quantiles(figures.resolve);
report['resolve, ms on a processor'] = quantiles(figures.resolveCpu);
report['unknown name with suggestions, ms'] = quantiles(figures.unknown);
report['reader memory, MB'] = Math.round(figures.rss / 1e6);
report.slowest = figures.search
  .toSorted((a, b) => b.cpu - a.cpu)
  .slice(0, 10)
  .map(({ ms, cpu, text }) => `${ms.toFixed(2)} ms (${cpu.toFixed(2)} on a processor) ${text}`);

if (values.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
else
  for (const [name, value] of Object.entries(report))
    console.log(name.padEnd(44), Array.isArray(value) ? `\n  ${value.join('\n  ')}` : value);
if (!values.keep && !values.reuse) rmSync(path);

function reader(mode: string): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('index-bench-reader.ts', import.meta.url)), [mode, path], {
      execArgv: ['--import', 'tsx'],
    });
    let figures: Figures | undefined;
    child.on('message', (message: Figures) => {
      figures = message;
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      figures === undefined ? reject(new Error(`reader ended with ${code}`)) : resolve(figures),
    );
  });
}

function quantiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2);
  return `p50 ${at(0.5)}  p99 ${at(0.99)}  max ${at(1)}  (n=${sorted.length})`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
