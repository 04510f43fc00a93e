/**
 * Fine-tunes with batches that need more memory than the process may have, on Linux:
 * run-out-of-memory.ts; prints the error as JSON.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ZooError } from '../../../src/core/errors.js';
import { AdaptedModel } from '../../../src/training/adapted-model.js';
import { openBackbone } from '../../../src/transfer/backbone.js';
import { stripes, stripesHead, stripesNetwork } from './stripes.js';

/** What it may have more than it has before training, in bytes: V8 and WebAssembly reserve far more than they use. */
const MORE = 400 * 2 ** 20;
const model = new AdaptedModel(await openBackbone(await stripesNetwork(512)), stripesHead());
const onFeatures = ({ done, total }: { readonly done: number; readonly total: number }) => {
  if (done === total) limitMemory();
};

function limitMemory(): void {
  const [, size = '0'] = /VmSize:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${1024 * Number(size) + MORE}`]);
}

try {
  await model.fit(stripes(2048), { train: 'all', fineTune: { epochs: 1, batchSize: 2048 }, onFeatures });
  process.stdout.write('{}\n');
} catch (error) {
  if (!(error instanceof ZooError)) throw error;
  const { code, message, hint } = error;
  process.stdout.write(`${JSON.stringify({ code, message, hint })}\n`);
}
