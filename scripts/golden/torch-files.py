"""Small files as PyTorch writes them in both of its layouts, what is in them, and files that ask for more than weights.

Writes tests/golden/torch-files.json: for each file its bytes in base64, and the values that its tensors hold or the name
that a reader must refuse. Needs torch. Nothing of the hostile files is run: they are written, never loaded.
"""

import base64
import io
import json
import os
import pickle
import runpy
import sys
import types
from collections import OrderedDict
from functools import partial
from pathlib import Path

import torch

TARGET = Path(__file__).parents[2] / "tests" / "golden" / "torch-files.json"

NUMBERS = [0.0, -0.0, 1.0, -1.5, 0.1, 3.14159, 65504.0, 6.1e-5, 5.96e-8, -2.0e-8, 1e-3, 100.25]
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def values(tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    if flat.dtype in FLOATS:
        # As hexadecimal bits of the float32, so that nothing is lost between the languages.
        return [f"{bits & 0xFFFFFFFF:08x}" for bits in flat.to(torch.float32).view(torch.int32).tolist()]
    return [int(value) for value in flat.tolist()]


def save(value, layout, protocol=2):
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_protocol=protocol, _use_new_zipfile_serialization=layout == "zip")
    return buffer.getvalue()


def case(name, value, layout, protocol=2, state=None, **more):
    state = value if state is None else state
    return {
        "name": f"{name}, {layout}, protocol {protocol}",
        "base64": base64.b64encode(save(value, layout, protocol)).decode(),
        "tensors": {
            key: {
                "dtype": str(tensor.dtype).removeprefix("torch."),
                "shape": list(tensor.shape),
                "values": values(tensor),
            }
            for key, tensor in state.items()
        },
        **more,
    }


floats = torch.tensor(NUMBERS, dtype=torch.float64).reshape(3, 4)
every_type = OrderedDict(
    float=floats.float(),
    double=floats,
    half=floats.half(),
    bfloat16=floats.bfloat16(),
    infinite=torch.tensor([float("inf"), float("-inf"), 65504.0]).half(),
    long=torch.tensor([0, -1, 2**31 - 1, -(2**31)]),
    int=torch.tensor([[0, -1], [2**31 - 1, -(2**31)]], dtype=torch.int32),
    short=torch.tensor([0, -1, 32767, -32768], dtype=torch.int16),
    char=torch.tensor([0, -1, 127, -128], dtype=torch.int8),
    byte=torch.tensor([0, 1, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]),
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 4),
)
base = torch.arange(60, dtype=torch.float32)
views = {
    "base": base,
    "tied": base,
    "offset": base[7:19].reshape(3, 4),
    "transposed": base[:12].reshape(3, 4).T,
    "permuted": base.reshape(3, 4, 5).permute(2, 0, 1),
    "every third": base[1::3],
    "inner block": base.reshape(6, 10)[2:5, 3:7],
    "repeated": torch.tensor([[1.0], [2.0]]).expand(2, 5),
    "half of a transposed one": floats.half().T[1:3],
    "one row of one": base[5:6].reshape(1, 1, 1),
}
layer = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
optimizer = torch.optim.Adam(layer.parameters())
layer(torch.ones(4, 3)).sum().backward()
optimizer.step()
checkpoint = {
    "step": 1564501,
    "model_state": layer.state_dict(),
    "optimizer_state": optimizer.state_dict(),
    "note": "größe",
    "big": 2**70,
    "rate": 1e-4,
    "flags": [True, False, None, (1, 2, 3), b"bytes", {"nested": [-1, 300, 70000, -(2**31)]}],
}
parameters = OrderedDict(layer.named_parameters())
unsigned = {"uint16": torch.tensor([0, 1, 65535], dtype=torch.uint16)}

cases = [
    case("every type", every_type, layout, protocol)
    for layout, protocol in [("legacy", 2), ("zip", 2), ("zip", 4), ("legacy", 5), ("legacy", 1)]
]
for layout in ("legacy", "zip"):
    cases.append(case("views", views, layout))
    cases.append(case("checkpoint", checkpoint, layout, state=checkpoint["model_state"]))
    cases.append(case("checkpoint at lightning", {"epoch": 3, "state_dict": parameters}, layout, state=parameters))
    two = {"state_dict": parameters, "model": views, "ema": {"weight": base}}
    cases.append(case("named entry", two, layout, state=two["ema"], entry="ema"))
    cases.append(case("parameters", parameters, layout, 3))
