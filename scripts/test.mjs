// `npm test`: sets up what is missing, then lint, types, import rule and all tests. Fails on the first that fails.
import { performance } from 'node:perf_hooks';
import { installRuntime, run, setup } from './lib/setup.mjs';

const STEPS = [
  ['lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.test.json']],
  [
    'imports',
    [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'src',
    ],
  ],
  ['cards', ['dist/cli/main.js', 'index', 'check']],
];

try {
  setup();
  installRuntime();
  for (const [name, args] of STEPS) {
    const begun = performance.now();
    run(process.execPath, args);
    process.stdout.write(`✓ ${name} (${Math.round(performance.now() - begun)} ms)\n`);
  }
  run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], {
    quiet: false,
  });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
