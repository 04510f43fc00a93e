"""Keras's side of the last third of finetune.mjs: MobileNetV2's last 16 of 52 convolutions are trained on 256 photographs.

    python keras_third.py MODE EPOCHS MODEL PHOTOS RESULT

MODE is `frozen` (the layers before are frozen and a part of the model; the prepared photographs are kept in memory) or
`cached` (what those layers give is computed once, by hand). BatchNorm keeps its statistics in both.
"""

import json
import os
import pathlib
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.append(str(pathlib.Path(__file__).parents[1] / "features"))
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from mobilenet import StoredNormalization, load, mobilenet_v2, set_weights  # noqa: E402

MODE, EPOCHS, MODEL, PHOTOS, RESULT = sys.argv[1:6]
BATCH, FIRST = 16, 36

began = time.perf_counter()
classes = sorted(folder for folder in pathlib.Path(PHOTOS).iterdir() if folder.is_dir())
files = [(str(path), index) for index, folder in enumerate(classes) for path in sorted(folder.iterdir())]
data = tf.data.Dataset.from_tensor_slices(tuple(map(list, zip(*files)))).map(load, tf.data.AUTOTUNE)

base = mobilenet_v2(normalization=StoredNormalization)
set_weights(base, pathlib.Path(MODEL))
for layer in base.layers:
    if layer.weights:
        layer.trainable = int(layer.name.removeprefix("conv").removeprefix("norm")) >= FIRST
boundary = base.get_layer(f"conv{FIRST}").input
if MODE == "cached":
    front, base = keras.Model(base.inputs, boundary), keras.Model(boundary, base.outputs[0])
    maps = front.predict(data.batch(BATCH), verbose=0)
    data = tf.data.Dataset.from_tensor_slices((maps, [index for _, index in files]))
else:
    data = data.cache()
# All of them are in the buffer, so that an epoch has the order of none before.
data = data.shuffle(len(files), seed=0).batch(BATCH).prefetch(2)
inputs = keras.Input(base.inputs[0].shape[1:])
model = keras.Model(inputs, keras.layers.Dense(len(classes))(base(inputs)))
model.compile(
    optimizer=keras.optimizers.Adam(1e-4),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)


class Ends(keras.callbacks.Callback):
    """When each epoch ended."""

    def __init__(self):
        super().__init__()
        self.times, self.losses = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.times.append(time.perf_counter())
        self.losses.append(logs["loss"])


ends, cpu = Ends(), time.process_time()
model.fit(data, epochs=int(EPOCHS), verbose=0, callbacks=[ends])
seconds = statistics.median(after - before for before, after in zip(ends.times, ends.times[1:]))
found = {"seconds": seconds, "perSecond": 1 / seconds, "firstBatch": ends.times[0] - began}
found |= {"cpu": time.process_time() - cpu, "losses": ends.losses[:3], "tensors": len(model.trainable_weights)}
found["versions"] = {"TensorFlow": tf.__version__, "Keras": keras.__version__}
pathlib.Path(RESULT).write_text(json.dumps(found))
