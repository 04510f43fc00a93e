"""Keras's side of time to accuracy of finetune.mjs, after its guide "Transfer learning & fine-tuning".

    python keras_accuracy.py RATE MODEL DIGITS RESULT

First the output layer on the frozen network until it gets no better, then all layers at RATE, which is 1e-5 in the
guide; both measured on the test pictures after each epoch. It ends with the epoch that reaches the accuracy. The guide's random
flips are left out, since they make other digits, and so are its rotations, which only cost time here.
"""

import json
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.append(str(pathlib.Path(__file__).parents[1] / "features"))
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from mobilenet import load, mobilenet_v2, set_weights  # noqa: E402

RATE, MODEL, DIGITS, RESULT = sys.argv[1:5]
WANTED, SIZE, BATCH = 0.95, 64, 64
MOST_FROZEN, MOST_ALL, PATIENCE = 20, 300, 2


def pictures(part):
    """Prepared as for the other contestant, and kept in memory."""
    files = sorted(pathlib.Path(DIGITS, part).glob("*/*.png"))
    given = [str(file) for file in files], [int(file.parent.name) for file in files]
    prepared = tf.data.Dataset.from_tensor_slices(given)
    return prepared.map(lambda path, label: load(path, label, SIZE), tf.data.AUTOTUNE).cache(), len(files)


class StopAtAccuracy(keras.callbacks.Callback):
    """Ends training with the epoch that is good enough."""

    best = 0.0

    def on_epoch_end(self, epoch, logs=None):
        self.best = max(self.best, logs["val_accuracy"])
        if self.best >= WANTED:
            self.model.stop_training = True


train, count = pictures("train")
train = train.shuffle(count, seed=0).batch(BATCH).prefetch(2)
test = pictures("test")[0].batch(BATCH).prefetch(2)

base = mobilenet_v2(SIZE)
set_weights(base, pathlib.Path(MODEL))
inputs = keras.Input((SIZE, SIZE, 3))
x = keras.layers.Dropout(0.2)(base(inputs, training=False))
model = keras.Model(inputs, keras.layers.Dense(10)(x))
reached, epochs = StopAtAccuracy(), []
early = keras.callbacks.EarlyStopping("val_accuracy", patience=PATIENCE, restore_best_weights=True)
for trainable, rate, most in [(False, 1e-3, MOST_FROZEN), (True, float(RATE), MOST_ALL)]:
    base.trainable = trainable
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    callbacks = [reached] if trainable else [reached, early]
    history = model.fit(train, epochs=most, validation_data=test, callbacks=callbacks, verbose=0)
    epochs.append(len(history.epoch))
    if reached.best >= WANTED:
        break
# Interpreter and libraries are loaded by then, as they are for a command.
ticks = int(pathlib.Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
started = ticks / os.sysconf("SC_CLK_TCK")
seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - started
found = {"seconds": seconds, "accuracy": reached.best, "epochs": epochs, "reached": reached.best >= WANTED}
found["versions"] = {"TensorFlow": tf.__version__, "Keras": keras.__version__}
pathlib.Path(RESULT).write_text(json.dumps(found))
