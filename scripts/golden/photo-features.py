"""Features of three photographs, each prepared as the card of its network says.

MobileNetV2 is computed here by torchvision (resize of the shorter side to 256 by Pillow, centre crop of 224). ResNet50
and EfficientNet-Lite0 are carried over from the catalogue's golden values, whose cases "resize" follow their cards.

python photo-features.py PHOTOS mobilenet_v2-b0353104.pth CATALOGUE_GOLDEN > tests/golden/photo-features.json
"""

import json
import sys
from pathlib import Path

import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms

PHOTOS = ["coffee.png", "chelsea.png", "camera.png"]

photos, weights, catalogue = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])

network = torchvision.models.mobilenet_v2(weights=None)
network.load_state_dict(torch.load(weights, map_location="cpu"), strict=True)
network.eval()
prepare = transforms.Compose(
    [
        transforms.Resize(256, interpolation=transforms.InterpolationMode.BILINEAR),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)


def summary(vector):
    return {
        "first16": [float(f"{value:.8g}") for value in vector[:16].tolist()],
        "sum": float(f"{vector.double().sum().item():.9g}"),
        "l2": float(f"{vector.double().norm().item():.9g}"),
    }


def mobilenet(photo):
    with torch.no_grad():
        picture = prepare(Image.open(photos / photo).convert("RGB")).unsqueeze(0)
        features = network.features(picture).mean([2, 3])
        probabilities = network.classifier(features).softmax(1)[0]
    best = int(probabilities.argmax())
    return {**summary(features[0]), "best": best, "probability": round(float(probabilities[best]), 5)}


def carried(name):
    cases = json.loads((catalogue / f"{name}.json").read_text())["cases"]
    result = {}
    for photo in PHOTOS:
        case = next(case for case in cases if case["name"] == f"{photo} resize")
        top = (case.get("softmax_top3") or case["top3"])[0]
        features = case["features"]
        result[photo] = {
            "first16": features["first16"],
            "sum": features["sum"],
            "l2": features["l2"],
            "best": top[0],
            "probability": top[2],
        }
    return result


print(
    json.dumps(
        {
            "program": "scripts/golden/photo-features.py",
            "versions": {
                "torch": torch.__version__,
                "torchvision": torchvision.__version__,
                "pillow": PIL.__version__,
            },
            "networks": {
                "mobilenet-v2": {
                    "source": "torchvision, computed by the program above",
                    "photos": {photo: mobilenet(photo) for photo in PHOTOS},
                },
                "resnet50": {
                    "source": "catalogue golden values: tf_keras 2.18 on TensorFlow 2.18, Pillow 13",
                    "photos": carried("resnet50-imagenet"),
                },
                "efficientnet-lite0": {
                    "source": "catalogue golden values: PyTorch 2.15, Pillow 13",
                    "photos": carried("efficientnet-lite0-imagenet"),
                },
            },
        },
        indent=1,
    )
)
