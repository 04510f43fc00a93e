// Runs `npm test` of a fresh copy of this checkout with another version of Node: node scripts/test-with-node.mjs 22
// A copy, since the native module is built for one version of Node only.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { root } from './lib/setup.mjs';
import { findPeer } from './peers/peers.mjs';

const [version = '22', ...vitestArguments] = process.argv.slice(2);
const node = findPeer(`node${version}`);
if (node === undefined) {
  process.stderr.write(
    `Node ${version} is not there; install it with: node scripts/peers/install.mjs --only node${version}\n`,
  );
  process.exit(1);
}

const copy = join(root, 'cache', `node${version}`);
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: root,
  encoding: 'utf8',
});
// Sources are laid anew; node_modules and its native build stay, and so does what its tests have pulled.
for (const name of ['src', 'tests', 'scripts', 'registry'])
  rmSync(join(copy, name), { recursive: true, force: true });
for (const file of files.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  cpSync(join(root, file), join(copy, file));
}
// Peers, pulled networks and the native runtime are the same for every Node.
for (const name of ['peers', 'home']) {
  const shared = join(root, 'cache', name);
  mkdirSync(shared, { recursive: true });
  mkdirSync(join(copy, 'cache'), { recursive: true });
  if (!existsSync(join(copy, 'cache', name))) symlinkSync(shared, join(copy, 'cache', name), 'junction');
}

const bin = dirname(node);
const npm = join(bin, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
const { npm_config_nodedir: _, ...environment } = process.env;
const { status } = spawnSync(node, [npm, 'test', '--', ...vitestArguments], {
  cwd: copy,
  env: { ...environment, PATH: `${bin}${delimiter}${process.env.PATH}` },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
