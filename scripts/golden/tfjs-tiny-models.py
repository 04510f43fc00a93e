"""Small models in TensorFlow.js formats with what Python TensorFlow computes from them.

    python scripts/golden/tfjs-tiny-models.py > tests/golden/tfjs-tiny-models.json

Each model is a topology as a model.json holds it, weights as lists, inputs, and outputs at named cuts. Graphs come from
frozen tf.functions (loops, branches, lists of tensors), layers from Keras 3 `to_json`. The values of single operations
that tfjs-node lacks come with them. Weights are from a formula, so that nothing is random:
w[i] = 0.5 sin(1.7 i + j) for the j-th weight, + 1 for variances and scales. Needs tensorflow-cpu 2.18 with Keras 3.
"""
import json
import os
import sys

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

KINDS = {"float32": "float32", "int32": "int32", "int64": "int32", "bool": "bool", "object": "string"}


def plain(value):
    values = np.asarray(value)
    kind = KINDS[values.dtype.name]
    flat = values.reshape(-1)
    if kind == "string":
        data = [item.decode() for item in flat]
    elif kind == "float32":
        data = [float(f"{item:.8g}") for item in flat]
    else:
        data = [int(item) for item in flat]
    return {"dtype": kind, "shape": list(values.shape), "data": data}


def formula(shape, j, base=0.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return (base + 0.5 * np.sin(1.7 * i + j)).astype(np.float32).reshape(shape)


def without(value, keys):
    if isinstance(value, list):
        return [without(item, keys) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without(item, keys) for key, item in value.items() if key not in keys}


def graph_model(name, function, inputs, cuts):
    """`inputs` are constants by argument name; `cuts` say which nodes are compared besides the outputs."""
    signature = [tf.TensorSpec([None, *value.shape[1:]], value.dtype, key) for key, value in inputs.items()]
    concrete = tf.function(function, input_signature=signature).get_concrete_function()
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=False)
    graph = frozen.graph.as_graph_def()
    weights = {}
    for nodes in [graph.node, *(function.node_def for function in graph.library.function)]:
        for node in nodes:
            if node.op == "Const":
                value = tf.make_ndarray(node.attr["value"].tensor)
                assert node.name not in weights or np.array_equal(weights[node.name], value)
                weights[node.name] = value
                node.attr["value"].tensor.ClearField("tensor_content")
    tensors = [tensor.name for tensor in frozen.outputs]
    wanted = [*tensors, *(cut + ":0" for cut in cuts)]
    values = frozen.prune([tensor.name for tensor in frozen.inputs], wanted)(*inputs.values())
    topology = without(json_format.MessageToDict(graph), {"experimentalDebugInfo", "experimentalType", "argAttr", "gradient"})
    topology.setdefault("versions", {"producer": 561})
    return {
        "name": name,
        "modelTopology": topology,
        "weights": {key: plain(value) for key, value in weights.items()},
        "inputs": {key: plain(value) for key, value in inputs.items()},
        "outputs": {cut.removesuffix(":0"): plain(value) for cut, value in zip(wanted, values)},
    }


def loop_with_list():
    kernel = tf.Variable(formula([3, 3], 1))

    def run(x):
        rows = tf.map_fn(lambda row: tf.nn.relu(tf.linalg.matvec(kernel, row)) * tf.reduce_sum(row), x)
        return tf.reduce_sum(rows, axis=1) + 1.0

    return graph_model("map", run, {"x": tf.constant(formula([4, 3], 2))}, [])


def list_pushed():
    def run(x):
        count = tf.shape(x)[0]
        handle = tf.raw_ops.EmptyTensorList(element_shape=[2], max_num_elements=-1, element_dtype=tf.float32)

        def body(i, handle):
            return i + 1, tf.raw_ops.TensorListPushBack(input_handle=handle, tensor=x[i] * tf.cast(i + 1, tf.float32))

        _, handle = tf.while_loop(lambda i, _: i < count, body, [0, handle])
        return tf.raw_ops.TensorListStack(input_handle=handle, element_shape=[2], element_dtype=tf.float32)

    return graph_model("pushed", run, {"x": tf.constant(formula([5, 2], 3))}, [])


