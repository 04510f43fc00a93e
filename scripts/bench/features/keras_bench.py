"""Keras's side of features.mjs: features of photos, and 20 epochs of a head on a frozen backbone.

    python keras_bench.py TASK NETWORK FOLDER

TASK is `features` (model.predict), `function` (the same model as a tf.function) or `head` (fit, as the transfer-learning
guide writes it). NETWORK is `mobilenet-v2` or `resnet50`; the weights are random, which costs the same time. FOLDER
holds one folder of JPEG files for each class. Prints one line of JSON.
"""
import json
import os
import pathlib
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

TASK, NETWORK, FOLDER = sys.argv[1:4]
BATCH, EPOCHS, SIZE = 32, 20, 224
NETWORKS = {
    "mobilenet-v2": keras.applications.MobileNetV2,
    "resnet50": keras.applications.ResNet50,
}


def load(path, label):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    image = tf.image.resize(image, (256, 256), antialias=True)
    offset = (256 - SIZE) // 2
    image = tf.image.crop_to_bounding_box(image, offset, offset, SIZE, SIZE)
    return image / 127.5 - 1.0, label


classes = sorted(folder for folder in pathlib.Path(FOLDER).iterdir() if folder.is_dir())
files = [(str(path), index) for index, folder in enumerate(classes) for path in sorted(folder.iterdir())]
paths, labels = [path for path, _ in files], [label for _, label in files]
data = tf.data.Dataset.from_tensor_slices((paths, labels)).map(load, tf.data.AUTOTUNE).batch(BATCH).prefetch(2)

base = NETWORKS[NETWORK](weights=None, include_top=False, pooling="avg", input_shape=(SIZE, SIZE, 3))
base.trainable = False

# Building graphs is not what is measured: each task has its first batch before the clock starts.
first = next(iter(data))
if TASK == "features":
    base.predict(first[0], verbose=0)
    begun = time.perf_counter()
    base.predict(data, verbose=0)
elif TASK == "function":
    run = tf.function(lambda batch: base(batch, training=False))
    run(first[0])
    begun = time.perf_counter()
    for batch, _ in data:
        run(batch).numpy()
else:
    inputs = keras.Input((SIZE, SIZE, 3))
    outputs = keras.layers.Dense(len(classes))(base(inputs, training=False))
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.train_on_batch(*first)
    begun = time.perf_counter()
    model.fit(data, epochs=EPOCHS, verbose=0)
seconds = time.perf_counter() - begun

peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "examples": len(files), "peakMB": peak, "version": keras.__version__}))
