"""Five steps of Keras 3's optimisers on a small network: tests/golden/optimizers.json.

    TF_CPP_MIN_LOG_LEVEL=3 python scripts/golden/optimizers.py > tests/golden/optimizers.json

Weights and data are exact numbers: see optimizers_data.py. The network is 4 inputs,
8 units with ReLU, 3 classes; the loss is softmax cross-entropy. Step t sees 6 examples of its own, made with 31 + 2 t.
"""
import json

import keras

from optimizers_data import RATE, batch, numbers

STEPS = 5
WEIGHTS = [numbers(7, 4, 8), numbers(3, 8), numbers(11, 8, 3), numbers(5, 3)]


def adamw():
    optimizer = keras.optimizers.AdamW(RATE, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=['bias'])
    return optimizer


OPTIMIZERS = {
    'sgd': lambda: keras.optimizers.SGD(RATE),
    'momentum': lambda: keras.optimizers.SGD(RATE, momentum=0.9),
    'adam': lambda: keras.optimizers.Adam(RATE),
    'adamw': adamw,
    'clipped': lambda: keras.optimizers.Adam(RATE, global_clipnorm=0.1),
}


def trajectory(make):
    model = keras.Sequential([
        keras.layers.Input((4,)), keras.layers.Dense(8, activation='relu'), keras.layers.Dense(3)])
    model.set_weights(WEIGHTS)
    model.compile(optimizer=make(), loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    losses = []
    for step in range(STEPS):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(*batch(step))))
    weights = [[float(value) for value in weight.ravel()] for weight in model.get_weights()]
    return {'losses': losses, 'weights': weights}


print(json.dumps({
    'keras': keras.__version__,
    'cases': {name: trajectory(make) for name, make in OPTIMIZERS.items()},
}))