def branches():
    table = tf.Variable(formula([7, 4], 4))

    def run(ids, flag):
        found = tf.gather(table, ids)
        chosen = tf.cond(tf.reduce_any(flag), lambda: found * 2.0, lambda: tf.zeros_like(found) - found)
        positive = tf.gather(tf.reshape(chosen, [-1]), tf.where(tf.reshape(chosen, [-1]) > 0.0)[:, 0])
        return chosen, positive

    return graph_model(
        "branches", run, {"ids": tf.constant([1, 6, 2], tf.int32), "flag": tf.constant([False, False, True])}, []
    )


def convolutions():
    """A log spectrum by a filter bank, a convolution, a depthwise one, a layer norm, dense layers."""
    bank = tf.constant(np.abs(formula([12, 8], 5)))
    first = tf.Variable(formula([3, 3, 1, 4], 6))
    first_bias = tf.Variable(formula([4], 7))
    depthwise = tf.Variable(formula([3, 3, 4, 1], 8))
    gamma = tf.Variable(formula([4], 9, 1.0))
    beta = tf.Variable(formula([4], 10))
    kernel = tf.Variable(formula([4, 3], 11))
    bias = tf.Variable(formula([3], 12))
    shift = tf.constant(formula([12], 13))

    def run(x):
        spectrum = tf.math.log(tf.matmul(tf.abs(x + shift), bank) + 0.1)
        maps = tf.nn.conv2d(spectrum[..., None], first, 1, "SAME") + first_bias
        maps = tf.nn.depthwise_conv2d(tf.nn.relu6(maps), depthwise, [1, 1, 1, 1], "VALID")
        pooled = tf.reduce_mean(maps, [1, 2], name="pooled")
        centred = pooled - tf.reduce_mean(pooled, -1, keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), -1, keepdims=True)
        normal = centred * tf.math.rsqrt(variance + 1e-3) * gamma + beta
        return tf.nn.softmax(tf.nn.bias_add(tf.matmul(normal, kernel), bias))

    return graph_model("spectrum", run, {"x": tf.constant(formula([2, 6, 12], 14))}, ["pooled"])


def keras_model(name, model, inputs, cuts):
    weights = {}
    for j, variable in enumerate(model.weights):
        base = 1.0 if any(part in variable.path for part in ["gamma", "variance"]) else 0.0
        variable.assign(formula(variable.shape, j, base))
        weights[variable.path] = np.asarray(variable)
    outputs = [model.get_layer(cut).output for cut in cuts]
    values = keras.Model(model.inputs, [*model.outputs, *outputs])(inputs, training=False)
    return {
        "name": name,
        "modelTopology": {"keras_version": keras.__version__, "backend": "tensorflow", "model_config": json.loads(model.to_json())},
        "weights": {key: plain(value) for key, value in weights.items()},
        "inputs": [plain(value) for value in inputs],
        "outputs": {cut: plain(value) for cut, value in zip(["", *cuts], values)},
    }


def vision():
    layers = keras.layers
    picture = keras.Input([9, 9, 2], name="picture")
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="conv")(picture)
    x = layers.BatchNormalization(scale=False, epsilon=1e-2, name="norm")(x)
    y = layers.ReLU(6.0, name="relu6")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(y)
    y = layers.BatchNormalization(center=False, name="norm2")(y)
    x = layers.Add(name="sum")([x, y])
    x = layers.SeparableConv2D(5, 2, activation="tanh", name="separable")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.LayerNormalization(name="layernorm")(x)
    out = layers.Dense(3, activation="softmax", name="head")(x)
    model = keras.Model(picture, out, name="vision")
    return keras_model("vision", model, [formula([2, 9, 9, 2], 15)], ["norm", "sum", "pool"])


def sequence():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input([6], dtype="int32", name="tokens"),
            layers.Embedding(11, 4, name="table"),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True, name="lstm"), name="both"),
            layers.GRU(4, reset_after=False, name="gru"),
            layers.Dense(2, name="head"),
        ],
        name="sequence",
    )
    tokens = np.array([[1, 4, 2, 0, 10, 9], [3, 3, 3, 7, 8, 5]], np.int32)
    return keras_model("sequence", model, [tokens], ["table", "both", "gru"])


