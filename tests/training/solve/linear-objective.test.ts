import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '../../../src/runtime/tensorflow.js';
import { Float64Matrix, TensorMatrix } from '../../../src/training/solve/design-matrix.js';
import { evaluateTogether, type LinearObjective } from '../../../src/training/solve/linear-objective.js';
import { type Loss, meanLoss } from '../../../src/transfer/heads/loss.js';
import { Lcg } from './made-features.js';

const ROWS = 7;
const WIDTH = 5;
const OUTPUTS = 3;
const LOSSES: readonly Loss[] = ['softmax', 'sigmoid', 'squared'];

function problem(loss: Loss) {
  const lcg = new Lcg();
  const values = lcg.normals(ROWS * WIDTH);
  const targets = new Float64Array(ROWS * OUTPUTS);
  for (let row = 0; row < ROWS; row++) {
    if (loss === 'softmax') targets[row * OUTPUTS + (row % OUTPUTS)] = 1;
    else
      for (let at = 0; at < OUTPUTS; at++)
        targets[row * OUTPUTS + at] = loss === 'sigmoid' ? (row + at) % 2 : lcg.normal();
  }
  const weights = Float64Array.of(1, 0, 2, 1, 0.5, 1, 3);
  const objective: LinearObjective = { loss, outputs: OUTPUTS, targets, weights, c: 0.7 };
  return { values, objective, point: lcg.normals(OUTPUTS * (WIDTH + 1)) };
}

function valueAt(objective: LinearObjective, values: Float64Array, point: Float64Array) {
  const [evaluation] = evaluateTogether(new Float64Matrix(values, ROWS, WIDTH), [objective], [point]);
  if (evaluation === undefined) throw new Error('one objective gives one value');
  return evaluation;
}

describe.each(LOSSES)('the %s objective', (loss) => {
  it('has the gradient that finite differences give', () => {
    const { values, objective, point } = problem(loss);
    const { gradient } = valueAt(objective, values, point);
    point.forEach((x, at) => {
      const step = 1e-5;
      const [up, down] = [point.slice(), point.slice()];
      up[at] = x + step;
      down[at] = x - step;
      const slope =
        (valueAt(objective, values, up).value - valueAt(objective, values, down).value) / (2 * step);
      expect(gradient[at]).toBeCloseTo(slope, 8);
    });
  });

  it('is what TensorFlow computes: loss, weights and penalty', () => {
    const { values, objective, point } = problem(loss);
    const found = tf.tidy(() => {
      const kernel = tf.tensor2d(Float32Array.from(point.subarray(0, OUTPUTS * WIDTH)), [OUTPUTS, WIDTH]);
      const bias = tf.tensor1d(Float32Array.from(point.subarray(OUTPUTS * WIDTH)));
      const features = tf.tensor2d(Float32Array.from(values), [ROWS, WIDTH]);
      const outputs = tf.matMul(features, kernel, false, true).add(bias).as2D(ROWS, OUTPUTS);
      const targets = tf.tensor2d(Float32Array.from(objective.targets), [ROWS, OUTPUTS]);
      const weights = tf.tensor1d(Float32Array.from(objective.weights));
      const penalty = kernel
        .square()
        .sum()
        .div(2 * objective.c * 8.5);
      return meanLoss(loss, outputs, targets, weights).add(penalty).dataSync()[0];
    });
    expect(valueAt(objective, values, point).value).toBeCloseTo(found ?? Number.NaN, 5);
  });

  it('has the same value and gradient alone, beside others, and in float32', () => {
    const { values, objective, point } = problem(loss);
    const alone = valueAt(objective, values, point);
    const others = [
      { ...objective, c: 3 },
      objective,
      { ...objective, weights: objective.weights.map((w) => w + 1) },
    ];
    const points = [point.map((x) => -x), point, point];
    const [, beside] = evaluateTogether(new Float64Matrix(values, ROWS, WIDTH), others, points);
    expect(beside?.value).toBeCloseTo(alone.value, 14);
    alone.gradient.forEach((slope, at) => {
      expect(beside?.gradient[at]).toBeCloseTo(slope, 14);
    });
    const before = tf.memory().numTensors;
    const tensors = new TensorMatrix(values, ROWS, WIDTH);
    const [narrow] = evaluateTogether(tensors, [objective], [point]);
    tensors.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(narrow?.value).toBeCloseTo(alone.value, 5);
    alone.gradient.forEach((slope, at) => {
      expect(narrow?.gradient[at]).toBeCloseTo(slope, 5);
    });
  });

  it('does not see rows of weight 0', () => {
    const { values, objective, point } = problem(loss);
    const other = values.slice();
    other.fill(99, WIDTH, 2 * WIDTH);
    expect(valueAt(objective, other, point)).toEqual(valueAt(objective, values, point));
  });
});

describe('the products', () => {
  it('are those of the definition, for every size', () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.infiniteStream(fc.integer({ min: -9, max: 9 })),
        (rows, width, columns, numbers) => {
          const take = (count: number) =>
            Float64Array.from({ length: count }, () => numbers.next().value ?? 0);
          const [values, weights, residuals] = [
            take(rows * width),
            take(columns * width),
            take(rows * columns),
          ];
          const matrix = new Float64Matrix(values, rows, width);
          const product = new Float64Array(rows * columns);
          const transposed = new Float64Array(columns * width);
          for (let row = 0; row < rows; row++) {
            for (let column = 0; column < columns; column++) {
              for (let at = 0; at < width; at++) {
                const value = values[row * width + at] ?? 0;
                product[row * columns + column] =
                  (product[row * columns + column] ?? 0) + value * (weights[column * width + at] ?? 0);
                transposed[column * width + at] =
                  (transposed[column * width + at] ?? 0) + value * (residuals[row * columns + column] ?? 0);
              }
            }
          }
          expect(matrix.multiply(weights, columns).map((x) => x + 0)).toEqual(product.map((x) => x + 0));
          expect(matrix.multiplyTransposed(residuals, columns).map((x) => x + 0)).toEqual(
            transposed.map((x) => x + 0),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
