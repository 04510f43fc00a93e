/**
 * With fewer examples than features, the weights of a penalised linear head lie in the space that the examples span
 * (the representer theorem). The examples are written in an orthonormal basis of that space, which changes neither
 * the loss nor the penalty: 50 pictures with 1,280 features become a problem with at most 50.
 *
 * The basis comes from the Cholesky factor, with pivots, of the matrix of inner products (Higham, Accuracy and
 * Stability of Numerical Algorithms, 10.3), which also finds the rank: constant or repeated examples add nothing.
 */
import { multiplyByTransposed } from './design-matrix.js';

/** What is left of an example's squared length, relative to the longest, where it is taken for rounding. */
const RANK_TOLERANCE = 1e-10;

export interface Reduced {
  readonly width: number;
  /** The examples in the new basis: [rows, width]. */
  readonly values: Float64Array;
  /** Weights [outputs, width] back to the features: [outputs, full width]. */
  expand(weights: Float64Array, outputs: number): Float64Array;
}

/** @param values [rows, fullWidth]. */
export function reduceWidth(values: Float64Array, rows: number, fullWidth: number): Reduced {
  const gram = multiplyByTransposed(values, rows, values, rows, fullWidth);
  const { factor, pivots } = pivotedCholesky(gram, rows);
  const width = pivots.length;
  const reduced = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    reduced.set(factor.subarray(row * rows, row * rows + width), row * width);
  }
  return {
    width,
    values: reduced,
    expand(weights, outputs) {
      const full = new Float64Array(outputs * fullWidth);
      for (let output = 0; output < outputs; output++) {
        const shares = backSubstitute(
          reduced,
          pivots,
          weights.subarray(output * width, (output + 1) * width),
        );
        pivots.forEach((pivot, at) => {
          const share = shares[at] ?? 0;
          for (let feature = 0; feature < fullWidth; feature++) {
            const to = output * fullWidth + feature;
            full[to] = (full[to] ?? 0) + share * (values[pivot * fullWidth + feature] ?? 0);
          }
        });
      }
      return full;
    },
  };
}

/** Factor L [size, size] in the order of the rows given, its first `pivots.length` columns filled: gram = L Lᵀ. */
function pivotedCholesky(gram: Float64Array, size: number): { factor: Float64Array; pivots: number[] } {
  const factor = new Float64Array(size * size);
  const left = Float64Array.from({ length: size }, (_, row) => gram[row * size + row] ?? 0);
  const limit = RANK_TOLERANCE * Math.max(0, ...left);
  const pivots: number[] = [];
  for (let column = 0; column < size; column++) {
    let pivot = -1;
    left.forEach((value, row) => {
      if (value > limit && (pivot < 0 || value > (left[pivot] ?? 0))) pivot = row;
    });
    if (pivot < 0) break;
    const root = Math.sqrt(left[pivot] ?? 0);
    const chosen = new Set(pivots);
    for (let row = 0; row < size; row++) {
      if (chosen.has(row)) continue;
      let sum = gram[row * size + pivot] ?? 0;
      for (let at = 0; at < column; at++) {
        sum -= (factor[row * size + at] ?? 0) * (factor[pivot * size + at] ?? 0);
      }
      const entry = row === pivot ? root : sum / root;
      factor[row * size + column] = entry;
      left[row] = (left[row] ?? 0) - entry * entry;
    }
    left[pivot] = 0;
    pivots.push(pivot);
  }
  return { factor, pivots };
}

/** Solves Tᵀ x = u, where row i of the lower triangle T is the row `pivots[i]` of the reduced examples. */
function backSubstitute(reduced: Float64Array, pivots: readonly number[], u: Float64Array): Float64Array {
  const width = pivots.length;
  const x = Float64Array.from(u);
  for (let at = width - 1; at >= 0; at--) {
    const row = (pivots[at] ?? 0) * width;
    const value = (x[at] ?? 0) / (reduced[row + at] ?? 1);
    x[at] = value;
    for (let before = 0; before < at; before++) {
      x[before] = (x[before] ?? 0) - value * (reduced[row + before] ?? 0);
    }
  }
  return x;
}
