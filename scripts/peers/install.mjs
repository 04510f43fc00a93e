/**
 * Installs the peers that tests and benchmarks need, and does nothing where they are there already.
 *
 *   node scripts/peers/install.mjs [--only nginx,aria2,…] [--help]
 *
 * Without --only, those of the tests: peers of benchmarks alone are named (Keras with its TensorFlow, 600 MB; PyTorch,
 * whose default build brings 5 GB that only graphics cards use, and is not imported without).
 *
 * System programs come from Debian's packages (as root on a Debian-like system; elsewhere it says what to
 * install), the rest goes below cache/peers. Ends with exit code 1 when a wanted peer is still missing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPeer, peerNames, peers, peersFolder, venvPython } from './peers.mjs';

const usage = `Usage: node scripts/peers/install.mjs [--only NAME,NAME…]\nPeers: ${peerNames.join(', ')}`;

const wanted = readWanted();
const missing = (kind) => wanted.filter((name) => peers[name].kind === kind && findPeer(name) === undefined);

attempt('Debian packages', () => installDebian(missing('debian').map((name) => peers[name].package)));
attempt('Python packages', () => installPython(missing('python')));
for (const name of missing('node')) attempt(name, () => installNode(name));
report();

function readWanted() {
  let values;
  try {
    ({ values } = parseArgs({
      options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }));
  } catch (error) {
    fail(`${error.message}\n${usage}`);
  }
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const names =
    values.only === undefined
      ? peerNames.filter((name) => !peers[name].benchmark)
      : values.only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !peerNames.includes(name));
  if (unknown.length > 0) fail(`Unknown peer ${unknown.join(', ')}\n${usage}`);
  return names;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

/** One group that fails must not keep the others from being installed; the report tells what is missing. */
function attempt(what, install) {
  try {
    install();
  } catch (error) {
    console.error(`peers: ${what}: ${error.message}`);
  }
}

function installDebian(packages) {
  if (packages.length === 0) return;
  const command = `apt-get install ${packages.join(' ')}`;
  if (spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).error !== undefined) {
    throw new Error(
      `not a Debian-like system; install these with its package manager: ${packages.join(' ')}`,
    );
  }
  if (process.getuid?.() !== 0) throw new Error(`needs root; please run: sudo ${command}`);
  say(`installing Debian packages: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
  withoutServices(() =>
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      stdio: 'inherit',
      env,
    }),
  );
}

/** A package such as nginx starts its service when it is installed; a peer is only ever started by a test. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    if (ours) rmSync(policy);
  }
}

function installPython(names) {
  if (names.length === 0) return;
  const requirements = names.map((name) => `${peers[name].distribution}==${peers[name].version}`);
  ensureVenv();
  say(`installing Python packages: ${requirements.join(' ')}`);
  pip(['install', ...requirements]);
}

/** Unpacked beside its place and moved there, so that a broken install is never taken for a whole one. */
function installNode(name) {
  const requirement = `${peers[name].distribution}==${peers[name].version}`;
  ensureVenv();
  say(`installing ${name}: ${requirement}`);
  const target = join(peersFolder, name);
  const fresh = `${target}.${process.pid}`;
  try {
    pip(['install', '--no-deps', '--target', fresh, requirement]);
    rmSync(target, { recursive: true, force: true });
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function ensureVenv() {
  if (spawnSync(venvPython, ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0) return;
  mkdirSync(peersFolder, { recursive: true });
  const folder = join(peersFolder, 'venv');
  say(`making a Python environment in ${folder}`);
  const make = () => spawnSync('python3', ['-m', 'venv', '--clear', folder], { stdio: 'inherit' }).status;
  if (make() === 0) return;
  // Debian ships Python without the part that makes environments.
  installDebian(['python3', 'python3-venv']);
  if (make() !== 0)
    throw new Error('python3 -m venv failed; Python 3.10 or later with venv and pip is needed');
}

function pip(args) {
  const [command, ...rest] = args;
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  execFileSync(venvPython, ['-m', 'pip', command, ...quiet, ...rest], { stdio: 'inherit' });
}

function report() {
  const lost = [];
  for (const name of wanted) {
    const path = findPeer(name);
    if (path === undefined) lost.push(name);
    say(
      `${name.padEnd(10)} ${path === undefined ? 'MISSING' : `${versionOf(name, path).padEnd(9)} ${path}`}`,
    );
  }
  if (lost.length > 0) {
    console.error(`peers: missing: ${lost.join(', ')}`);
    process.exitCode = 1;
  }
}

function versionOf(name, path) {
  if (peers[name].kind === 'python') return peers[name].version;
  const run = spawnSync(path, [name === 'nginx' ? '-v' : '--version'], { encoding: 'utf8' });
  return /\d+\.\d+(?:\.\d+)?/.exec(run.stdout + run.stderr)?.[0] ?? 'unknown';
}

function say(text) {
  console.log(`peers: ${text}`);
}
