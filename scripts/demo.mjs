// `npm run demo`: sets up what is missing, then pulls real networks, one for each kind of input, verifies them and
// lists them. Models go to cache/home in this checkout.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setup } from './lib/setup.mjs';

const MODELS = ['mobilenet-v2', 'basic-pitch', 'guesslang'];

const zoo = join(root, 'dist', 'cli', 'main.js');
const env = { ...process.env, ZOO_HOME: process.env.ZOO_HOME ?? join(root, 'cache', 'home') };

/** Shows a command as one would type it, and runs it. */
function show(...args) {
  process.stdout.write(`\n$ zoo ${args.join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [zoo, ...args], { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`zoo ${args.join(' ')} ended with ${status}`);
}

try {
  setup();
  show('search', 'mobilenet v2');
  show('pull', ...MODELS);
  show('verify');
  show('list');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
