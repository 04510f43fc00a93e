/** The examples as a matrix: one row an example, one column a feature. Solvers need two products with it. */
import { type Tensor2D, tf } from '../../runtime/tensorflow.js';

export interface DesignMatrix {
  readonly rows: number;
  readonly width: number;
  /** Relative error of what is computed with it. */
  readonly noise: number;
  /** @param weights [columns, width]. @returns the matrix times their transpose: [rows, columns]. */
  multiply(weights: Float64Array, columns: number): Float64Array | Float32Array;
  /** @param residuals [rows, columns]. @returns their transpose times the matrix: [columns, width]. */
  multiplyTransposed(residuals: Float64Array, columns: number): Float64Array | Float32Array;
  dispose(): void;
}

/** Products in float64 on one core: exact enough for any tolerance, about 1e9 multiplications a second. */
export class Float64Matrix implements DesignMatrix {
  readonly #values: Float64Array;
  readonly rows: number;
  readonly width: number;
  readonly noise = 1e-15;

  /** @param values [rows, width], not copied. */
  constructor(values: Float64Array, rows: number, width: number) {
    this.#values = values;
    this.rows = rows;
    this.width = width;
  }

  multiply(weights: Float64Array, columns: number): Float64Array {
    return multiplyByTransposed(this.#values, this.rows, weights, columns, this.width);
  }

  multiplyTransposed(residuals: Float64Array, columns: number): Float64Array {
    const { rows, width } = this;
    const values = this.#values;
    const product = new Float64Array(columns * width);
    // Two rows at a time: each pass over a row of the product does the work of two.
    for (let row = 0; row < rows; row += 2) {
      const first = row * width;
      const second = row + 1 < rows ? first + width : first;
      for (let column = 0; column < columns; column++) {
        const one = residuals[row * columns + column] ?? 0;
        const two = row + 1 < rows ? (residuals[(row + 1) * columns + column] ?? 0) : 0;
        if (one === 0 && two === 0) continue; // rows that were left out for validation
        const to = column * width;
        for (let at = 0; at < width; at++) {
          product[to + at] =
            (product[to + at] ?? 0) + one * (values[first + at] ?? 0) + two * (values[second + at] ?? 0);
        }
      }
    }
    return product;
  }

  dispose(): void {
    // Plain memory: nothing to free.
  }
}

/** Products in float32 on TensorFlow's threads, many times as fast: gradients are right to about 1e-6. */
export class TensorMatrix implements DesignMatrix {
  readonly #tensor: Tensor2D;
  readonly rows: number;
  readonly width: number;
  readonly noise = 1e-7;

  /** @param values [rows, width]. @throws ZooError `NO_RUNTIME`. */
  constructor(values: Float64Array | Float32Array, rows: number, width: number) {
    const narrow = values instanceof Float32Array ? values : Float32Array.from(values);
    this.#tensor = tf.tensor2d(narrow, [rows, width]);
    this.rows = rows;
    this.width = width;
  }

  multiply(weights: Float64Array, columns: number): Float32Array {
    const right = tf.tensor2d(Float32Array.from(weights), [columns, this.width]);
    const product = tf.matMul<Tensor2D>(this.#tensor, right, false, true);
    return take(product, right);
  }

  multiplyTransposed(residuals: Float64Array, columns: number): Float32Array {
    const left = tf.tensor2d(Float32Array.from(residuals), [this.rows, columns]);
    const product = tf.matMul<Tensor2D>(left, this.#tensor, true, false);
    return take(product, left);
  }

  dispose(): void {
    this.#tensor.dispose();
  }
}

/** Not in a tidy, which walks through every number that it returns. */
function take(product: Tensor2D, operand: Tensor2D): Float32Array {
  try {
    return product.dataSync<'float32'>();
  } finally {
    product.dispose();
    operand.dispose();
  }
}

type Numbers = Float64Array | Float32Array;

/**
 * left [rows, width] times the transpose of right [columns, width], in float64: blocks of 4 by 2, so that each number
 * that is loaded is used several times.
 */
export function multiplyByTransposed(
  left: Numbers,
  rows: number,
  right: Numbers,
  columns: number,
  width: number,
): Float64Array {
  const product = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row += 4) {
    // At the edge the last row is computed more than once.
    const r1 = Math.min(row + 1, rows - 1);
    const r2 = Math.min(row + 2, rows - 1);
    const r3 = Math.min(row + 3, rows - 1);
    const [a, b, c, d] = [row * width, r1 * width, r2 * width, r3 * width];
    for (let column = 0; column < columns; column += 2) {
      const next = Math.min(column + 1, columns - 1);
      const [p, q] = [column * width, next * width];
      let [ap, bp, cp, dp, aq, bq, cq, dq] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let at = 0; at < width; at++) {
        const [x, y] = [right[p + at] ?? 0, right[q + at] ?? 0];
        const [k, l, m, n] = [left[a + at] ?? 0, left[b + at] ?? 0, left[c + at] ?? 0, left[d + at] ?? 0];
        ap += k * x;
        aq += k * y;
        bp += l * x;
        bq += l * y;
        cp += m * x;
        cq += m * y;
        dp += n * x;
        dq += n * y;
      }
      product[row * columns + column] = ap;
      product[r1 * columns + column] = bp;
      product[r2 * columns + column] = cp;
      product[r3 * columns + column] = dp;
      product[row * columns + next] = aq;
      product[r1 * columns + next] = bq;
      product[r2 * columns + next] = cq;
      product[r3 * columns + next] = dq;
    }
  }
  return product;
}
