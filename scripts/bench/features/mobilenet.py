"""MobileNetV2 for Keras with our weights, and pictures for it: what the Python contestants of several benchmarks share."""

import json

import keras
import numpy as np
import tensorflow as tf
from keras import layers

SIZE = 224
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
EPSILON = 1e-5
NORM = ["gamma", "beta", "moving_mean", "moving_variance"]
# Expansion, channels, blocks, and stride of the first block.
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


class StoredNormalization(layers.BatchNormalization):
    """BatchNorm that keeps its statistics while its scale and offset are trained.

    Calling a model with training=False does not do that in Keras 3: `fit` overrides it in the layers of a functional
    model (issue 20285 of keras-team/keras).
    """

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


def mobilenet_v2(size=SIZE, folded=False, normalization=layers.BatchNormalization):
    """Layer by layer keras.applications.MobileNetV2, with the padding and epsilon that the weights were trained with.

    Layers with weights are called conv0, norm0, conv1, ... in the order of the forward pass. Folded, convolutions have
    a bias instead of a BatchNorm behind them.
    """
    count = 0

    def normed(x, convolution, active=True):
        nonlocal count
        x = convolution(x)
        if not folded:
            x = normalization(epsilon=EPSILON, name=f"norm{count}")(x)
        count += 1
        return layers.ReLU(6.0)(x) if active else x

    def spread(x, stride):
        return (x, "same") if stride == 1 else (layers.ZeroPadding2D(1)(x), "valid")

    def conv(x, filters, kernel, stride=1, active=True):
        x, padding = spread(x, stride)
        layer = layers.Conv2D(filters, kernel, stride, padding, use_bias=folded, name=f"conv{count}")
        return normed(x, layer, active)

    def depthwise(x, stride):
        x, padding = spread(x, stride)
        return normed(x, layers.DepthwiseConv2D(3, stride, padding, use_bias=folded, name=f"conv{count}"))

    inputs = keras.Input((size, size, 3))
    x = conv(inputs, 32, 3, 2)
    for expansion, channels, blocks, first in STAGES:
        for block in range(blocks):
            before = x
            if expansion > 1:
                x = conv(x, expansion * x.shape[-1], 1)
            x = conv(depthwise(x, first if block == 0 else 1), channels, 1, active=False)
            if block > 0:
                x = layers.Add()([before, x])
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(conv(x, 1280, 1)))


def set_weights(model, folder):
    """By layer: a kernel, or the four of a BatchNorm in Keras's order."""
    values, at = {}, 0
    stored = (folder / "weights.bin").read_bytes()
    for group in json.loads((folder / "model.json").read_text())["weightsManifest"]:
        for weight in group["weights"]:
            count = int(np.prod(weight["shape"]))
            values[weight["name"]] = np.frombuffer(stored, "<f4", count, at).reshape(weight["shape"])
            at += 4 * count
    for layer in model.layers:
        if not layer.weights:
            continue
        if layer.name.startswith("norm"):
            layer.set_weights([values[f"{layer.name}/{kind}"] for kind in NORM])
            continue
        kind = "depthwise_kernel" if isinstance(layer, layers.DepthwiseConv2D) else "kernel"
        kernel = values[f"{layer.name}/{kind}"]
        if layer.use_bias:
            norm = layer.name.replace("conv", "norm")
            layer.set_weights(fold(kernel, kind, *(values[f"{norm}/{part}"] for part in NORM)))
        else:
            layer.set_weights([kernel])


def fold(kernel, kind, gamma, beta, mean, variance, bias=0.0):
    """Kernel and bias of a convolution that does what it did with the BatchNorm on stored statistics behind it."""
    scale = gamma / np.sqrt(variance + EPSILON)
    by_kernel = scale[:, np.newaxis] if kind == "depthwise_kernel" else scale
    return [kernel * by_kernel, (bias - mean) * scale + beta]


def load(path, label, size=SIZE):
    """A picture as the card says: the shorter side to 256 of 224, the middle, normalised."""
    image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
    shape = tf.cast(tf.shape(image)[:2], tf.float32)
    shorter = tf.round(256 * size / SIZE)
    resized = tf.cast(tf.round(shape * shorter / tf.reduce_min(shape)), tf.int32)
    image = tf.image.resize(image, resized, antialias=True)
    corner = (resized - size) // 2
    image = tf.image.crop_to_bounding_box(image, corner[0], corner[1], size, size)
    return (image / 255 - MEAN) / STD, label
