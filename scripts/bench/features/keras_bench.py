"""Keras's side of features.mjs: features of photographs, and 20 epochs of a head on a frozen backbone.

    python keras_bench.py TASK MODEL PHOTOS RESULT

TASK is `function` (the network as a tf.function), `predict` (model.predict), `fit` (as the transfer-learning guide
writes it: the frozen backbone is a part of the model) or `fit-cached` (the same with the prepared photographs kept in
memory). MODEL holds the weights as TensorFlow.js layers, PHOTOS a folder of JPEG files for each class. RESULT is a JSON
file.
"""

import json
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

TASK, MODEL, PHOTOS, RESULT = sys.argv[1:5]
BATCH, EPOCHS, SIZE = 32, 20, 224
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
# Expansion, channels, blocks, and stride of the first block.
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


def mobilenet_v2():
    """Layer by layer keras.applications.MobileNetV2, with the padding and epsilon that the weights were trained with."""
    count = 0

    def normed(x, convolution, active=True):
        nonlocal count
        x = layers.BatchNormalization(epsilon=1e-5, name=f"norm{count}")(convolution(x))
        count += 1
        return layers.ReLU(6.0)(x) if active else x

    def spread(x, stride):
        return (x, "same") if stride == 1 else (layers.ZeroPadding2D(1)(x), "valid")

    def conv(x, filters, kernel, stride=1, active=True):
        x, padding = spread(x, stride)
        layer = layers.Conv2D(filters, kernel, stride, padding, use_bias=False, name=f"conv{count}")
        return normed(x, layer, active)

    def depthwise(x, stride):
        x, padding = spread(x, stride)
        return normed(x, layers.DepthwiseConv2D(3, stride, padding, use_bias=False, name=f"conv{count}"))

    inputs = keras.Input((SIZE, SIZE, 3))
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
        kinds = ["gamma", "beta", "moving_mean", "moving_variance"]
        if layer.name.startswith("conv"):
            kinds = ["depthwise_kernel" if isinstance(layer, layers.DepthwiseConv2D) else "kernel"]
        if layer.weights:
            layer.set_weights([values[f"{layer.name}/{kind}"] for kind in kinds])


def load(path, label):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    shape = tf.cast(tf.shape(image)[:2], tf.float32)
    size = tf.cast(tf.round(shape * 256 / tf.reduce_min(shape)), tf.int32)
    image = tf.image.resize(image, size, antialias=True)
    corner = (size - SIZE) // 2
    image = tf.image.crop_to_bounding_box(image, corner[0], corner[1], SIZE, SIZE)
    return (image / 255 - MEAN) / STD, label


classes = sorted(folder for folder in pathlib.Path(PHOTOS).iterdir() if folder.is_dir())
files = [(str(path), index) for index, folder in enumerate(classes) for path in sorted(folder.iterdir())]
paths, labels = [path for path, _ in files], [label for _, label in files]
data = tf.data.Dataset.from_tensor_slices((paths, labels)).map(load, tf.data.AUTOTUNE)
if TASK == "fit-cached":
    data = data.cache()
data = data.batch(BATCH).prefetch(2)

base = mobilenet_v2()
set_weights(base, pathlib.Path(MODEL))
base.trainable = False

# Building graphs is not what is measured: each task has its first batch before the clock starts.
preparing = time.perf_counter()
first = next(iter(data))
found = {}
if TASK == "predict":
    base.predict(first[0], verbose=0)
    ready, cpu = time.perf_counter(), time.process_time()
    features = base.predict(data, verbose=0)
    found["sample"] = features[0].tolist()
elif TASK == "function":
    run = tf.function(lambda batch: base(batch, training=False))
    run(first[0])
    ready, cpu = time.perf_counter(), time.process_time()
    blocks = [run(batch).numpy() for batch, _ in data]
    found["sample"] = blocks[0][0].tolist()
else:
    inputs = keras.Input((SIZE, SIZE, 3))
    outputs = layers.Dense(len(classes))(base(inputs, training=False))
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.train_on_batch(*first)
    ready, cpu = time.perf_counter(), time.process_time()
    model.fit(data, epochs=EPOCHS, verbose=0)
seconds, cpu = time.perf_counter() - ready, time.process_time() - cpu
versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
found |= {"seconds": seconds, "cpu": cpu, "firstBatch": ready - preparing}
found |= {"examples": len(files), "versions": versions}
pathlib.Path(RESULT).write_text(json.dumps(found))
