"""Reads in Python what prepare.mjs wrote, and writes what a contestant found."""

import json
import pathlib
import time

import numpy as np

WARM_UP = 2


def read_weights(folder):
    """Tensors by name, laid out as the zoo has them: kernels are [height, width, in, out], dense ones [in, out]."""
    folder, values, at = pathlib.Path(folder), {}, 0
    stored = (folder / "weights.bin").read_bytes()
    for weight in json.loads((folder / "weights.json").read_text()):
        count = int(np.prod(weight["shape"]))
        values[weight["name"]] = np.frombuffer(stored, "<f4", count, at).reshape(weight["shape"])
        at += 4 * count
    return values


def read_batches(folder, text):
    """Inputs [batches, rows, ...] and labels [batches, rows]."""
    folder = pathlib.Path(folder)
    shape = json.loads((folder / "inputs.json").read_text())["shape"]
    inputs = np.fromfile(folder / "inputs.bin", "<i4" if text else "<f4").reshape(shape)
    return inputs, np.fromfile(folder / "labels.bin", "<i4").reshape(shape[:2])


def time_steps(step, steps, began, result, **more):
    """step(n) trains on prepared batch n and gives the loss before it; began is when making the trainer began."""
    losses = [float(step(index)) for index in range(WARM_UP)]
    ready, cpu = time.perf_counter(), time.process_time()
    losses += [float(step(WARM_UP + index)) for index in range(steps)]
    seconds, cpu = time.perf_counter() - ready, time.process_time() - cpu
    found = {"seconds": seconds, "cpu": cpu, "steps": steps, "perSecond": steps / seconds}
    found |= {"firstBatch": ready - began, "losses": losses[:3]} | more
    pathlib.Path(result).write_text(json.dumps(found))
