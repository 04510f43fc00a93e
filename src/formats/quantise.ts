/**
 * Numbers in fewer bits, by the rule of the TensorFlow.js converter: for uint8 and uint16 `value = q * scale + min` over
 * the tensor's own range, which is moved so that 0 stays exactly 0; half precision as it is.
 */
import { floatToHalf } from './half-float.js';

export const QUANTISATIONS = ['float16', 'uint8', 'uint16'] as const;
export type Quantisation = (typeof QUANTISATIONS)[number];

export interface Quantised {
  readonly bytes: Uint8Array;
  /** As the weights manifest says it. */
  readonly quantization: { readonly dtype: Quantisation; readonly scale?: number; readonly min?: number };
}

export function isQuantisation(text: string): text is Quantisation {
  return QUANTISATIONS.some((known) => known === text);
}

/**
 * Off by at most half of `scale` for the types of whole numbers, where the range had to be moved at its ends by one
 * half more; NaN becomes the least.
 */
export function quantise(data: Float32Array, dtype: Quantisation): Quantised {
  if (dtype === 'float16') {
    const halves = new Uint16Array(data.length);
    for (let index = 0; index < data.length; index++) halves[index] = floatToHalf(data[index] ?? 0);
    return { bytes: new Uint8Array(halves.buffer), quantization: { dtype } };
  }
  const steps = dtype === 'uint8' ? 255 : 65535;
  const { scale, min, max } = affineRange(data, steps);
  const levels = dtype === 'uint8' ? new Uint8Array(data.length) : new Uint16Array(data.length);
  for (let index = 0; index < data.length; index++) {
    const value = Math.min(Math.max(data[index] ?? 0, min), max);
    levels[index] = Math.min(roundHalfEven((value - min) / scale), steps);
  }
  return { bytes: new Uint8Array(levels.buffer), quantization: { dtype, scale, min } };
}

function affineRange(data: Float32Array, steps: number): { scale: number; min: number; max: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  // One value, or none: zeros say it.
  if (!(least < most)) return { scale: 1, min: data.length === 0 ? 0 : least, max: most };
  const scale = (most - least) / steps;
  if (least > 0 || most < 0) return { scale, min: least, max: most };
  const zero = roundHalfEven(-least / scale);
  const min = -zero * scale;
  return { scale, min, max: steps * scale + min };
}

/** As numpy rounds. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
