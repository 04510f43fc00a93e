"""What PyTorch computes with the networks whose topologies are written down in src/architectures.

Writes tests/golden/torch-networks.json: outputs and stages of MobileNetV2, EfficientNet-Lite0 and Resemblyzer's voice encoder
with their published weights, and of torchvision's ResNet-18 and ResNet-50 with weights that any language can make.
Takes the folder of the installed models (cache/home/models by default). Needs torch, torchvision and
efficientnet-lite-pytorch 0.1.0.
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision
from efficientnet_lite_pytorch import EfficientNet

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "tests" / "golden" / "torch-networks.json"
MODELS = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "cache" / "home" / "models"

MULTIPLIER, INCREMENT, MASK = 1664525, 1013904223, (1 << 32) - 1


def lcg(count, seed=1):
    """The next `count` states behind `seed`, and the last of them."""
    states = np.array([(MULTIPLIER * seed + INCREMENT) & MASK], dtype=np.uint64)
    factor, shift = MULTIPLIER, INCREMENT
    while len(states) < count:
        # `factor` and `shift` move on by as many steps as there are states.
        states = np.concatenate([states, (states * np.uint64(factor) + np.uint64(shift)) & np.uint64(MASK)])
        factor, shift = (factor * factor) & MASK, (factor * shift + shift) & MASK
    states = states[:count]
    return states / 2.0**32, int(states[-1])


def uniform(shape, low, high):
    values, _ = lcg(math.prod(shape))
    return (low + (high - low) * values).astype(np.float32).reshape(shape)


def sine(shape, amplitude, offset):
    return (amplitude * np.sin(0.01 * np.arange(math.prod(shape))) + offset).astype(np.float32).reshape(shape)


def facts(tensor):
    """Of a tensor in PyTorch's layout; maps are turned to channels last first."""
    array = tensor.detach().numpy()
    if array.ndim == 4:
        array = array.transpose(0, 2, 3, 1)
    flat = array.reshape(-1)
    wide = flat.astype(np.float64)
    return {
        "shape": list(array.shape),
        "first16": [float(f"{value:.8g}") for value in flat[:16]],
        "sum": float(f"{wide.sum():.9g}"),
        "l2": float(f"{np.sqrt((wide * wide).sum()):.9g}"),
        "argmax": int(flat.argmax()),
    }


def run(network, inputs, modules, output):
    """Runs a network on channels-last pictures. `modules` are those whose outputs are kept, by the names of our cuts."""
    kept = {}
    hooks = [
        module.register_forward_hook(lambda _, __, value, cut=cut: kept.__setitem__(cut, value.detach().clone()))
        for cut, module in modules.items()
    ]
    with torch.no_grad():
        result = network(torch.from_numpy(inputs.transpose(0, 3, 1, 2).copy()))
    for hook in hooks:
        hook.remove()
    return {output: facts(result), **{cut: facts(value) for cut, value in kept.items()}}


def pictures(network, modules, output, cases):
    network.eval()
    return [{"input": case, "outputs": run(network, make(case), modules, output)} for case in cases]


def make(case):
    if "amplitude" in case:
        return sine(case["shape"], case["amplitude"], case["offset"])
    return uniform(case["shape"], case["low"], case["high"])


def mobilenet():
    network = torchvision.models.mobilenet_v2()
    network.load_state_dict(torch.load(MODELS / "image/mobilenet-v2/1.0.0/mobilenet_v2-b0353104.pth", weights_only=True))
    names = ["features.0", "features.1", "features.2.conv.1", "features.3", "features.18"]
    modules = {name: network.get_submodule(name) for name in names}
    return pictures(
        network,
        modules,
        "classifier.1",
        [
            {"shape": [1, 224, 224, 3], "amplitude": 2.0, "offset": 0.0},
            {"shape": [1, 224, 224, 3], "low": -2.0, "high": 2.0},
            {"shape": [2, 97, 130, 3], "low": -2.0, "high": 2.0},
        ],
    )


def efficientnet():
    network = EfficientNet.from_name("efficientnet-lite0")
    path = MODELS / "image/efficientnet-lite0/1.0.0/efficientnet-lite0-57934424.pth"
    network.load_state_dict(torch.load(path, weights_only=True))
    modules = {
        "_conv_stem": network._conv_stem,
        "_blocks.0": network._blocks[0],
        "_blocks.2": network._blocks[2],
        "_blocks.15": network._blocks[15],
        "_bn1": network._bn1,
    }
    network.eval()
    cases = pictures(
        network,
        modules,
        "_fc",
        [
            {"shape": [1, 224, 224, 3], "amplitude": 1.0, "offset": 0.0},
            {"shape": [1, 224, 224, 3], "low": -1.0, "high": 1.0},
        ],
    )
    for case in cases:
        with torch.no_grad():
            features = network.extract_features(torch.from_numpy(make(case["input"]).transpose(0, 3, 1, 2).copy()))
        case["outputs"]["_conv_head, _bn1, ReLU6"] = facts(features)
    return cases