cases.append(case("unsigned", unsigned, "zip"))


class Reduced:
    def __init__(self, function, *args):
        self.made = (function, args)

    def __reduce__(self):
        return self.made


class Plain:
    def __init__(self):
        self.weight = 1


Plain.__module__ = "training.models"
sys.modules["training"] = types.ModuleType("training")
sys.modules["training.models"] = types.ModuleType("training.models")
sys.modules["training.models"].Plain = Plain


def hostile(name, data, refused):
    return {"name": name, "base64": base64.b64encode(data).decode(), "refused": refused}


COMMAND = "echo this must never run"
attacks = []
for layout, protocol in (("legacy", 2), ("legacy", 4), ("zip", 4)):
    for name, value, refused in [
        ("a shell command", Reduced(os.system, COMMAND), f"{os.system.__module__}.system"),
        ("eval", Reduced(eval, "1"), "builtins.eval"),
        ("exec in a tensor's place", {"weight": base, "bias": Reduced(exec, "pass")}, "builtins.exec"),
        ("getattr", Reduced(getattr, base, "numpy"), "builtins.getattr"),
        ("torch.load of another file", Reduced(torch.load, "other.pt"), "torch.serialization.load"),
        ("torch.hub", Reduced(torch.hub.load, "owner/name", "model"), "torch.hub.load"),
        ("partial", Reduced(partial, print), "functools.partial"),
        ("run a path", Reduced(runpy.run_path, "x.py"), "runpy.run_path"),
        ("hidden in the optimiser", {"model": views, "optimizer": Reduced(os.system, COMMAND)}, f"{os.system.__module__}.system"),
        ("an object of a class", {"model": Plain()}, "training.models.Plain"),
        ("a numpy array", {"mean": floats.numpy()}, "numpy."),
    ]:
        # Below protocol 3 names are those of Python 2.
        asked = refused.replace("builtins.", "__builtin__.") if protocol < 3 else refused
        attacks.append(hostile(f"{name}, {layout}, protocol {protocol}", save(value, layout, protocol), asked))

# In the legacy layout this would carry the source of PyTorch's classes along.
attacks.append(hostile("a whole module, zip", save(layer, "zip"), "torch.nn.modules.container.Sequential"))

# Instead of the header of the legacy layout, and with instructions that no writer of today uses.
attacks.append(hostile("instead of the magic number", pickle.dumps(Reduced(eval, "1"), 2), "__builtin__.eval"))
attacks.append(hostile("instead of the magic number, protocol 0", pickle.dumps(Reduced(eval, "1"), 0), "__builtin__.eval"))
attacks.append(hostile("an instance by INST", b"(ios\nsystem\n.", "os.system"))
attacks.append(hostile("a name from the stack", b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system"))
attacks.append(hostile("a method of a known name", b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93.", "collections.OrderedDict.fromkeys"))
attacks.append(hostile("a new object", b"\x80\x02cos\nsystem\n)\x81.", "os.system"))
attacks.append(hostile("an extension code", b"\x80\x02\x82\x01.", "0x82"))

# Numbers of another byte order.
sys.byteorder, order = "big", sys.byteorder
big_endian = [
    {"name": layout, "base64": base64.b64encode(save({"weight": base}, layout)).decode()} for layout in ("legacy", "zip")
]
sys.byteorder = order

scripted = io.BytesIO()
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 1)), scripted)

document = {
    "computed_with": {"torch": torch.__version__, "python": sys.version.split()[0]},
    "how": "torch.save; floats are given as the bits of their float32, in hexadecimal",
    "cases": cases,
    "attacks": attacks,
    "big_endian": big_endian,
    "torchscript": base64.b64encode(scripted.getvalue()).decode(),
    "too_long": [base64.b64encode(save({"ids": torch.tensor([1, 2**31])}, layout)).decode() for layout in ("legacy", "zip")],
}
TARGET.write_text(json.dumps(document) + "\n")
