"""Golden values of networks in TensorFlow.js formats, computed by Python TensorFlow.

    python scripts/golden/tfjs-networks.py MODELS > tests/golden/tfjs-networks.json

MODELS is the folder of installed models (`cache/home/models`) with resnet50, basic-pitch, guesslang and use-lite.
Graphs are read as GraphDefs and run as they are; the layers of resnet50 are computed one by one in the order of the
file, by TensorFlow's own operations. Nothing of TensorFlow.js takes part. Needs tensorflow-cpu 2.18 and numpy.
"""
import base64
import json
import os
import sys

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

MODELS = sys.argv[1]


def read_weights(folder, model):
    tensors = {}
    for group in model["weightsManifest"]:
        data = b"".join(open(os.path.join(folder, path), "rb").read() for path in group["paths"])
        at = 0
        for spec in group["weights"]:
            count = int(np.prod(spec["shape"], dtype=np.int64))
            if spec["dtype"] == "string":
                values = []
                for _ in range(count):
                    length = int.from_bytes(data[at : at + 4], "little")
                    values.append(data[at + 4 : at + 4 + length])
                    at += 4 + length
                tensors[spec["name"]] = np.array(values, dtype=object).reshape(spec["shape"])
                continue
            quantization = spec.get("quantization")
            dtype = np.dtype((quantization or spec)["dtype"])
            values = np.frombuffer(data, dtype, count, at).reshape(spec["shape"])
            at += count * dtype.itemsize
            if quantization and "scale" in quantization:
                values = (values * quantization["scale"] + quantization["min"]).astype(spec["dtype"])
            tensors[spec["name"]] = values
        assert at == len(data)
    return tensors


def plain_strings(value):
    """Old converters write the bytes of a text attribute as numbers; protobuf's JSON wants base64."""
    if isinstance(value, list):
        return [plain_strings(item) for item in value]
    if not isinstance(value, dict):
        return value
    text = value.get("s")
    if isinstance(text, list) and text and all(isinstance(byte, int) for byte in text):
        value = {**value, "s": base64.b64encode(bytes(text)).decode()}
    return {key: plain_strings(item) for key, item in value.items()}


def graph_function(folder, inputs, outputs):
    """The graph with its constants filled in, as a function of its placeholders."""
    model = json.load(open(os.path.join(folder, "model.json")))
    weights = read_weights(folder, model)
    topology = plain_strings(model["modelTopology"])
    topology["versions"] = {"producer": 561}
    graph = json_format.ParseDict(topology, tf.compat.v1.GraphDef(), ignore_unknown_fields=True)
    bodies = [function.node_def for function in graph.library.function]
    for node in [node for nodes in [graph.node, *bodies] for node in nodes]:
        if node.op == "Const":
            dtype = tf.dtypes.as_dtype(node.attr["dtype"].type)
            value = weights[node.name]
            if dtype != tf.string:
                value = value.astype(dtype.as_numpy_dtype)
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, dtype, value.shape))
        if node.op == "_FusedConv2D":  # Newer TensorFlow asks for the types of the further inputs.
            node.attr["TArgs"].list.type.extend([tf.float32.as_datatype_enum] * node.attr["num_args"].i)
    wrapped = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
    tensors = [wrapped.graph.get_tensor_by_name(name + ":0") for name in [*inputs, *outputs]]
    return wrapped.prune(tensors[: len(inputs)], tensors[len(inputs) :])


ACTIVATIONS = {"linear": tf.identity, "relu": tf.nn.relu, "softmax": tf.nn.softmax}


