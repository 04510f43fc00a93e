// Makes a checkout ready: dependencies, the one native module, the compiled code. Plain JavaScript, since it
// runs before anything is installed. Each step is skipped when its result is there and current.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const MINIMUM_NODE = [20, 19];

const say = (text) => process.stderr.write(`• ${text}\n`);

/** Runs a program in the checkout; its output is shown only when it fails. */
export function run(command, args, { quiet = true, env = {} } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    encoding: 'utf8',
    // Without npm's own path: npm is a .cmd file on Windows, which only a shell can start.
    shell: process.platform === 'win32' && command === 'npm',
    maxBuffer: 1 << 28,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    if (quiet) process.stderr.write(`${result.stdout}${result.stderr}`);
    throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`);
  }
  return result.stdout;
}

/** Runs the npm that started this, with this Node; the one on PATH may belong to another. */
function runNpm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js')
    ? run(process.execPath, [cli, ...args], options)
    : run('npm', args, options);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    throw new Error(`neuralzoo needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.version}`);
  }
}

/** The lock file's digest, written beside node_modules when its installation has ended. */
function installDependencies() {
  const stamp = join(root, 'node_modules', '.neuralzoo-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing the dependencies (npm ci, without install scripts)');
  // Install scripts stay off: TensorFlow's downloads from a host that many networks block.
  runNpm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}

/** The one that src/registry/sqlite.ts chooses: version 13 comes ready built, and needs Node 22. */
const sqlite = Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3' : 'better-sqlite3-12';

function canLoadSqlite() {
  const probe = `const Database = require('${sqlite}'); new Database(':memory:').close();`;
  return spawnSync(process.execPath, ['-e', probe], { cwd: root }).status === 0;
}

/** Version 12 takes its prebuilt file where its host can be reached and is compiled otherwise. */
function buildSqlite() {
  if (canLoadSqlite()) return;
  say(`preparing ${sqlite} (its prebuilt file, or compiled here in a minute or two)`);
  const env = {};
  // The headers that came with this Node fit it, and save node-gyp a download from a host that may be out of reach.
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, 'include', 'node', 'node_api.h'))) {
    env.npm_config_nodedir = prefix;
  }
  runNpm(['rebuild', sqlite, '--ignore-scripts=false'], { env });
  if (!canLoadSqlite()) {
    throw new Error(
      `${sqlite} could not be built. It needs python3, make and a C++ compiler (g++ or clang).`,
    );
  }
}

function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) time = Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return time;
}

/** Compiles src/ and the index of the cards, when either is newer than the result. */
function compile() {
  const result = join(root, 'dist', 'catalogue.sqlite');
  const built = existsSync(result) ? statSync(result).mtimeMs : 0;
  if (built > Math.max(newest(join(root, 'src')), newest(join(root, 'registry')))) return;
  say('compiling');
  run(process.execPath, ['scripts/build.mjs']);
}

/** The cache folder of this checkout: networks and native TensorFlow of the demo and the tests. */
export const home = join(root, 'cache', 'home');

/** Native TensorFlow into the checkout's cache: about 200 MB the first time, and a build of some seconds. */
export function installRuntime() {
  const result = run(process.execPath, ['dist/cli/main.js', 'runtime', 'install'], {
    env: { ZOO_HOME: home },
  });
  if (!/already/i.test(result)) say('native TensorFlow is ready');
}

/** Does whatever is missing; at once when nothing is. */
export function setup() {
  checkNode();
  mkdirSync(join(root, 'cache'), { recursive: true });
  installDependencies();
  buildSqlite();
  compile();
}
