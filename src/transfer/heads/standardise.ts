/** Features with mean 0 and deviation 1 while training, and weights that do the same afterwards. */
import type { Weights } from '../../formats/weight.js';
import type { Differentiable } from './head.js';
import { float32, float32Of } from './weight-data.js';

export interface Standard {
  readonly mean: Float64Array;
  /** Never 0: features that don't vary are only moved. */
  readonly deviation: Float64Array;
}

/** Deviations below this share of the mean are the rounding of float32. */
const ROUNDING = 1e-6;

/** Mean and deviation (dividing by the number of rows, as scikit-learn's StandardScaler) of each column. */
export function standardOf(features: Float32Array | Float64Array, rows: number, width: number): Standard {
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < width; at++) mean[at] = (mean[at] ?? 0) + (features[row * width + at] ?? 0) / rows;
  }
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < width; at++) {
      const difference = (features[row * width + at] ?? 0) - (mean[at] ?? 0);
      squares[at] = (squares[at] ?? 0) + (difference * difference) / rows;
    }
  }
  const deviation = squares.map((square, at) => {
    const root = Math.sqrt(square);
    return root > ROUNDING * Math.abs(mean[at] ?? 0) ? root : 1;
  });
  return { mean, deviation };
}

/** Writes the scaled features into `scaled`, which may be `features` itself, and returns it. */
export function standardised<Numbers extends Float32Array | Float64Array>(
  features: Float32Array | Float64Array,
  rows: number,
  { mean, deviation }: Standard,
  scaled: Numbers,
): Numbers {
  const width = mean.length;
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < width; at++) {
      const value = features[row * width + at] ?? 0;
      scaled[row * width + at] = (value - (mean[at] ?? 0)) / (deviation[at] ?? 1);
    }
  }
  return scaled;
}

/** Parameters for features as they come, from those for standardised ones. */
export function foldStandard({ first }: Differentiable, parameters: Weights, standard: Standard): Weights {
  const kernel = float32Of(parameters, first.kernel);
  const bias = float32Of(parameters, first.bias);
  const folded = foldKernel(Float64Array.from(kernel), Float64Array.from(bias), standard);
  return new Map(parameters)
    .set(first.kernel, float32([standard.mean.length, bias.length], Float32Array.from(folded.kernel)))
    .set(first.bias, float32([bias.length], Float32Array.from(folded.bias)));
}

/**
 * W x' + b = (W / s) x + (b - W m / s).
 * @param kernel [width, outputs].
 */
export function foldKernel(
  kernel: Float64Array,
  bias: Float64Array,
  { mean, deviation }: Standard,
): { kernel: Float64Array; bias: Float64Array } {
  const outputs = bias.length;
  const moved = Float64Array.from(bias);
  const scaled = kernel.map((value, at) => {
    const feature = Math.floor(at / outputs);
    const output = at % outputs;
    const weight = value / (deviation[feature] ?? 1);
    moved[output] = (moved[output] ?? 0) - weight * (mean[feature] ?? 0);
    return weight;
  });
  return { kernel: scaled, bias: moved };
}
