"""Keras's side of the steps of finetune.mjs.

    python keras_steps.py NETWORK MODE STEPS MODEL SHARED RESULT

MODE is `guide` (as the transfer-learning guide fine-tunes: the base is called with training=False, which Keras 3 then
overrides, so that BatchNorm is in training mode), `stored` (BatchNorm keeps its statistics and trains scale and offset),
or `folded` (BatchNorm folded into the convolutions by hand). MODEL holds MobileNetV2 as TensorFlow.js layers, SHARED is the folder of prepare.mjs.
"""

import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.append(str(pathlib.Path(__file__).parents[1] / "features"))
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras_networks import minilm, resnet50  # noqa: E402
from mobilenet import StoredNormalization, mobilenet_v2, set_weights  # noqa: E402
from prepared import read_batches, read_weights, time_steps  # noqa: E402

NETWORK, MODE, STEPS, MODEL, SHARED, RESULT = sys.argv[1:7]
TEXT = NETWORK == "minilm-l6-v2"
folder = pathlib.Path(SHARED) / NETWORK
weights = read_weights(folder)
inputs, labels = read_batches(folder, TEXT)

began = time.perf_counter()
how = {"folded": MODE == "folded"} | ({"normalization": StoredNormalization} if MODE == "stored" else {})
if TEXT:
    base = minilm(weights, inputs.shape[-1])
elif NETWORK == "resnet50":
    base = resnet50(weights, **how)
else:
    base = mobilenet_v2(**how)
    set_weights(base, pathlib.Path(MODEL))
given = [keras.Input(tensor.shape[1:], dtype=tensor.dtype) for tensor in base.inputs]
given = given if TEXT else given[0]
head = keras.layers.Dense(weights["head/bias"].size)
model = keras.Model(given, head(base(given, training=False)))
head.set_weights([weights["head/kernel"], weights["head/bias"]])
model.compile(
    optimizer=keras.optimizers.Adam(1e-4),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
batches = [
    ([tf.constant(rows), tf.ones(rows.shape, "int32")] if TEXT else tf.constant(rows), tf.constant(classes))
    for rows, classes in zip(inputs, labels)
]
time_steps(
    lambda index: model.train_on_batch(*batches[index % len(batches)]),
    int(STEPS),
    began,
    RESULT,
    versions={"TensorFlow": tf.__version__, "Keras": keras.__version__},
    tensors=len(model.trainable_weights),
)
