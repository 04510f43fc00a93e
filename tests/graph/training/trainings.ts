/** A native training of a tiny network, for tests. */
import { afterEach, beforeEach, expect } from 'vitest';
import { nativeBackend } from '../../../src/graph/binding.js';
import {
  type NativeTraining,
  type NativeTrainingOptions,
  nativeTraining,
} from '../../../src/graph/native-training.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import type { Batch, Trained } from './eager-training.js';
import { crossEntropy, headOf, type Tiny, targets } from './tiny-networks.js';

export type Given = Partial<NativeTrainingOptions>;

/** Options for a tiny network; `freeOptions` frees what they own. */
export function optionsFor(tiny: Tiny, given: Given = {}): NativeTrainingOptions {
  const { cut, trainable, pooling, width } = tiny;
  return {
    cut,
    trainable,
    pooling,
    loss: crossEntropy,
    head: headOf(width),
    optimizer: { kind: 'sgd' },
    example: { inputs: tiny.inputs(2, 5), targets: targets(2, 0) },
    onRefusal: (reason) => {
      throw new Error(reason);
    },
    ...given,
  };
}

export function freeOptions({ head, example }: NativeTrainingOptions): void {
  tf.dispose([...head.map(({ value }) => value)]);
  const { inputs, targets: wanted } = example;
  tf.dispose([...(inputs instanceof tf.Tensor ? [inputs] : Object.values(inputs)), wanted]);
}

export async function made(tiny: Tiny, options: NativeTrainingOptions): Promise<NativeTraining> {
  const training = await nativeTraining(tiny.network, options);
  if (training === undefined) throw new Error('no graph');
  return training;
}

/** The t-th batch. */
export function batchOf(tiny: Tiny, step: number, size = 6): Batch {
  return { inputs: tiny.inputs(size, 31 + 2 * step), targets: targets(size, step) };
}

export function freeBatches(batches: readonly Batch[]): void {
  for (const { inputs, targets: wanted } of batches) tf.dispose([...Object.values(inputs), wanted]);
}

export async function run(
  training: NativeTraining,
  batches: readonly Batch[],
  rate: number,
): Promise<Trained> {
  const losses: number[] = [];
  for (const { inputs, targets: wanted } of batches)
    losses.push(await training.step(inputs, wanted, rate, { seed: losses.length }));
  return { losses, weights: await weightsOf(training) };
}

export async function weightsOf(training: NativeTraining): Promise<ReadonlyMap<string, readonly number[]>> {
  return numbersOf(await training.weights());
}

/** Frees the tensors. */
export function numbersOf(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, readonly number[]> {
  const numbers = new Map([...tensors].map(([name, tensor]) => [name, [...tensor.dataSync()]] as const));
  tf.dispose([...tensors.values()]);
  return numbers;
}

/** The largest difference of any weight. */
export function difference(a: Trained['weights'], b: Trained['weights']): number {
  if ([...a.keys()].sort().join() !== [...b.keys()].sort().join()) return Number.POSITIVE_INFINITY;
  return [...a].reduce((largest, [name, values]) => {
    const others = b.get(name) ?? [];
    if (others.length !== values.length) return Number.POSITIVE_INFINITY;
    // Weights of real networks are too many to be arguments of one call.
    return values.reduce((most, value, index) => {
      const distance = Math.abs(value - (others[index] ?? Number.NaN));
      return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : Math.max(most, distance);
    }, largest);
  }, 0);
}

export const tensorCounts = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];

/** Fails each test of the file that leaves a tensor or a session behind. */
export function everythingIsFreed(): void {
  let before: number[];
  beforeEach(() => {
    before = tensorCounts();
  });
  afterEach(() => {
    expect(tensorCounts()).toEqual(before);
    expect(tf.node.getNumOfSavedModels()).toBe(0);
  });
}

/** Trains a new network of this kind. */
export async function training(
  make: () => Tiny,
  given: Given,
  f: (training: NativeTraining, tiny: Tiny) => Promise<void>,
): Promise<void> {
  const tiny = make();
  const options = optionsFor(tiny, given);
  const native = await made(tiny, options);
  try {
    await f(native, tiny);
  } finally {
    native.dispose();
    freeOptions(options);
    tiny.network.dispose();
  }
}
