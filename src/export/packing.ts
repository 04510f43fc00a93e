/** How the tensors of an export are stored in the files: as they are, all quantised, or as those of the base were. */
import { ZooError } from '../core/errors.js';
import { isQuantisation, QUANTISATIONS, type Quantisation, quantise } from '../formats/quantise.js';
import { possibleNames } from '../formats/tfjs-layers/build-layers.js';
import { readTfjsModel } from '../formats/tfjs-model.js';
import {
  decodeWeight,
  type PackedWeight,
  readQuantised,
  type StoredWeight,
} from '../formats/tfjs-weights.js';
import { packWeight, type WeightBytes } from '../formats/write-tfjs-model.js';
import type { Exportable, ExportFormat } from './exportable.js';

export const PACKINGS = [...QUANTISATIONS, 'original'] as const;
export type Packing = (typeof PACKINGS)[number];

export type Pack = (weight: StoredWeight) => WeightBytes;

/**
 * With `original` a tensor that was not changed gets the very bytes of the base's file, and one that was is quantised again
 * to the same type over its own range.
 * @throws ZooError `DATA` for `original` where the base is not quantised.
 */
export async function packingOf(
  exportable: Exportable,
  format: ExportFormat,
  packing: Packing | undefined,
): Promise<Pack> {
  if (packing !== 'original') return (weight) => packWeight(weight, packing);
  const stored = await storedQuantised(exportable, format);
  return (weight) => {
    const original = stored.get(weight.name);
    if (original === undefined) return packWeight(weight);
    const { entry } = original;
    const { name } = weight;
    if (sameNumbers(weight, decodeWeight(entry, original.bytes.slice())))
      return { entry: { ...entry, name }, bytes: original.bytes };
    return again(weight, entry, typeOf(entry));
  };
}

function again(
  weight: StoredWeight,
  entry: PackedWeight['entry'],
  type: Quantisation | undefined,
): WeightBytes {
  if (type === undefined || weight.dtype !== 'float32') return packWeight(weight);
  const { bytes, quantization } = quantise(weight.data, type);
  const { scale: _, min: __, ...others } = entry.quantization ?? { dtype: type };
  return { entry: { ...entry, name: weight.name, quantization: { ...others, ...quantization } }, bytes };
}

function typeOf({ quantization }: PackedWeight['entry']): Quantisation | undefined {
  const dtype = quantization?.dtype;
  return dtype !== undefined && isQuantisation(dtype) ? dtype : undefined;
}

function sameNumbers(a: StoredWeight, b: StoredWeight): boolean {
  if (a.dtype === 'string' || b.dtype === 'string' || a.data.length !== b.data.length) return false;
  const { data } = b;
  return a.data.every((value, index) => Object.is(value, data[index]));
}

/** By the names in the network. */
async function storedQuantised(
  { base, folder }: Exportable,
  format: ExportFormat,
): Promise<Map<string, PackedWeight>> {
  const found =
    folder !== undefined && base.format.name === format
      ? await readQuantised(await readTfjsModel(folder, base))
      : new Map<string, PackedWeight>();
  if (found.size === 0) {
    throw new ZooError('DATA', `The weights of ${base.name} are not quantised`, {
      expected: `a network in the format ${format} with quantised weights`,
      found: base.format.name,
      hint: `Name a type instead: ${QUANTISATIONS.join(', ')}.`,
    });
  }
  if (format === 'tfjs-graph') return found;
  const others = [...found].flatMap(([name, packed]) =>
    possibleNames(name).map((own) => [own, packed] as const),
  );
  return new Map([...others, ...found]);
}
