/** Inputs and weights that any language can make, and comparison with what PyTorch computed. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Network } from '../../src/formats/network.js';
import type { Weight, Weights } from '../../src/formats/weight.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';

interface Facts {
  readonly shape: readonly number[];
  readonly first16: readonly number[];
  readonly sum: number;
  readonly l2: number;
  readonly argmax: number;
}

type GoldenInput = { readonly shape: number[] } & (
  | { readonly amplitude: number; readonly offset: number }
  | { readonly low: number; readonly high: number }
);

export interface GoldenCase {
  readonly input: GoldenInput;
  /** By cut; the network's output first. */
  readonly outputs: Readonly<Record<string, Facts>>;
}

type Shapes = readonly (readonly [string, readonly number[]])[];

interface GoldenResnet {
  readonly shapes: Shapes;
  readonly cases: readonly GoldenCase[];
}

interface TorchNetworks {
  readonly networks: Readonly<
    Record<'mobilenet-v2' | 'efficientnet-lite0' | 'resemblyzer', readonly GoldenCase[]>
  >;
  readonly resnet: Readonly<Record<'18' | '50', GoldenResnet>> & {
    readonly 'digests of names and shapes': Readonly<Record<'34' | '101' | '152', string>>;
  };
}

export const torchNetworks: TorchNetworks = JSON.parse(
  readFileSync(new URL('../golden/torch-networks.json', import.meta.url), 'utf8'),
);

/** Numbers in [0, 1): s = (1664525 s + 1013904223) mod 2^32 before each, from s = 1 on. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function goldenInput(input: GoldenInput): Tensor {
  const data = new Float32Array(input.shape.reduce((product, size) => product * size, 1));
  if ('amplitude' in input) {
    for (let index = 0; index < data.length; index++) {
      data[index] = input.amplitude * Math.sin(0.01 * index) + input.offset;
    }
  } else {
    const random = generator();
    for (let index = 0; index < data.length; index++) {
      data[index] = input.low + (input.high - input.low) * random();
    }
  }
  return tf.tensor(data, input.shape);
}

/** The weights of `weights_of` in scripts/golden/torch-networks.py. */
export function madeWeights(shapes: Shapes): Weights {
  const weights = new Map<string, Weight>();
  const random = generator();
  for (const [name, shape] of shapes) {
    if (name.endsWith('num_batches_tracked')) {
      weights.set(name, { shape, dtype: 'int32', data: Int32Array.of(1) });
      continue;
    }
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
    const scale = Math.sqrt((shape.length === 4 ? 6 : 3) / inputs);
    const positive = name.endsWith('running_var') || (name.endsWith('weight') && shape.length === 1);
    for (let index = 0; index < data.length; index++) {
      const value = random();
      if (shape.length > 1) data[index] = (2 * value - 1) * scale;
      else data[index] = positive ? 0.5 + value : 0.2 * value - 0.1;
    }
    weights.set(name, { shape, dtype: 'float32', data });
  }
  return weights;
}

/**
 * Runs a case with all its cuts. Numbers may differ by 1e-4 absolutely, or where a tensor is large by 1e-5 of its
 * root mean square.
 */
export async function expectGolden(network: Network, { input, outputs }: GoldenCase): Promise<void> {
  const x = goldenInput(input);
  const cuts = Object.keys(outputs);
  const found = await network.run(x, cuts);
  try {
    for (const [index, cut] of cuts.entries()) expectFacts(cut, found[index], outputs[cut]);
  } finally {
    tf.dispose([x, ...found]);
  }
}

function expectFacts(cut: string, found: Tensor | undefined, golden: Facts | undefined): void {
  if (found === undefined || golden === undefined) throw new Error(`nothing at ${cut}`);
  expect(found.shape, cut).toEqual(golden.shape);
  const data = found.dataSync<'float32'>();
  const rms = golden.l2 / Math.sqrt(data.length);
  const tolerance = Math.max(1e-4, 1e-5 * rms);
  for (const [index, value] of golden.first16.entries()) {
    expect(Math.abs((data[index] ?? Number.NaN) - value), `${cut}[${index}]`).toBeLessThan(tolerance);
  }
  const sum = data.reduce((total, value) => total + value, 0);
  const l2 = Math.sqrt(data.reduce((total, value) => total + value * value, 0));
  expect(Math.abs(l2 / golden.l2 - 1), `norm of ${cut}`).toBeLessThan(1e-5);
  expect(Math.abs(sum - golden.sum), `sum of ${cut}`).toBeLessThan(1e-5 * golden.l2 * Math.sqrt(data.length));
  expect(data.indexOf(Math.max(data[golden.argmax] ?? Number.NaN)), cut).toBe(golden.argmax);
}
