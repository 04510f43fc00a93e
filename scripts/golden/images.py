"""Reference values for reading and resizing pictures, by Pillow, torchvision and TensorFlow.

python scripts/golden/images.py FOLDER_OF_dataset/photos > tests/golden/images.json
"""

import hashlib
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import PIL
import tensorflow as tf
import torch
import torchvision
from PIL import Image
from torchvision import transforms

FOLDER = sys.argv[1]
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def lcg_bytes(height, width, channels):
    """The upper 8 bits of the generator of the catalogue's golden inputs, in NHWC order."""
    state, out = 1, []
    for _ in range(height * width * channels):
        state = (1664525 * state + 1013904223) % 2**32
        out.append(state >> 24)
    return np.array(out, np.uint8).reshape(height, width, channels)


def sha256(data):
    return hashlib.sha256(np.ascontiguousarray(data).tobytes()).hexdigest()


def photo(name):
    return Image.open(os.path.join(FOLDER, name)).convert("RGB")


def summary(values):
    flat = np.asarray(values, np.float64).ravel()
    return {
        "shape": list(np.asarray(values).shape),
        "first16": [float(np.float32(x)) for x in flat[:16]],
        "sum": float(flat.sum()),
        "l2": float(np.sqrt((flat**2).sum())),
    }


def pillow_cases():
    for height, width, to_height, to_width in [
        (37, 53, 20, 31),
        (37, 53, 61, 90),
        (37, 53, 37, 20),
        (37, 53, 12, 53),
        (200, 3, 7, 64),
        (8, 8, 224, 224),
        (1, 1, 5, 4),
    ]:
        picture = Image.fromarray(lcg_bytes(height, width, 3))
        for method, kernel in FILTERS.items():
            # Across first: Pillow did so for all pictures until 12, and since 13 except for some that get much flatter.
            across = picture.resize((to_width, height), kernel)
            resized = np.array(across.resize((to_width, to_height), kernel))
            yield {
                "from": [height, width],
                "to": [to_height, to_width],
                "method": method,
                "sha256": sha256(resized),
            }


def photo_cases():
    for name in ["coffee.png", "chelsea.png", "camera.png"]:
        picture = photo(name)
        chain = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
        tensor = transforms.Compose(
            [
                transforms.ToTensor(),
                transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            ]
        )
        cut = chain(picture)
        yield {
            "photo": name,
            "squeezed224": sha256(np.array(picture.resize((224, 224), Image.Resampling.BILINEAR))),
            "shorter256crop224": sha256(np.array(cut)),
            "normalised": summary(tensor(cut).permute(1, 2, 0).numpy()),
        }


def tensorflow_cases():
    picture = lcg_bytes(37, 53, 3)
    for to_height, to_width in [(20, 31), (61, 90), (37, 20)]:
        for method in ["bilinear", "bicubic", "area", "nearest"]:
            resized = tf.image.resize(picture, [to_height, to_width], method=method, antialias=False)
            yield {
                "from": [37, 53],
                "to": [to_height, to_width],
                "method": method,
                **summary(resized.numpy()),
            }


def jpeg_cases():
    for name in ["china.jpg", "flower.jpg", "rocket.jpg"]:
        with open(os.path.join(FOLDER, name), "rb") as file:
            content = file.read()
        yield {
            "photo": name,
            "tensorflow": sha256(tf.io.decode_image(content, channels=3).numpy()),
            "pillow": sha256(np.array(photo(name))),
        }


print(
    json.dumps(
        {
            "source": "scripts/golden/images.py",
            "programs": {
                "Pillow": PIL.__version__,
                "torchvision": torchvision.__version__,
                "torch": torch.__version__,
                "tensorflow": tf.__version__,
            },
            "lcg": "state starts at 1; state = (1664525 state + 1013904223) mod 2^32 before each byte; byte = state >> 24; NHWC order",
            "pillow": list(pillow_cases()),
            "photos": list(photo_cases()),
            "tensorflow": list(tensorflow_cases()),
            "jpeg": list(jpeg_cases()),
        },
        indent=1,
    )
)