def run_layers(folder, picture):
    """Outputs of every layer of a network of convolutions, in inference mode."""
    model = json.load(open(os.path.join(folder, "model.json")))
    weights = read_weights(folder, model)
    outputs = {}
    for layer in model["modelTopology"]["model_config"]["config"]["layers"]:
        config, name = layer["config"], layer["name"]
        own = lambda part: weights[f"{name}/{part}"]
        inputs = [outputs[source[0]] for source in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
        x = inputs[0] if inputs else None
        match layer["class_name"]:
            case "InputLayer":
                y = tf.constant(picture)
            case "ZeroPadding2D":
                y = tf.pad(x, [[0, 0], *config["padding"], [0, 0]])
            case "Conv2D":
                y = tf.nn.conv2d(x, own("kernel"), config["strides"], config["padding"].upper())
                y = ACTIVATIONS[config["activation"]](y + own("bias") if config["use_bias"] else y)
            case "BatchNormalization":
                scale = own("gamma") / np.sqrt(own("moving_variance") + np.float32(config["epsilon"]))
                y = (x - own("moving_mean")) * scale + own("beta")
            case "Activation":
                y = ACTIVATIONS[config["activation"]](x)
            case "MaxPooling2D":
                y = tf.nn.max_pool2d(x, config["pool_size"], config["strides"], config["padding"].upper())
            case "Add":
                y = tf.add_n(inputs)
            case "GlobalAveragePooling2D":
                y = tf.reduce_mean(x, [1, 2])
            case "Dense":
                y = ACTIVATIONS[config["activation"]](x @ own("kernel") + own("bias"))
            case other:
                raise ValueError(other)
        outputs[name] = y
    return outputs


def summary(tensor):
    values = np.asarray(tensor)
    flat = values.reshape(-1).astype(np.float64)
    return {
        "shape": list(values.shape),
        "first": [float(f"{value:.8g}") for value in flat[:16]],
        "sum": float(f"{flat.sum():.9g}"),
        "sumOfSizes": float(f"{np.abs(flat).sum():.9g}"),
        "norm": float(f"{np.sqrt((flat**2).sum()):.9g}"),
        "min": float(f"{flat.min():.8g}"),
        "max": float(f"{flat.max():.8g}"),
        "argmax": int(flat.argmax()),
    }


def sine(shape, a):
    i = np.arange(np.prod(shape), dtype=np.float64)
    return (a * np.sin(0.01 * i)).astype(np.float32).reshape(shape)


def lcg(shape, low, high):
    values = np.empty(int(np.prod(shape)), np.float64)
    s = 1
    for i in range(values.size):
        s = (1664525 * s + 1013904223) % 2**32
        values[i] = low + (high - low) * (s / 2**32)
    return values.astype(np.float32).reshape(shape)


def numeric_inputs(shape, size):
    yield {"formula": "sine", "shape": shape, "a": size}, sine(shape, size)
    yield {"formula": "lcg", "shape": shape, "low": -size, "high": size}, lcg(shape, -size, size)


def resnet50():
    for formula, picture in numeric_inputs([1, 224, 224, 3], 120.0):
        outputs = run_layers(os.path.join(MODELS, "image/resnet50/1.0.0"), picture)
        cuts = ["conv1", "bn_conv1", "max_pooling2d", "activation_10", "activation_48", "avg_pool", "fc1000"]
        yield {"input": formula, "outputs": {cut: summary(outputs[cut]) for cut in cuts}}


def basic_pitch():
    scope = "StatefulPartitionedCall/model_1/"
    cuts = ["Identity", "Identity_1", "Identity_2", scope + "re_lu_2/Relu", scope + "concat/concat"]
    run = graph_function(os.path.join(MODELS, "audio/basic-pitch/1.0.0"), ["input_2"], cuts)
    # Noise only: between the partials of a pure tone lies nothing, and the logarithm of rounding errors there differs
    # from processor to processor, by up to 1e-3 in the output.
    for shape, size in [([1, 43844, 1], 0.5), ([2, 43844, 1], 0.05)]:
        formula = {"formula": "lcg", "shape": shape, "low": -size, "high": size}
        outputs = run(tf.constant(lcg(shape, -size, size)))
        yield {"input": formula, "outputs": {cut: summary(value) for cut, value in zip(cuts, outputs)}}


PROGRAMS = [
    "import numpy as np\ndef f(x):\n    return x+1\n",
    '#include <stdio.h>\nint main(){printf("hi");return 0;}\n',
    "SELECT * FROM users WHERE id = 3;\n",
    "Grüße an die Welt: naïve café ☕ 你好\n",
    "",
    "x",
]


def guesslang():
    cuts = ["head/predictions/probabilities", "add", "dnn/hiddenlayer_1/Relu", "dnn/hiddenlayer_0/Relu"]
    run = graph_function(os.path.join(MODELS, "text/guesslang/1.0.0"), ["Placeholder"], cuts)
    for texts in [*([text] for text in PROGRAMS), PROGRAMS]:
        outputs = run(tf.constant(texts))
        yield {"input": {"texts": texts}, "outputs": {cut: summary(value) for cut, value in zip(cuts, outputs)}}


# Ids of "The cat sat on the mat.", "A dog is running in the park." and both with a third of one word.
SENTENCES = [
    [[34, 1163, 3757, 25, 9, 688, 17, 6]],
    [[74, 959, 18, 1187, 15, 9, 2288, 6]],
    [[34, 1163, 3757, 25, 9, 688, 17, 6], [4218], [74, 959, 18, 1187, 15, 9, 2288, 6]],
]


def use_lite():
    scope = "module_apply_default/Encoder_en/"
    cuts = [
        scope + "hidden_layers/l2_normalize",
        scope + "hidden_layers/tanh_layer_0/Tanh",
        scope + "KonaTransformer/div",
    ]
    run = graph_function(os.path.join(MODELS, "text/use-lite/1.0.0"), ["indices", "values"], cuts)
    for sentences in SENTENCES:
        indices = [[i, j] for i, sentence in enumerate(sentences) for j in range(len(sentence))]
        values = [token for sentence in sentences for token in sentence]
        outputs = run(tf.constant(indices, tf.int64), tf.constant(values, tf.int64))
        yield {"input": {"ids": sentences}, "outputs": {cut: summary(value) for cut, value in zip(cuts, outputs)}}


json.dump(
    {
        "program": "scripts/golden/tfjs-networks.py",
        "versions": {"tensorflow": tf.__version__, "numpy": np.__version__, "oneDNN": "off"},
        "formulas": {
            "sine": "x[i] = float32(a * sin(0.01 i)), i row-major",
            "lcg": "s = 1; s = (1664525 s + 1013904223) mod 2^32 before each; x[i] = float32(low + (high - low) s / 2^32)",
        },
        "networks": {
            "resnet50": list(resnet50()),
            "basic-pitch": list(basic_pitch()),
            "guesslang": list(guesslang()),
            "use-lite": list(use_lite()),
        },
    },
    sys.stdout,
    ensure_ascii=False,
    indent=1,
)
print()
