/**
 * Each registered gradient against Python's GradientTape (scripts/golden/gradients.py) and against finite differences.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { borrowMissingKernels } from '../../../src/formats/borrowed-kernels.js';
import { softmaxCrossEntropy } from '../../../src/graph/gradients/cross-entropy.js';
import { gelu } from '../../../src/graph/gradients/gelu.js';
import { layerNorm } from '../../../src/graph/gradients/layer-norm.js';
import { registerGradients } from '../../../src/graph/gradients/register-gradients.js';
import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../../../src/runtime/tensorflow.js';
import { thrownBy } from '../../support/thrown-by.js';

const golden = z
  .object({
    cases: z.record(
      z.string(),
      z.object({
        shapes: z.array(z.array(z.number())),
        output: z.array(z.number()),
        gradients: z.array(z.array(z.number())),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../golden/gradients.json', import.meta.url), 'utf8')));

/** Half of the smallest distance between two inputs, so that a step crosses no edge. */
const STEP = 2 ** -7;

/** As `numbers` in the Python script. */
function numbers(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, index) => {
    return (((index * 37 + seed * 11) % 101) - 50) / 32 + 1 / 64;
  });
  return tf.tensor(values, [...shape]);
}

const positive = (x: Tensor) => tf.add(tf.abs(x), 0.5);
const isMap = (x: Tensor): x is Tensor4D => x.rank === 4;
function map(x: Tensor): Tensor4D {
  if (isMap(x)) return x;
  throw new RangeError('not a map');
}

const isMatrix = (x: Tensor): x is Tensor2D => x.rank === 2;
function matrix(x: Tensor): Tensor2D {
  if (isMatrix(x)) return x;
  throw new RangeError('not a matrix');
}

const EXPLICIT: [[number, number], [number, number], [number, number], [number, number]] = [
  [0, 0],
  [2, 1],
  [1, 2],
  [0, 0],
];

type Compute = (x: Tensor, ...more: Tensor[]) => Tensor;

/** The second and third input of a case, which has them. */
const at = (tensors: readonly Tensor[], index: number): Tensor => {
  const tensor = tensors[index];
  if (tensor === undefined) throw new RangeError('a case has too few inputs');
  return tensor;
};

