// Compiles src/ to dist/ and the cards of registry/ to the index dist/catalogue.sqlite.
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root, run } from './lib/setup.mjs';

const dist = join(root, 'dist');
const main = join(dist, 'cli', 'main.js');

/** Files in dist/ whose source is gone; the rest stays, so that a running `zoo` is not pulled from under itself. */
function removeStale() {
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { withFileTypes: true, recursive: true })) {
    const match = /^(.*?)(\.d\.ts|\.js\.map|\.js)$/.exec(entry.name);
    if (!entry.isFile() || !match) continue;
    const source = join(root, 'src', relative(dist, entry.parentPath), `${match[1]}.ts`);
    if (!existsSync(source)) rmSync(join(entry.parentPath, entry.name));
  }
}

removeStale();
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
chmodSync(main, 0o755);
run(process.execPath, [
  main,
  'index',
  'build',
  '--cards',
  'registry',
  '--output',
  join('dist', 'catalogue.sqlite'),
]);
