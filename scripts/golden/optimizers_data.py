"""Weights and data of the small network that optimizers.py and unfreezing.py train: exact numbers, the i-th of a list made with k is
((i k) mod 19 - 9) / 16."""
import numpy as np

RATE = 0.05


def numbers(k, *shape):
    size = int(np.prod(shape))
    return (((np.arange(size) * k) % 19 - 9) / 16).astype(np.float32).reshape(shape)


def batch(step):
    return numbers(31 + 2 * step, 6, 4), np.eye(3, dtype=np.float32)[(np.arange(6) + step) % 3]
