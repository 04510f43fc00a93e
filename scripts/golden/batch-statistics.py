"""Five steps of SGD through BatchNorm, on statistics of the batch and on stored ones: tests/golden/batch-statistics.json.

    TF_CPP_MIN_LOG_LEVEL=3 python scripts/golden/batch-statistics.py > tests/golden/batch-statistics.json

Keras is version 2 (tf_keras), whose BatchNorm of maps is TensorFlow's own kernel. Weights and data are exact numbers: the
i-th of a list made with k is ((i k) mod 19 - 9) / 16; moving statistics are 1 more, inputs are times 0.7312, so that no
unit stands exactly on the kink of ReLU. Networks: a convolution in steps of 2 or a dense layer, BatchNorm, ReLU, the
mean over the map, 3 classes; the loss is softmax cross-entropy. Step t sees 6 examples of its own, made with 31 + 2 t.
Predictions are logits of the last batch after the last step, on stored statistics.
"""
import json

import numpy as np
import tensorflow as tf
import tf_keras as keras

RATE = 0.05
STEPS = 5


def numbers(k, *shape):
    size = int(np.prod(shape))
    return (((np.arange(size) * k) % 19 - 9) / 16).astype(np.float32).reshape(shape)


def network(maps, scale, center, momentum):
    norm = keras.layers.BatchNormalization(scale=scale, center=center, momentum=momentum, name='norm')
    head = [keras.layers.Dense(3, name='head')]
    if maps:
        first = keras.layers.Conv2D(4, 3, strides=2, padding='same', use_bias=False, name='first')
        layers = [keras.layers.Input((9, 9, 3)), first, norm, keras.layers.ReLU(),
                  keras.layers.GlobalAveragePooling2D()]
    else:
        first = keras.layers.Dense(4, use_bias=False, name='first')
        layers = [keras.layers.Input((7,)), first, norm, keras.layers.ReLU()]
    model = keras.Sequential(layers + head)
    values = {
        'first': numbers(13, *((3, 3, 3, 4) if maps else (7, 4))),
        'norm.scale': numbers(5, 4), 'norm.offset': numbers(7, 4),
        'norm.mean': numbers(3, 4) + 1, 'norm.variance': numbers(11, 4) + 1,
        'head.kernel': numbers(11, 4, 3), 'head.bias': numbers(5, 3),
    }
    variables = {
        'first': first.kernel, 'norm.scale': norm.gamma, 'norm.offset': norm.beta,
        'norm.mean': norm.moving_mean, 'norm.variance': norm.moving_variance,
        'head.kernel': head[0].kernel, 'head.bias': head[0].bias,
    }
    variables = {name: variable for name, variable in variables.items() if variable is not None}
    for name, variable in variables.items():
        variable.assign(values[name])
    return model, variables


def trajectory(normalisation, maps=True, scale=True, center=True, momentum=0.99):
    model, variables = network(maps, scale, center, momentum)
    optimizer = keras.optimizers.SGD(RATE)
    losses = []
    for step in range(STEPS):
        inputs = numbers(31 + 2 * step, *((6, 9, 9, 3) if maps else (6, 7))) * np.float32(0.7312)
        classes = np.eye(3, dtype=np.float32)[(np.arange(6) + step) % 3]
        with tf.GradientTape() as tape:
            logits = model(inputs, training=normalisation == 'batch')
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(classes, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        losses.append(float(loss))
    as_list = lambda tensor: [float(value) for value in tensor.numpy().ravel()]
    return {
        'normalisation': normalisation, 'maps': maps, 'scale': scale, 'center': center, 'momentum': momentum,
        'losses': losses,
        'weights': {name: as_list(variable) for name, variable in variables.items()},
        'predictions': as_list(model(inputs, training=False)),
    }


SHAPES = {
    'maps': {},
    'maps, momentum 0.6': {'momentum': 0.6},
    'maps without scale': {'scale': False},
    'maps without centre': {'center': False},
    'maps without either': {'scale': False, 'center': False},
    'rows': {'maps': False, 'momentum': 0.9},
    'rows without scale': {'maps': False, 'scale': False},
}

print(json.dumps({
    'tf_keras': keras.__version__,
    'cases': {f'{name}, {which}': trajectory(which, **options)
              for name, options in SHAPES.items() for which in ('batch', 'stored')},
}))
