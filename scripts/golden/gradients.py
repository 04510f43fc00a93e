"""Gradients by Python's TensorFlow of the operations in src/graph/gradients/: tests/golden/gradients.json.

    python scripts/golden/gradients.py

The loss of a case is the sum of its output times `numbers(shape, 9)`. Inputs are made by `numbers` too, with the
position of the input as seed; tests/graph/gradients/gradients.test.ts makes the same ones.
"""

import json
import pathlib

import numpy as np
import tensorflow as tf

ROOT = pathlib.Path(__file__).resolve().parents[2]


def numbers(shape, seed):
    """Numbers between -1.6 and 1.6, never 0 and at least 1/32 apart from their neighbours; exact in float32."""
    index = np.arange(np.prod(shape, dtype=np.int64), dtype=np.int64)
    values = ((index * 37 + seed * 11) % 101 - 50) / 32 + 1 / 64
    return values.astype(np.float32).reshape(shape)


def positive(x):
    return tf.abs(x) + 0.5


def layer_norm(x, scale, shift):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, shift, scale, 1e-6)


def batch_norm(x, scale, offset):
    mean = tf.constant(numbers([3], 7))
    variance = positive(tf.constant(numbers([3], 8)))
    y, _, _ = tf.compat.v1.nn.fused_batch_norm(x, scale, offset, mean, variance, 1e-3, is_training=False)
    return y


def batch_norm_of_own_statistics(x, scale, offset):
    mean, variance = tf.nn.moments(x, [0, 1, 2])
    return tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-3)


INDICES = tf.constant([[[0, 1], [1, 2]], [[0, 1], [1, 0]]])
SEGMENTS = tf.constant([0, 0, 0, 1])
EXPLICIT = [[0, 0], [2, 1], [1, 2], [0, 0]]

