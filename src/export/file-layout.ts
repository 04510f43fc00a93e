/**
 * Networks are held channels-last, whatever the layout of their file. Whoever loads exported weights under the names of the
 * file expects the layout of the file: so each tensor is turned back. How it was turned is found out by comparing the file
 * with the network that is made of it.
 */
import { join } from 'node:path';
import { readStateDict } from '../formats/pytorch/read-state-dict.js';
import { readSafetensors } from '../formats/safetensors/read-safetensors.js';
import { storedWeight } from '../formats/tfjs-weights.js';
import type { Weight, WeightData, Weights } from '../formats/weight.js';
import type { Card } from '../registry/card.js';
import { tf } from '../runtime/tensorflow.js';
import { openNetwork } from '../transfer/open-network.js';
import type { Exportable } from './exportable.js';

/** How a tensor of a file may be turned, by its rank: kernels of dense layers, of convolutions in one and two dimensions. */
const TURNS: Readonly<Record<number, readonly (readonly number[])[]>> = {
  2: [[1, 0]],
  3: [[2, 1, 0]],
  4: [
    [2, 3, 1, 0],
    [2, 3, 0, 1],
  ],
};

/**
 * @param weights by their names in the network.
 * @returns the same, turned back where the base's file has them otherwise; those that the file does not have stay.
 * @throws ZooError `INTEGRITY` for malformed files.
 */
export async function inFileLayout(exportable: Exportable, weights: Weights): Promise<Map<string, Weight>> {
  const { base, folder } = exportable;
  const found = new Map(weights);
  const file = folder === undefined ? undefined : await weightsOf(base, folder);
  if (file === undefined || folder === undefined) return found;
  const pristine = await openNetwork(folder, base);
  try {
    for (const [name, weight] of weights) {
      const original = file.get(name);
      const parameter = pristine.parameters.get(name);
      if (original === undefined || parameter === undefined) continue;
      const held = await storedWeight(name, parameter.value);
      if (held.dtype === 'string') continue;
      const turn = turnBetween(original, held);
      if (turn !== undefined) found.set(name, turned(weight, inverse(turn)));
    }
    return found;
  } finally {
    pristine.dispose();
  }
}

/** Undefined for formats whose networks are held as their files have them. */
async function weightsOf({ format, files }: Card, folder: string): Promise<Weights | undefined> {
  const paths = files.filter(({ role }) => role === 'weights').map(({ path }) => join(folder, path));
  if (format.name === 'pytorch' && paths[0] !== undefined) return readStateDict(paths[0]);
  if (format.name !== 'safetensors') return undefined;
  const parts = await Promise.all(
    paths.filter((path) => path.endsWith('.safetensors')).map((path) => readSafetensors(path)),
  );
  return new Map(parts.flatMap(({ weights }) => [...weights]));
}

/** How the tensor of the file became that of the network; undefined where it was not turned. */
function turnBetween(file: Weight, held: Weight): readonly number[] | undefined {
  if (file.data.length !== held.data.length || sameTensor(file, held)) return undefined;
  return (TURNS[file.shape.length] ?? []).find((turn) => sameTensor(turned(file, turn), held));
}

function turned({ shape, dtype, data }: Weight, turn: readonly number[]): Weight {
  const result = tf.tidy(() => tf.tensor(data, [...shape], dtype).transpose([...turn]));
  const numbers = result.dataSync();
  result.dispose();
  if (!isWeightData(numbers)) throw new RangeError('not a tensor of numbers');
  return { shape: [...result.shape], dtype, data: numbers };
}

function isWeightData(data: ArrayLike<unknown>): data is WeightData {
  return data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array;
}

function inverse(turn: readonly number[]): number[] {
  return turn.map((_, axis) => turn.indexOf(axis));
}

function sameTensor(a: Weight, b: Weight): boolean {
  if (a.shape.join() !== b.shape.join()) return false;
  return a.data.every((value, index) => Object.is(value, b.data[index]));
}
