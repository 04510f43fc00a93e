"""What Python's TensorFlow gives for the SavedModels that src/graph/ writes: tests/golden/graph-saved-models.json.

    ZOO_RUNTIME=... python scripts/golden/graph-saved-models.py

Node writes the SavedModels of tests/graph/golden-graphs.ts into a temporary folder; each is opened by its signature
and run at sizes that were not traced. The inputs are made here by the same rules.
"""

import hashlib
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import tensorflow as tf

ROOT = pathlib.Path(__file__).resolve().parents[2]


def numbers(*shape):
    index = np.arange(np.prod(shape), dtype=np.int64)
    return (((index * 37) % 19 - 9) / 16).astype(np.float32).reshape(shape)


def ids(*shape):
    return ((np.arange(np.prod(shape)) * 5) % 7).astype(np.int32).reshape(shape)


INPUTS = {
    'convolutional': [numbers(1, 12, 12, 3), numbers(5, 12, 12, 3)],
    'folded': [numbers(1, 12, 12, 3), numbers(5, 12, 12, 3)],
    'attention': [ids(1, 6), ids(4, 21)],
}


def main():
    result = {'program': f'TensorFlow {tf.__version__} for Python', 'graphs': {}}
    with tempfile.TemporaryDirectory() as folder:
        program = ROOT / 'tests' / 'graph' / 'golden-graphs.ts'
        subprocess.run(['npx', 'tsx', str(program), folder], cwd=ROOT, check=True)
        for name, inputs in INPUTS.items():
            path = pathlib.Path(folder) / name
            run = tf.saved_model.load(str(path)).signatures['serving_default']
            cases = []
            for x in inputs:
                (output,) = run(x0=tf.constant(x)).values()
                values = output.numpy()
                cases.append({
                    'input': list(x.shape),
                    'shape': list(values.shape),
                    'first': [float(v) for v in values.ravel()[:12]],
                    'sum': float(values.astype(np.float64).sum()),
                    'norm': float(np.sqrt((values.astype(np.float64) ** 2).sum())),
                })
            digest = hashlib.sha256((path / 'saved_model.pb').read_bytes()).hexdigest()
            result['graphs'][name] = {'sha256': digest, 'cases': cases}
    target = ROOT / 'tests' / 'golden' / 'graph-saved-models.json'
    target.write_text(json.dumps(result, indent=2) + '\n')


main()
