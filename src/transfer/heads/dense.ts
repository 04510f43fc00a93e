/** A dense layer in plain arrays: heads run without TensorFlow. */

/**
 * inputs [rows, width] times kernel [width, outputs], plus bias, summed in float64.
 * @returns [rows, outputs].
 */
export function dense(
  inputs: Float32Array,
  rows: number,
  width: number,
  kernel: Float32Array,
  bias: Float32Array,
): Float32Array {
  const outputs = bias.length;
  const result = new Float32Array(rows * outputs);
  const sums = new Float64Array(outputs);
  for (let row = 0; row < rows; row++) {
    sums.set(bias);
    for (let at = 0; at < width; at++) {
      const value = inputs[row * width + at] ?? 0;
      if (value === 0) continue; // features behind a ReLU are often zero
      const from = at * outputs;
      for (let output = 0; output < outputs; output++) {
        sums[output] = (sums[output] ?? 0) + value * (kernel[from + output] ?? 0);
      }
    }
    result.set(sums, row * outputs);
  }
  return result;
}

/** Divides each row by its length, in a copy; a row of zeros stays. */
export function unitLength(features: Float32Array, rows: number, width: number): Float32Array {
  const scaled = new Float32Array(features.length);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let squares = 0;
    for (let at = start; at < start + width; at++) squares += (features[at] ?? 0) ** 2;
    const length = Math.sqrt(squares) || 1;
    for (let at = start; at < start + width; at++) scaled[at] = (features[at] ?? 0) / length;
  }
  return scaled;
}