const CASES: Readonly<Record<string, Compute>> = {
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(tf.mul(x, 8)),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
  leakyRelu: (x) => tf.leakyRelu(x, 0.1),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  softplus: (x) => tf.softplus(x),
  rsqrt: (x) => tf.rsqrt(positive(x)),
  sqrt: (x) => tf.sqrt(positive(x)),
  reciprocal: (x) => tf.reciprocal(positive(x)),
  gelu,
  layerNorm: (x, ...more) => layerNorm(x, at(more, 0), at(more, 1), 1e-6),
  softmaxCrossEntropy: (x) => softmaxCrossEntropy(x, tf.softmax(numbers([4, 6], 5))),
  batchNorm: (x, ...more) =>
    tf.batchNorm(
      x,
      numbers([3], 7).as1D(),
      positive(numbers([3], 8)).as1D(),
      at(more, 1).as1D(),
      at(more, 0).as1D(),
      1e-3,
    ),
  batchNormOfOwnStatistics: (x, ...more) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean.as1D(), variance.as1D(), at(more, 1).as1D(), at(more, 0).as1D(), 1e-3);
  },
  biasAdd: (x, ...more) => tf.add(x, at(more, 0)),
  addBroadcast: (x, ...more) => tf.add(x, at(more, 0)),
  sum: (x) => tf.sum(x, [0, 2]),
  mean: (x) => tf.mean(x, [1, -1], true),
  meanOfAll: (x) => tf.mean(x),
  tile: (x) => tf.tile(x, [1, 2, 3, 1, 2]),
  broadcastTo: (x) => tf.broadcastTo(x, [2, 3, 4]),
  conv2dSame: (x, ...more) => tf.conv2d(map(x), map(at(more, 0)), 2, 'same'),
  conv2dValid: (x, ...more) => tf.conv2d(map(x), map(at(more, 0)), [2, 1], 'valid'),
  conv2dExplicit: (x, ...more) => tf.conv2d(map(x), map(at(more, 0)), 2, EXPLICIT),
  conv2dDilatedSame: (x, ...more) => tf.conv2d(map(x), map(at(more, 0)), 1, 'same', 'NHWC', [2, 3]),
  conv2dDilatedValid: (x, ...more) => tf.conv2d(map(x), map(at(more, 0)), 1, 'valid', 'NHWC', 2),
  conv2dDilatedExplicit: (x, ...more) => tf.conv2d(map(x), map(at(more, 0)), 1, EXPLICIT, 'NHWC', 2),
  depthwiseSame: (x, ...more) => tf.depthwiseConv2d(map(x), map(at(more, 0)), 2, 'same'),
  depthwiseExplicit: (x, ...more) => tf.depthwiseConv2d(map(x), map(at(more, 0)), 2, EXPLICIT),
  depthwiseDilated: (x, ...more) => tf.depthwiseConv2d(map(x), map(at(more, 0)), 1, 'same', 'NHWC', 2),
  maxPool: (x) => tf.maxPool(map(x), 3, 2, 'same'),
  avgPool: (x) => tf.avgPool(map(x), [3, 2], [2, 1], 'same'),
  avgPoolValid: (x) => tf.avgPool(map(x), 2, 2, 'valid'),
  // x[1:4:2, None, 3, ..., ::-2]
  stridedSlice: (x) =>
    tf.stridedSlice(x, [1, 0, 3, 0, 0], [4, 0, 4, 0, 0], [2, 1, 1, 1, -2], 16, 16, 8, 2, 4),
  stridedSliceOfOne: (x) => tf.stridedSlice(x, [0, 0, 0], [0, 1, 0], [1, 1, 1], 5, 5, 0, 0, 2),
  einsumProjection: (x, ...more) => tf.einsum('abc,cde->abde', x, at(more, 0)),
  einsumAttention: (x, ...more) => tf.einsum('BFNH,BTNH->BNFT', x, at(more, 0)),
  einsumSummed: (x, ...more) => tf.einsum('ab,bcd->bd', x, at(more, 0)),
  einsumOfOne: (x) => tf.einsum('abc->ca', x),
  gatherNd: (x) => tf.gatherND(x, tf.tensor([0, 1, 1, 2, 0, 1, 1, 0], [2, 2, 2], 'int32')),
  gather: (x) => tf.gather(x, tf.tensor2d([0, 2, 2, 3], [2, 2], 'int32')),
  scatterNd: (x) => tf.scatterND(tf.tensor2d([1, 3, 1, 0], [4, 1], 'int32'), x, [5, 2]),
  sparseSegmentSum: (x) => tf.sparse.sparseSegmentSum(matrix(x), [0, 2, 2, 3], [0, 0, 0, 1]),
  sparseSegmentMean: (x) => tf.sparse.sparseSegmentMean(matrix(x), [0, 2, 2, 3], [0, 0, 0, 1]),
  depthToSpace: (x) => tf.depthToSpace(map(x), 2),
  comparison: (x, ...more) => {
    const b = at(more, 0);
    const larger = tf.logicalOr(tf.greater(x, b), tf.equal(x, b));
    const chosen = tf.where(larger, tf.mul(x, 2), tf.mul(b, b));
    return tf.add(chosen, tf.mul(tf.cast(tf.logicalNot(tf.lessEqual(x, b)), 'float32'), x));
  },
  matMulOfOneMatrix: (x, ...more) => tf.matMul(x, at(more, 0)),
  matMulTransposed: (x, ...more) => tf.matMul(x, at(more, 0), true, true),
};

beforeAll(() => {
  borrowMissingKernels();
  registerGradients();
});

test('Python and this file have the same cases', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(Object.keys(golden.cases).toSorted());
});