MAP = [2, 7, 8, 3]
CASES = {
    'relu': ([[4, 6]], tf.nn.relu),
    'relu6': ([[4, 6]], lambda x: tf.nn.relu6(x * 8)),
    'elu': ([[4, 6]], tf.nn.elu),
    'selu': ([[4, 6]], tf.nn.selu),
    'leakyRelu': ([[4, 6]], lambda x: tf.nn.leaky_relu(x, 0.1)),
    'sigmoid': ([[4, 6]], tf.sigmoid),
    'tanh': ([[4, 6]], tf.tanh),
    'softplus': ([[4, 6]], tf.nn.softplus),
    'rsqrt': ([[4, 6]], lambda x: tf.math.rsqrt(positive(x))),
    'sqrt': ([[4, 6]], lambda x: tf.sqrt(positive(x))),
    'reciprocal': ([[4, 6]], lambda x: tf.math.reciprocal(positive(x))),
    'gelu': ([[4, 6]], lambda x: tf.nn.gelu(x, approximate=False)),
    'layerNorm': ([[2, 3, 8], [8], [8]], layer_norm),
    'softmaxCrossEntropy': (
        [[4, 6]],
        lambda x: tf.nn.softmax_cross_entropy_with_logits(tf.nn.softmax(tf.constant(numbers([4, 6], 5))), x),
    ),
    'batchNorm': ([[2, 3, 4, 3], [3], [3]], batch_norm),
    'batchNormOfOwnStatistics': ([[2, 3, 4, 3], [3], [3]], batch_norm_of_own_statistics),
    'biasAdd': ([[2, 3, 4, 5], [5]], tf.nn.bias_add),
    'addBroadcast': ([[3, 1, 4], [2, 1]], tf.add),
    'sum': ([[3, 4, 5]], lambda x: tf.reduce_sum(x, [0, 2])),
    'mean': ([[3, 4, 5]], lambda x: tf.reduce_mean(x, [1, -1], keepdims=True)),
    'meanOfAll': ([[3, 4, 5]], lambda x: tf.reduce_mean(x)),
    'tile': ([[2, 3, 1, 4, 2]], lambda x: tf.tile(x, [1, 2, 3, 1, 2])),
    'broadcastTo': ([[3, 1]], lambda x: tf.broadcast_to(x, [2, 3, 4])),
    'conv2dSame': ([MAP, [3, 3, 3, 4]], lambda x, f: tf.nn.conv2d(x, f, 2, 'SAME')),
    'conv2dValid': ([MAP, [3, 2, 3, 4]], lambda x, f: tf.nn.conv2d(x, f, [2, 1], 'VALID')),
    'conv2dExplicit': ([MAP, [3, 3, 3, 4]], lambda x, f: tf.nn.conv2d(x, f, 2, EXPLICIT)),
    'conv2dDilatedSame': ([MAP, [3, 3, 3, 4]], lambda x, f: tf.nn.conv2d(x, f, 1, 'SAME', dilations=[2, 3])),
    'conv2dDilatedValid': ([MAP, [2, 3, 3, 4]], lambda x, f: tf.nn.conv2d(x, f, 1, 'VALID', dilations=2)),
    'conv2dDilatedExplicit': (
        [MAP, [3, 3, 3, 4]],
        lambda x, f: tf.nn.conv2d(tf.pad(x, EXPLICIT), f, 1, 'VALID', dilations=2),
    ),
    'depthwiseSame': ([MAP, [3, 3, 3, 2]], lambda x, f: tf.nn.depthwise_conv2d(x, f, [1, 2, 2, 1], 'SAME')),
    'depthwiseExplicit': (
        [MAP, [3, 3, 3, 1]],
        lambda x, f: tf.nn.depthwise_conv2d(tf.pad(x, EXPLICIT), f, [1, 2, 2, 1], 'VALID'),
    ),
    'depthwiseDilated': (
        [MAP, [3, 3, 3, 1]],
        lambda x, f: tf.nn.depthwise_conv2d(x, f, [1, 1, 1, 1], 'SAME', dilations=[2, 2]),
    ),
    'maxPool': ([MAP], lambda x: tf.nn.max_pool2d(x, 3, 2, 'SAME')),
    'avgPool': ([MAP], lambda x: tf.nn.avg_pool2d(x, [3, 2], [2, 1], 'SAME')),
    'avgPoolValid': ([MAP], lambda x: tf.nn.avg_pool2d(x, 2, 2, 'VALID')),
    'stridedSlice': ([[4, 5, 6]], lambda x: x[1:4:2, None, 3, ..., ::-2]),
    'stridedSliceOfOne': ([[2, 4, 3]], lambda x: x[:, 0, :]),
    'einsumProjection': ([[2, 3, 4], [4, 2, 5]], lambda a, b: tf.einsum('abc,cde->abde', a, b)),
    'einsumAttention': ([[2, 3, 4, 5], [2, 6, 4, 5]], lambda a, b: tf.einsum('BFNH,BTNH->BNFT', a, b)),
    'einsumSummed': ([[2, 3], [3, 4, 2]], lambda a, b: tf.einsum('ab,bcd->bd', a, b)),
    'einsumOfOne': ([[2, 3, 4]], lambda a: tf.einsum('abc->ca', a)),
    'gatherNd': ([[2, 3, 4]], lambda x: tf.gather_nd(x, INDICES)),
    'gather': ([[4, 3]], lambda x: tf.gather(x, tf.constant([[0, 2], [2, 3]]))),
    'scatterNd': ([[4, 2]], lambda x: tf.scatter_nd(tf.constant([[1], [3], [1], [0]]), x, [5, 2])),
    'sparseSegmentSum': ([[4, 3]], lambda x: tf.sparse.segment_sum(x, tf.constant([0, 2, 2, 3]), SEGMENTS)),
    'sparseSegmentMean': ([[4, 3]], lambda x: tf.sparse.segment_mean(x, tf.constant([0, 2, 2, 3]), SEGMENTS)),
    'depthToSpace': ([[2, 2, 3, 8]], lambda x: tf.nn.depth_to_space(x, 2)),
    'comparison': (
        [[4, 6], [4, 6]],
        lambda a, b: tf.where(tf.logical_or(a > b, tf.equal(a, b)), a * 2, b * b)
        + tf.cast(tf.logical_not(a <= b), tf.float32) * a,
    ),
    'matMulOfOneMatrix': ([[2, 3, 4], [4, 5]], tf.matmul),
    'matMulTransposed': (
        [[2, 1, 4, 3], [3, 5, 4]],
        lambda a, b: tf.matmul(a, b, transpose_a=True, transpose_b=True),
    ),
}


def main():
    cases = {}
    for name, (shapes, compute) in CASES.items():
        inputs = [tf.Variable(numbers(shape, seed)) for seed, shape in enumerate(shapes)]
        with tf.GradientTape() as tape:
            output = compute(*inputs)
            loss = tf.reduce_sum(output * numbers(output.shape.as_list(), 9))
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, inputs)]
        cases[name] = {
            'shapes': shapes,
            'output': output.shape.as_list(),
            'gradients': [[float(f'{v:.8g}') for v in g.numpy().ravel()] for g in gradients],
        }
    result = {'program': f'TensorFlow {tf.__version__} for Python', 'cases': cases}
    target = ROOT / 'tests' / 'golden' / 'gradients.json'
    target.write_text(json.dumps(result) + '\n')


if __name__ == '__main__':
    main()
