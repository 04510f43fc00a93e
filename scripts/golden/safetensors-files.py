"""Small safetensors files as the reference implementation writes them, and what is in them.

Writes tests/golden/safetensors-files.json: for each file its bytes in base64 and the values that its tensors hold.
Needs torch and safetensors.
"""

import base64
import json
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save

TARGET = Path(__file__).parents[2] / "tests" / "golden" / "safetensors-files.json"

NUMBERS = [0.0, -0.0, 1.0, -1.5, 0.1, 3.14159, 65504.0, 6.1e-5, 5.96e-8, -2.0e-8, 1e-3, 100.25]


def values(tensor):
    flat = tensor.reshape(-1)
    if flat.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        # As hexadecimal bits of the float32, so that nothing is lost between the languages.
        return [f"{bits & 0xFFFFFFFF:08x}" for bits in flat.to(torch.float32).view(torch.int32).tolist()]
    return [int(value) for value in flat.tolist()]


def case(name, tensors, metadata=None):
    data = save(tensors, metadata)
    return {
        "name": name,
        "metadata": metadata or {},
        "base64": base64.b64encode(data).decode(),
        "tensors": {
            key: {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "values": values(tensor)}
            for key, tensor in tensors.items()
        },
    }


floats = torch.tensor(NUMBERS, dtype=torch.float64).reshape(3, 4)
special = torch.tensor([float("inf"), float("-inf"), float("nan")])
cases = [
    case(
        "every type",
        {
            "f32": floats.to(torch.float32),
            "f64": floats,
            "f16": floats.to(torch.float16),
            "bf16": floats.to(torch.bfloat16),
            "i64": torch.tensor([0, -1, 2**31 - 1, -(2**31)], dtype=torch.int64),
            "i32": torch.tensor([[0, -1], [2**31 - 1, -(2**31)]], dtype=torch.int32),
            "i16": torch.tensor([0, -1, 32767, -32768], dtype=torch.int16),
            "i8": torch.tensor([0, -1, 127, -128], dtype=torch.int8),
            "u8": torch.tensor([0, 1, 255], dtype=torch.uint8),
            "bool": torch.tensor([True, False, True]),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 4),
        },
        {"format": "pt"},
    ),
    case("infinities", {"f16": special[:2].to(torch.float16), "bf16": special[:2].to(torch.bfloat16), "f32": special[:2]}),
    case(
        "what this program writes too",
        {
            "b.weight": floats.to(torch.float32),
            "a.weight": floats.to(torch.float32).T.contiguous(),
            "10": torch.tensor([1.0]),
            "9": torch.tensor([2.0]),
            "ids": torch.arange(5, dtype=torch.int32),
            "mask": torch.tensor([True, False, True]),
            "größe \"x\"": torch.tensor([3.0, 4.0]),
            "none": torch.zeros(2, 0),
        },
        {"key": "wert \"ü\""},
    ),
    case("one table", {"features": torch.arange(12, dtype=torch.float32).reshape(4, 3)}),
]

document = {
    "computed_with": {"safetensors": safetensors.__version__, "torch": torch.__version__},
    "how": "safetensors.torch.save; floats are given as the bits of their float32, in hexadecimal",
    "cases": cases,
}
TARGET.write_text(json.dumps(document) + "\n")