describe.each(Object.entries(golden.cases))('%s', (name, { shapes, output, gradients }) => {
  const compute = (inputs: readonly Tensor[]) =>
    CASES[name]?.(at(inputs, 0), ...inputs.slice(1)) ?? tf.scalar(0);
  const inputsOf = () => shapes.map((shape, seed) => numbers(shape, seed));
  const loss = (...inputs: Tensor[]) => {
    const result = compute(inputs);
    expect(result.shape).toEqual(output);
    return tf.sum(tf.mul(result, numbers(output, 9))).asScalar();
  };

  test("has Python's gradients", () => {
    tf.tidy(() => {
      const found = tf
        .grads(loss)(inputsOf())
        .map((gradient) => [...gradient.dataSync()]);
      for (const [index, expected] of gradients.entries()) expectNear(found[index] ?? [], expected, 1e-4);
    });
  });

  test('has gradients that finite differences have', () => {
    tf.tidy(() => {
      const found = tf
        .grads(loss)(inputsOf())
        .map((gradient) => [...gradient.dataSync()]);
      const weights = numbers(output, 9).dataSync();
      // Summed in double precision: the difference of two sums is what counts.
      const exactLoss = (inputs: readonly Tensor[]) =>
        [...compute(inputs).dataSync()].reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0);
      for (const [index, shape] of shapes.entries()) {
        const size = shape.reduce((product, length) => product * length, 1);
        for (const place of new Set([0, Math.floor(size / 3), size - 1])) {
          const moved = (by: number) => {
            const inputs = inputsOf();
            const values = at(inputs, index).dataSync().slice();
            values[place] = (values[place] ?? 0) + by;
            inputs[index] = tf.tensor(values, [...shape]);
            return exactLoss(inputs);
          };
          const slope = (moved(STEP) - moved(-STEP)) / (2 * STEP);
          expectNear([found[index]?.[place] ?? Number.NaN], [slope], 2e-3);
        }
      }
    });
  });
});

/** Within `tolerance` of 1, or of what is expected where that is more. */
function expectNear(found: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length);
  const worst = found.reduce((most, value, index) => {
    const wanted = expected[index] ?? Number.NaN;
    const off = Math.abs(value - wanted) / Math.max(1, Math.abs(wanted));
    return Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(most, off);
  }, 0);
  expect(worst).toBeLessThanOrEqual(tolerance);
}

test('no tensor is left behind', () => {
  const x = numbers([2, 3, 4, 3], 0);
  const scale = numbers([3], 1);
  const step = () =>
    tf.dispose(
      tf.grads((input: Tensor, by: Tensor) => {
        const normal = tf.batchNorm(input, [0, 0, 0], [1, 1, 1], [0, 0, 0], by.as1D());
        return tf.mean(layerNorm(gelu(tf.relu6(normal)), by, by, 1e-6)).asScalar();
      })([x, scale]),
    );
  step();
  const before = tf.memory().numTensors;
  step();
  expect(tf.memory().numTensors).toBe(before);
});

test.each([
  [true, false],
  [false, true],
  [false, false],
])('BatchNorm has gradients with a scale: %s, with an offset: %s', (withScale, withOffset) => {
  tf.tidy(() => {
    const [x, mean, variance] = [
      map(numbers([2, 3, 3, 4], 1)),
      numbers([4], 7).as1D(),
      positive(numbers([4], 8)).as1D(),
    ];
    const [scale, offset] = [
      withScale ? numbers([4], 2) : tf.ones([4]),
      withOffset ? numbers([4], 3) : tf.zeros([4]),
    ];
    const given = [withOffset ? offset.as1D() : undefined, withScale ? scale.as1D() : undefined] as const;
    const gradientOf = (f: (x: Tensor) => Tensor) => tf.grad((y: Tensor) => tf.sum(tf.square(f(y))))(x);
    const found = gradientOf((y) => tf.batchNorm(map(y), mean, variance, ...given, 1e-3));
    const expected = gradientOf((y) =>
      tf.add(tf.mul(tf.mul(tf.sub(y, mean), tf.rsqrt(tf.add(variance, 1e-3))), scale), offset),
    );
    expect(tf.max(tf.abs(tf.sub(found, expected))).arraySync()).toBeLessThan(1e-4);
    expect(tf.max(tf.abs(expected)).arraySync()).toBeGreaterThan(1);
  });
});

test('a gradient of a gradient is refused, not computed wrongly', async () => {
  const slope = tf.grad((x: Tensor) => tf.sum(tf.sigmoid(x)).asScalar());
  const error = await thrownBy(() => tf.grad((x: Tensor) => tf.sum(slope(x)).asScalar())(tf.scalar(1)));
  expect(error).toMatchObject({ code: 'USAGE' });
});
