"""Heads of scikit-learn on features that a test makes itself: tests/golden/heads.json.

    python scripts/golden/heads.py > tests/golden/heads.json

Features are the pixels of the 8x8 digits, and mixtures of Gaussians from the linear congruential generator
s = (1664525 s + 1013904223) mod 2^32, s = 1 at first; u = (s + 0.5) / 2^32; normal numbers are
sqrt(-2 ln u1) cos(2 pi u2).
"""
import json
import sys
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.preprocessing import StandardScaler, normalize

warnings.filterwarnings('ignore')

GRID = [10 ** (-2 + step / 2) for step in range(9)]


class Lcg:
    def __init__(self):
        self.s = 1

    def uniform(self):
        self.s = (1664525 * self.s + 1013904223) % 2**32
        return (self.s + 0.5) / 2**32

    def normal(self):
        u1 = self.uniform()
        return np.sqrt(-2 * np.log(u1)) * np.cos(2 * np.pi * self.uniform())

    def normals(self, *shape):
        return np.array([self.normal() for _ in range(int(np.prod(shape)))]).reshape(shape)


def digits(per_class):
    x, y = load_digits(return_X_y=True)
    train = np.concatenate([np.flatnonzero(y[:1297] == k)[:per_class] for k in range(10)])
    return x[train], y[train], x[1297:], y[1297:]


def mixture(classes, width, per_class, test_per_class, spread):
    """Like embeddings of sentences: unit length, classes around directions of their own."""
    lcg = Lcg()
    centres = lcg.normals(classes, width)
    sets = []
    for count in (per_class, test_per_class):
        y = np.repeat(np.arange(classes), count)
        x = centres[y] + spread * lcg.normals(len(y), width)
        sets += [normalize(x).astype(np.float32).astype(np.float64), y]
    return sets


def objective(model, x, y, c, weights=None):
    """What LogisticRegression minimises, divided by C and the number of examples (or the sum of their weights)."""
    weights = np.ones(len(y)) if weights is None else weights
    p = model.predict_proba(x)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
    loss = -(weights * np.log(p)).sum()
    return float(((model.coef_ ** 2).sum() / 2 + c * loss) / (c * weights.sum()))


def probe(name, data):
    x, y, tx, ty = data
    scaler = StandardScaler().fit(x)
    sx, stx = scaler.transform(x), scaler.transform(tx)
    fixed = []
    for c in (0.01, 1.0, 100.0):
        model = LogisticRegression(C=c, tol=1e-10, max_iter=20000).fit(sx, y)
        p = model.predict_proba(stx)
        fixed.append({'c': c, 'objective': objective(model, sx, y, c), 'accuracy': model.score(stx, ty), 'logLoss': log_loss(ty, p),
                      'first': p[0].tolist(), 'last': p[-1].tolist(),
                      'norm': float(np.linalg.norm(model.coef_ / scaler.scale_))})
    chosen = []
    for seed in range(5):
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        model = LogisticRegressionCV(Cs=GRID, cv=folds, max_iter=5000, use_legacy_attributes=False,
                                     scoring='accuracy', l1_ratios=(0,)).fit(sx, y)
        chosen.append({'c': float(model.C_), 'accuracy': model.score(stx, ty)})
    balanced_y = np.concatenate([y, y[:3]])
    balanced_x = np.concatenate([sx, sx[:3]])
    balanced = LogisticRegression(class_weight='balanced', tol=1e-10, max_iter=20000).fit(balanced_x, balanced_y)
    knn = KNeighborsClassifier(3, metric='cosine').fit(x, y)
    means = NearestCentroid().fit(normalize(x), y)
    return {'name': name, 'train': len(y), 'test': len(ty), 'fixed': fixed, 'chosen': chosen,
            'balanced': balanced.predict_proba(stx)[0].tolist(),
            'nearestNeighbours': {'accuracy': knn.score(tx, ty), 'predicted': knn.predict(tx)[:100].tolist(),
                                  'votes': knn.predict_proba(tx)[:100].max(axis=1).tolist()},
            'nearestMean': {'accuracy': means.score(normalize(tx), ty),
                            'predicted': means.predict(normalize(tx))[:100].tolist()}}


def binary():
    """Threes and eights of the 8x8 digits, more of the first: coefficients for the pixels as they are."""
    x, y, tx, ty = digits(30)
    train = np.concatenate([np.flatnonzero(y == 3), np.flatnonzero(y == 8)[:12]])
    test = np.isin(ty, (3, 8))
    x, y, tx = x[train], y[train], tx[test]
    scaler = StandardScaler().fit(x)
    sx = scaler.transform(x)
    balanced = len(y) / (2 * np.where(y == 3, (y == 3).sum(), (y == 8).sum()))
    out = []
    for c in (0.01, 1.0, 100.0):
        for weights in (None, 'balanced'):
            model = LogisticRegression(C=c, tol=1e-10, max_iter=20000, class_weight=weights).fit(sx, y)
            coefficients = model.coef_[0] / scaler.scale_
            out.append({'c': c, 'classWeights': weights,
                        'objective': objective(model, sx, y, c, None if weights is None else balanced),
                        'coefficients': coefficients.tolist(),
                        'intercept': float(model.intercept_[0] - coefficients @ scaler.mean_),
                        'probabilities': model.predict_proba(scaler.transform(tx))[:20, 1].tolist()})
    return {'fixed': out}


def multi_label():
    """Three labels, each a noisy half space of the 8x8 digits' pixels."""
    x, _, tx, _ = digits(30)
    lcg = Lcg()
    planes = lcg.normals(3, 64)
    y = ((x - x.mean(axis=0)) @ planes.T + 20 * lcg.normals(len(x), 3) > 0).astype(int)
    scaler = StandardScaler().fit(x)
    out = []
    for c in (0.01, 1.0):
        model = OneVsRestClassifier(LogisticRegression(C=c, tol=1e-10, max_iter=20000)).fit(scaler.transform(x), y)
        p = model.predict_proba(scaler.transform(tx))
        out.append({'c': c, 'first': p[0].tolist(), 'last': p[-1].tolist(), 'sum': float(p.sum())})
    return {'labels': y.tolist(), 'fixed': out}


def ridge():
    """The class of the 8x8 digits as a number."""
    x, y, tx, ty = digits(30)
    scaler = StandardScaler().fit(x)
    out = []
    for c in (0.01, 1.0, 100.0):
        model = Ridge(alpha=1 / c).fit(scaler.transform(x), y)
        p = model.predict(scaler.transform(tx))
        out.append({'c': c, 'r2': model.score(scaler.transform(tx), ty), 'first': p[:5].tolist()})
    return {'fixed': out}


json.dump({
    'program': f'scikit-learn {sklearn.__version__}, numpy {np.__version__}',
    'madeBy': 'scripts/golden/heads.py',
    'mixtures': {'mixture-5': [20, 384, 5, 40, 3.0], 'mixture-30': [20, 384, 30, 40, 4.0]},
    'probes': [
        probe('digits-5', digits(5)),
        probe('digits-20', digits(20)),
        probe('digits-100', digits(100)),
        probe('mixture-5', mixture(20, 384, 5, 40, 3.0)),
        probe('mixture-30', mixture(20, 384, 30, 40, 4.0)),
    ],
    'binary': binary(),
    'multiLabel': multi_label(),
    'ridge': ridge(),
}, sys.stdout, indent=1)
print()
