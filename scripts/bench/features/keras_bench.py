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
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402
from mobilenet import SIZE, load, mobilenet_v2, set_weights  # noqa: E402

TASK, MODEL, PHOTOS, RESULT = sys.argv[1:5]
BATCH, EPOCHS = 32, 20
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
