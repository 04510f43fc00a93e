"""Measures of scikit-learn and SciPy on made-up predictions: tests/golden/evaluation.json.

    python scripts/golden/evaluation.py > tests/golden/evaluation.json

Numbers come from s = (1664525 s + 1013904223) mod 2^32, s = 1 at first; u = (s + 0.5) / 2^32.
"""
import json
import sys
import warnings

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest
from sklearn import metrics as m

warnings.filterwarnings('ignore')


class Lcg:
    def __init__(self):
        self.s = 1

    def uniform(self):
        self.s = (1664525 * self.s + 1013904223) % 2**32
        return (self.s + 0.5) / 2**32

    def uniforms(self, *shape):
        return np.array([self.uniform() for _ in range(int(np.prod(shape)))]).reshape(shape)


def expected_calibration_error(confidence, right, bins=15):
    """Equation 3 of arXiv 1706.04599, written with masks."""
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def triple(y, p, average, labels=None):
    a, b, c, _ = m.precision_recall_fscore_support(y, p, average=average, zero_division=0, labels=labels)
    return {'precision': float(a), 'recall': float(b), 'f1': float(c)}


def classification(examples, classes, sharpness, missing):
    """Softmax of noise, raised for the true class; `missing` classes never occur."""
    lcg = Lcg()
    y = np.minimum((lcg.uniforms(examples) * (classes - missing)).astype(int), classes - 1)
    z = sharpness * lcg.uniforms(examples, classes)
    z[np.arange(examples), y] += sharpness * 0.3
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    p = p.astype(np.float32)
    said = p.argmax(axis=1)
    labels = list(range(classes))
    per = m.precision_recall_fscore_support(y, said, zero_division=0, labels=labels)
    right = said == y
    accuracy = m.accuracy_score(y, said)
    interval = binomtest(int(right.sum()), examples).proportion_ci(0.95, method='wilson')
    onehot = np.eye(classes)[y]
    return {
        'examples': examples, 'classes': classes, 'sharpness': sharpness, 'missing': missing,
        'accuracy': accuracy,
        'interval': [interval.low, interval.high],
        'topK': {str(k): m.top_k_accuracy_score(y, p, k=k, labels=labels) for k in (2, 3, 5, 10) if k < classes},
        'balancedAccuracy': m.balanced_accuracy_score(y, said),
        'macro': triple(y, said, 'macro'), 'weighted': triple(y, said, 'weighted'),
        'logLoss': m.log_loss(y, p.astype(float), labels=labels),
        'brier': float(((p.astype(float) - onehot) ** 2).sum(axis=1).mean()),
        'brierOfScikitLearn': m.brier_score_loss(y, p.astype(float), labels=labels, scale_by_half=False),
        'calibration': expected_calibration_error(p.max(axis=1).astype(float), right),
        'perClass': {'precision': per[0].tolist(), 'recall': per[1].tolist(), 'f1': per[2].tolist(),
                     'support': per[3].tolist()},
        'confusion': m.confusion_matrix(y, said, labels=labels).tolist(),
    }


def multi_label(examples, labels):
    """Probabilities in steps of .05, so that many are equal."""
    lcg = Lcg()
    y = (lcg.uniforms(examples, labels) < 0.3).astype(int)
    p = np.round((0.6 * lcg.uniforms(examples, labels) + 0.35 * y) * 20) / 20 + 0.01
    p = p.astype(np.float32)
    said = (p > 0.5).astype(int)
    per = m.precision_recall_fscore_support(y, said, zero_division=0)
    return {
        'examples': examples, 'labels': labels,
        'exactMatch': m.accuracy_score(y, said), 'hammingLoss': m.hamming_loss(y, said),
        'meanAveragePrecision': m.average_precision_score(y, p, average='macro'),
        'averagePrecision': m.average_precision_score(y, p, average=None).tolist(),
        'micro': triple(y, said, 'micro'), 'macro': triple(y, said, 'macro'),
        'logLoss': float(np.mean([m.log_loss(y[:, k], p[:, k].astype(float)) for k in range(labels)])),
        'brier': float(np.mean((p.astype(float) - y) ** 2)),
        'f1': per[2].tolist(),
    }


def regression(examples):
    lcg = Lcg()
    y = 10 * lcg.uniforms(examples)
    p = (y + 2 * lcg.uniforms(examples) - 0.8).astype(np.float32)
    return {
        'examples': examples, 'r2': m.r2_score(y, p), 'meanAbsoluteError': m.mean_absolute_error(y, p),
        'rootMeanSquaredError': m.root_mean_squared_error(y, p), 'bias': float(np.mean(p - y)),
    }


json.dump({
    'program': f'scikit-learn {sklearn.__version__}, scipy {scipy.__version__}',
    'madeBy': 'scripts/golden/evaluation.py',
    'classification': [classification(200, 3, 4.0, 0), classification(37, 6, 6.0, 2), classification(500, 12, 8.0, 0)],
    'multiLabel': [multi_label(60, 4), multi_label(200, 7)],
    'regression': [regression(50)],
}, sys.stdout, indent=1)
print()
