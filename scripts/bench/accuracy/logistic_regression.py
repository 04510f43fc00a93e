"""Fits scikit-learn's logistic regression to features that `zoo features` wrote.

    logistic_regression.py FEATURES.safetensors FEATURES.csv < tasks.json

Each task names the rows to train on, the rows to answer for, and C. Prints the answers as JSON.
"""

import csv
import json
import sys

import numpy
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def read_features(path):
    """safetensors: the length of the header, the header as JSON, the numbers."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        tensor = json.loads(file.read(length))["features"]
        numbers = numpy.frombuffer(file.read(), "<f4")
    assert tensor["dtype"] == "F32" and tensor["data_offsets"][0] == 0
    return numbers.reshape(tensor["shape"])


features = read_features(sys.argv[1])
with open(sys.argv[2], newline="", encoding="utf-8") as table:
    rows = list(csv.DictReader(table))
places = {row["name"]: place for place, row in enumerate(rows)}
labels = numpy.array([row["label"] for row in rows])
runs = []
for task in json.load(sys.stdin):
    train = [places[name] for name in task["train"]]
    test = [places[name] for name in task["test"]]
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=task["c"], max_iter=10_000, tol=1e-6)
    )
    model.fit(features[train].astype("float64"), labels[train])
    runs.append({"predicted": model.predict(features[test].astype("float64")).tolist()})
versions = f"scikit-learn {sklearn.__version__}, NumPy {numpy.__version__}"
json.dump({"versions": versions, "runs": runs}, sys.stdout)
