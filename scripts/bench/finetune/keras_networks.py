"""ResNet50 and MiniLM for Keras, with the zoo's weights."""

import keras
import numpy as np
from keras import layers

EPSILON = 1e-3
BLOCKS = [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]
LAYERS, HEADS, HIDDEN, INNER, POSITIONS, VOCABULARY = 6, 12, 384, 1536, 512, 30522


def resnet50(weights, folded=False, normalization=layers.BatchNormalization):
    """keras.applications.ResNet50 layer by layer (stride at the first 1 x 1 convolution); its layers' first names."""

    def conv(x, name, filters, kernel, stride=1, padding="valid"):
        layer = layers.Conv2D(filters, kernel, stride, padding, name=f"{name}_kernel")
        norm = None if folded else normalization(epsilon=EPSILON, name=f"{name}_norm")
        x = layer(x) if norm is None else norm(layer(x))
        of, by = convolution_name(name), norm_name(name)
        kernel, bias = weights[f"{of}/kernel"], weights[f"{of}/bias"]
        parts = [weights[f"{by}/{part}"] for part in ["gamma", "beta", "moving_mean", "moving_variance"]]
        if norm is None:
            gamma, beta, mean, variance = parts
            scale = gamma / np.sqrt(variance + EPSILON)
            layer.set_weights([kernel * scale, (bias - mean) * scale + beta])
        else:
            layer.set_weights([kernel, bias])
            norm.set_weights(parts)
        return x

    inputs = keras.Input((224, 224, 3))
    x = layers.ReLU()(conv(layers.ZeroPadding2D(3)(inputs), "conv1", 64, 7, 2))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for stage, (filters, blocks, first) in enumerate(BLOCKS, 2):
        for block in range(blocks):
            name, stride, before = f"{stage}{'abcdef'[block]}_branch", first if block == 0 else 1, x
            x = layers.ReLU()(conv(x, f"{name}2a", filters, 1, stride))
            x = layers.ReLU()(conv(x, f"{name}2b", filters, 3, padding="same"))
            x = conv(x, f"{name}2c", 4 * filters, 1)
            if block == 0:
                before = conv(before, f"{name}1", 4 * filters, 1, stride)
            x = layers.ReLU()(layers.Add()([before, x]))
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x))


def convolution_name(name):
    return name if name == "conv1" else f"res{name}"


def norm_name(name):
    return "bn_conv1" if name == "conv1" else f"bn{name}"


def minilm(weights, tokens):
    """Ids and mask [batch, tokens] to sentence embeddings of length 1. No dropout, as everywhere in this benchmark."""
    ids, mask = keras.Input((tokens,), dtype="int32"), keras.Input((tokens,), dtype="int32")
    made = []

    def loaded(layer, *values):
        made.append((layer, values))
        return layer

    def dense(name, units, activation=None):
        layer = layers.Dense(units, activation=activation)
        return loaded(layer, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(name):
        layer = layers.LayerNormalization(epsilon=1e-12)
        return loaded(layer, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def attention(name):
        layer = layers.MultiHeadAttention(HEADS, HIDDEN // HEADS)
        heads, values = [HIDDEN, HEADS, HIDDEN // HEADS], []
        for part in ["query", "key", "value"]:
            values.append(weights[f"{name}.self.{part}.weight"].reshape(heads))
            values.append(weights[f"{name}.self.{part}.bias"].reshape(heads[1:]))
        values.append(weights[f"{name}.output.dense.weight"].reshape([*heads[1:], HIDDEN]))
        return loaded(layer, *values, weights[f"{name}.output.dense.bias"])

    def table(name, rows):
        return loaded(layers.Embedding(rows, HIDDEN), weights[f"embeddings.{name}.weight"])

    places = keras.ops.cumsum(keras.ops.ones_like(ids), 1) - 1
    x = table("word_embeddings", VOCABULARY)(ids) + table("position_embeddings", POSITIONS)(places)
    x = norm("embeddings.LayerNorm")(x + table("token_type_embeddings", 2)(keras.ops.zeros_like(ids)))
    seen = keras.ops.expand_dims(mask, 1)
    for index in range(LAYERS):
        name = f"encoder.layer.{index}"
        attended = attention(f"{name}.attention")(x, x, attention_mask=seen)
        x = norm(f"{name}.attention.output.LayerNorm")(x + attended)
        inner = dense(f"{name}.intermediate.dense", INNER, lambda z: keras.activations.gelu(z, approximate=False))(x)
        x = norm(f"{name}.output.LayerNorm")(x + dense(f"{name}.output.dense", HIDDEN)(inner))
    kept = keras.ops.cast(keras.ops.expand_dims(mask, 2), "float32")
    mean = keras.ops.sum(x * kept, 1) / keras.ops.sum(kept, 1)
    model = keras.Model([ids, mask], layers.UnitNormalization()(mean))
    for layer, values in made:
        layer.set_weights(values)
    return model