def nested():
    layers = keras.layers
    inner_input = keras.Input([8], name="inner_input")
    middle = layers.Dense(6, activation="elu", name="middle")(inner_input)
    inner = keras.Model(inner_input, layers.Dense(5, activation="relu", name="top")(middle), name="inner")
    left, right = keras.Input([8], name="left"), keras.Input([5], name="right")
    x = layers.Concatenate(name="joined")([inner(left), right])
    model = keras.Model([left, right], layers.Dense(2, name="head")(x), name="outer")
    part = keras.Model(inner.inputs, middle)
    inputs = [formula([3, 8], 16), formula([3, 5], 17)]
    made = keras_model("nested", model, inputs, ["joined"])
    made["outputs"]["inner"] = plain(inner(inputs[0]))
    made["outputs"]["inner/middle"] = plain(part(inputs[0]))
    return made


def operations():
    """Of operations that tfjs-node has no kernel for: inputs, attributes and outputs."""

    def case(operation, inputs, attributes=None):
        outputs = getattr(tf.raw_ops, operation)(**inputs, **(attributes or {}))
        outputs = list(outputs) if isinstance(outputs, tuple) else [outputs]
        return {
            "operation": operation,
            "inputs": {key: plain(value) for key, value in inputs.items()},
            "attributes": attributes or {},
            "outputs": [plain(value) for value in outputs],
        }

    texts = tf.constant(["one two  three", "", "größe ☕ x", " a"])
    words = tf.constant(["a", "bc", "def", "ghij", "k", "größe"])
    splits = tf.constant([0, 3, 3, 6])
    indices = tf.constant([[0, 0], [0, 2], [2, 1], [3, 3]], tf.int64)
    table = tf.constant(formula([5, 3], 18))
    for skip in [True, False]:
        yield case("StringSplit", {"input": texts, "delimiter": tf.constant(" ")}, {"skip_empty": skip})
    for widths, pad, short in [([2], 0, False), ([1, 3], 2, False), ([4], 0, True), ([2, 3], -1, False)]:
        attributes = {
            "separator": "|", "ngram_widths": widths, "left_pad": "<", "right_pad": ">", "pad_width": pad,
            "preserve_short_sequences": short,
        }
        yield case("StringNGrams", {"data": words, "data_splits": splits}, attributes)
    for buckets in [5000, 7, 2**31 - 1]:
        yield case("StringToHashBucketFast", {"input": words}, {"num_buckets": buckets})
    yield case(
        "SparseReshape",
        {"input_indices": indices, "input_shape": tf.constant([4, 4], tf.int64), "new_shape": tf.constant([2, -1], tf.int64)},
    )
    for rows in [5, 4]:
        yield case(
            "SparseFillEmptyRows",
            {
                "indices": indices, "values": tf.constant([10, 20, 30, 40], tf.int32),
                "dense_shape": tf.constant([rows, 4], tf.int64), "default_value": tf.constant(-1, tf.int32),
            },
        )
    for operation in ["SparseSegmentSum", "SparseSegmentMean"]:
        yield case(
            operation,
            {"data": table, "indices": tf.constant([4, 0, 0, 2]), "segment_ids": tf.constant([0, 0, 2, 2])},
        )
    for binary in [False, True]:
        yield case(
            "DenseBincount",
            {"input": tf.constant([[0, 3, 3, 1], [2, 2, 2, 5]]), "size": tf.constant(5), "weights": tf.constant([], tf.float32)},
            {"binary_output": binary},
        )


json.dump(
    {
        "program": "scripts/golden/tfjs-tiny-models.py",
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__, "oneDNN": "off"},
        "graphs": [loop_with_list(), list_pushed(), branches(), convolutions()],
        "layers": [vision(), sequence(), nested()],
        "operations": list(operations()),
    },
    sys.stdout,
    ensure_ascii=False,
    separators=(",", ":"),
)
print()
