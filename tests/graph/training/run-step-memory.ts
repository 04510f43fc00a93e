/**
 * Trains a few wide layers on a large batch, on Linux: run-step-memory.ts; prints as JSON what the session estimates
 * for it and what the process grew by at its peak, in bytes.
 */
import { readFileSync } from 'node:fs';
import { type Tensor, type Tensor2D, tf } from '../../../src/runtime/tensorflow.js';
import { asItIs, network, numbers, type Tiny, targets, trainableOf } from './tiny-networks.js';
import { made, optionsFor } from './trainings.js';

const WIDTH = 256;
const EXAMPLES = 32_768;

const layers = ['first', 'second', 'third', 'fourth'].map((name, index) => ({
  name,
  weights: { [name]: { shape: [WIDTH, WIDTH], k: 3 + 2 * index } },
  apply: (x: Tensor, [kernel]: readonly Tensor[]) => tf.relu(tf.matMul(x as Tensor2D, kernel as Tensor2D)),
}));
const wide = network({ name: 'x', shape: [null, WIDTH], dtype: 'float32' }, layers);
const tiny: Tiny = {
  network: wide,
  cut: 'fourth',
  width: WIDTH,
  trainable: trainableOf(wide),
  pooling: asItIs,
  inputs: (batch, k) => ({ x: numbers(k, batch, WIDTH) }),
};

/** @param key of the process: `VmRSS` is what it has in memory, `VmHWM` the most that it has had. */
function status(key: 'VmRSS' | 'VmHWM'): number {
  const [, size] = new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return 1024 * Number(size);
}

const options = optionsFor(tiny);
const [wanted, rows] = [targets(EXAMPLES, 1), tf.randomUniform([EXAMPLES, WIDTH], -1, 1, 'float32', 1)];
const before = status('VmRSS') - 4 * rows.size;
const training = await made(tiny, options);
for (let step = 0; step < 2; step++) await training.step({ x: rows }, wanted, 1e-3);
const { fixed, perExample } = training.memory;
const found = { estimate: fixed + EXAMPLES * perExample, grown: status('VmHWM') - before };
process.stdout.write(`${JSON.stringify(found)}\n`);
