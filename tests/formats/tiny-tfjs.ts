/** Small models in TensorFlow.js formats: those of tests/golden/tfjs-tiny-models.json, and writing any to a folder. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Card } from '../../src/registry/card.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { sampleCard } from '../support/sample-card.js';
import { temporaryFolder } from '../support/temporary-folder.js';

export interface PlainTensor {
  readonly dtype: 'float32' | 'int32' | 'bool' | 'string';
  readonly shape: number[];
  readonly data: readonly (number | string)[];
}
export interface GoldenGraph {
  readonly name: string;
  readonly modelTopology: { node: { name: string; op: string; input?: string[] }[] };
  readonly weights: Readonly<Record<string, PlainTensor>>;
  readonly inputs: Readonly<Record<string, PlainTensor>>;
  readonly outputs: Readonly<Record<string, PlainTensor>>;
}
export interface GoldenLayers extends Omit<GoldenGraph, 'modelTopology' | 'inputs'> {
  readonly modelTopology: object;
  readonly inputs: readonly PlainTensor[];
}
export interface GoldenOperation {
  readonly operation: string;
  readonly inputs: Readonly<Record<string, PlainTensor>>;
  readonly attributes: Readonly<Record<string, string | number | boolean | number[]>>;
  readonly outputs: readonly PlainTensor[];
}
export interface TinyModels {
  readonly graphs: readonly GoldenGraph[];
  readonly layers: readonly GoldenLayers[];
  readonly operations: readonly GoldenOperation[];
}

export async function tinyModels(): Promise<TinyModels> {
  return JSON.parse(await readFile(new URL('../golden/tfjs-tiny-models.json', import.meta.url), 'utf8'));
}

/** One of them by its name. */
export function named<T extends { readonly name: string }>(models: readonly T[], name: string): T {
  const found = models.find((model) => model.name === name);
  if (found === undefined) throw new Error(`no model ${name}`);
  return found;
}

export function tensorOf({ dtype, shape, data }: PlainTensor): Tensor {
  if (dtype === 'string') return tf.tensor(data.map(String), shape, 'string');
  return tf.tensor(data.map(Number), shape, dtype);
}

/** The bytes of a tensor in a weight file. */
export function weightBytes({ dtype, data }: PlainTensor): Buffer {
  if (dtype === 'bool') return Buffer.from(data.map(Number));
  if (dtype !== 'string') {
    const numbers = dtype === 'float32' ? Float32Array.from(data, Number) : Int32Array.from(data, Number);
    return Buffer.from(numbers.buffer);
  }
  const texts = data.map((text) => Buffer.from(String(text)));
  return Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
}

export interface WrittenModel {
  readonly folder: string;
  readonly card: Card;
}

/**
 * Writes a model.json and weight files into a new folder.
 * @param shardBytes size of the files that the weights are cut into; odd ones cut through numbers.
 */
export async function writeTfjs(
  format: 'tfjs-graph' | 'tfjs-layers',
  modelTopology: object,
  weights: Readonly<Record<string, PlainTensor>>,
  { shardBytes = 1001, extra = {} }: { shardBytes?: number; extra?: object } = {},
): Promise<WrittenModel> {
  const folder = await temporaryFolder('tfjs');
  const bytes = Buffer.concat(Object.values(weights).map(weightBytes));
  const paths: string[] = [];
  for (let at = 0; at < bytes.length; at += shardBytes) {
    paths.push(`shard${paths.length}.bin`);
    await writeFile(join(folder, paths.at(-1) ?? ''), bytes.subarray(at, at + shardBytes));
  }
  const specs = Object.entries(weights).map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  const model = { modelTopology, weightsManifest: [{ paths, weights: specs }], ...extra };
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
  return { folder, card: tinyCard(format) };
}

export function tinyCard(format: Card['format']['name']): Card {
  return sampleCard({ name: 'tiny', format: { name: format } });
}

/** Largest difference between a tensor and numbers, in units of `max(1, |number|)`; infinite for other shapes. */
export function difference(tensor: Tensor | undefined, wanted: PlainTensor | undefined): number {
  if (tensor === undefined || wanted === undefined) return Number.POSITIVE_INFINITY;
  if (tensor.shape.join() !== wanted.shape.join()) return Number.POSITIVE_INFINITY;
  const values = tensor.dataSync();
  return wanted.data.reduce<number>((worst, number, index) => {
    const value = Number(number);
    return Math.max(worst, Math.abs((values[index] ?? Number.NaN) - value) / Math.max(1, Math.abs(value)));
  }, 0);
}