def voice():
    state = torch.load(MODELS / "audio/resemblyzer/1.0.0/pretrained.pt", weights_only=True, map_location="cpu")["model_state"]
    layers = torch.nn.LSTM(40, 256, 3, batch_first=True)
    linear = torch.nn.Linear(256, 256)
    layers.load_state_dict({name[5:]: value for name, value in state.items() if name.startswith("lstm.")})
    linear.load_state_dict({name[7:]: value for name, value in state.items() if name.startswith("linear.")})
    cases = []
    for case in [
        {"shape": [1, 160, 40], "amplitude": 0.5, "offset": 0.5},
        {"shape": [3, 160, 40], "low": 0.0, "high": 0.05},
    ]:
        with torch.no_grad():
            states, (hidden, _) = layers(torch.from_numpy(make(case)))
            before = linear(hidden[-1])
            raw = torch.relu(before)
            embedding = raw / torch.norm(raw, dim=1, keepdim=True)
        outputs = {
            "linear": facts(embedding),
            "linear.dense": facts(before),
            "last hidden state of LSTM layer 3": facts(hidden[-1]),
            "lstm.2": facts(states),
        }
        cases.append({"input": case, "outputs": outputs})
    return cases


def weights_of(state):
    """Weights by one run of the generator through the whole state dict, kept near unit variance."""
    seed, made = 1, {}
    for name, tensor in state.items():
        shape = list(tensor.shape)
        if name.endswith("num_batches_tracked"):
            made[name] = torch.tensor(1)
            continue
        values, seed = lcg(math.prod(shape), seed)
        if len(shape) == 4:
            values = (2 * values - 1) * math.sqrt(6 / math.prod(shape[1:]))
        elif len(shape) == 2:
            values = (2 * values - 1) * math.sqrt(3 / shape[1])
        elif name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
            values = 0.5 + values
        else:
            values = 0.2 * values - 0.1
        made[name] = torch.from_numpy(values.astype(np.float32).reshape(shape))
    return made


def shapes_of(network):
    return [[name, list(tensor.shape)] for name, tensor in network.state_dict().items()]


def resnet(depth):
    network = getattr(torchvision.models, f"resnet{depth}")()
    network.load_state_dict(weights_of(network.state_dict()))
    network.eval()
    names = ["maxpool", "layer1", "layer2.0.downsample", "layer3", "layer4"]
    modules = {name: network.get_submodule(name) for name in names}
    return {
        "shapes": shapes_of(network),
        "cases": pictures(
            network,
            modules,
            "fc",
            [
                {"shape": [2, 64, 64, 3], "low": -2.0, "high": 2.0},
                {"shape": [1, 75, 98, 3], "amplitude": 2.0, "offset": 0.0},
            ],
        ),
    }


def digest(depth):
    shapes = shapes_of(getattr(torchvision.models, f"resnet{depth}")())
    return hashlib.sha256(json.dumps(shapes, separators=(",", ":")).encode()).hexdigest()


document = {
    "computed_with": {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "efficientnet-lite-pytorch": "0.1.0",
    },
    "how": "eval mode, float32, CPU; inputs x[i] = float32(amplitude sin(0.01 i) + offset), or float32(low + (high - low) s / 2^32) "
    "with s = (1664525 s + 1013904223) mod 2^32 before each value and s = 1 at the start; maps are given with channels last",
    "networks": {"mobilenet-v2": mobilenet(), "efficientnet-lite0": efficientnet(), "resemblyzer": voice()},
    "resnet": {
        "how": "weights by the same generator, which runs through the state dict in its order: 4 dimensions (2u - 1) sqrt(6 / inputs), "
        "2 dimensions (2u - 1) sqrt(3 / inputs), scales and variances 0.5 + u, others 0.2u - 0.1",
        "18": resnet(18),
        "50": resnet(50),
        "digests of names and shapes": {str(depth): digest(depth) for depth in (34, 101, 152)},
    },
}
TARGET.write_text(json.dumps(document) + "\n")
