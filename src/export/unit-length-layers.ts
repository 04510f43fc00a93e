/**
 * Scaling to unit length in layers that every Keras has. The normalisation of a layer takes the mean away and divides by the
 * deviation. Of a vector and its negative side by side, [x1, -x1, x2, -x2 …], the mean is 0 and the deviation is the
 * length of x over the root of its width: so what comes out is x over its length, times that root.
 */
import type { Layer } from '../formats/tfjs-layers/build-layers.js';
import type { Weight } from '../formats/weight.js';
import { tf } from '../runtime/tensorflow.js';

/** Under any deviation that counts; a row of zeros stays one. */
const EPSILON = 1e-12;

/** Layers from [rows, width] to [rows, 2 width], each with its weights. @param name in front of theirs. */
export function unitLengthLayers(width: number, name: string): [Layer, Weight[]][] {
  const { layers } = tf;
  const signs: Weight = { shape: [1, 1, 2], dtype: 'float32', data: Float32Array.of(1, -1) };
  const both = layers.conv1d({
    name: `${name}_both`,
    filters: 2,
    kernelSize: 1,
    useBias: false,
    kernelInitializer: 'zeros',
  });
  const length = layers.layerNormalization({
    name: `${name}_length`,
    epsilon: EPSILON,
    center: false,
    scale: false,
  });
  return [
    [layers.reshape({ name: `${name}_column`, targetShape: [width, 1] }), []],
    [both, [signs]],
    [layers.flatten({ name: `${name}_row` }), []],
    [length, []],
  ];
}

/**
 * The kernel of the dense layer behind them.
 * @param kernel [width, units], for vectors of unit length. @returns [2 width, units].
 */
export function kernelBehind({ shape, data }: Weight): Weight {
  const [width = 0, units = 0] = shape;
  const part = 0.5 / Math.sqrt(width);
  const both = new Float32Array(2 * data.length);
  for (let row = 0; row < width; row++) {
    for (let unit = 0; unit < units; unit++) {
      const value = part * (data[row * units + unit] ?? 0);
      both[2 * row * units + unit] = value;
      both[(2 * row + 1) * units + unit] = -value;
    }
  }
  return { shape: [2 * width, units], dtype: 'float32', data: both };
}
