"""Writes tests/golden/audio-resample.json: signals resampled by soxr and by scipy, and how well soxr does.

    python scripts/golden/audio_resample.py          needs numpy, scipy, soxr
"""
import json
import math
import os

import numpy as np
import scipy
import scipy.signal
import soxr

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "../../tests/golden/audio-resample.json")
PAIRS = [(44100, 16000), (44100, 22050), (48000, 16000), (8000, 16000), (22050, 16000), (16000, 22050), (11025, 16000)]


def noise(count, size):
    state, values = 1, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        values.append(size * (2 * state / 2**32 - 1))
    return np.array(values, dtype="float32")


def tones(rate, count, lower):
    """Four tones inside the pass band of the lower rate."""
    t = np.arange(count) / rate
    return sum(0.2 * np.sin(2 * np.pi * f * lower * t + f) for f in (0.01, 0.11, 0.27, 0.43)).astype("float32")


def summary(array):
    flat = np.asarray(array).astype("float64")
    stride = max(1, len(flat) // 61)
    return {
        "shape": [len(flat)],
        "stride": stride,
        "values": [float(f"{v:.8g}") for v in flat[::stride]],
        "sum": float(flat.sum()),
        "l2": float(np.sqrt((flat**2).sum())),
        "max": float(flat.max()),
    }


def polyphase(samples, source, target):
    """The documented filter (Kaiser, 120 dB, pass band 91.3 %), each phase summing to 1, through scipy's upfirdn."""
    g = math.gcd(source, target)
    up, down = target // g, source // g
    lower = min(1, up / down)
    reach = (120 - 7.95) / (14.36 * (1 - 0.913) / 2) / 2 / lower
    half = math.ceil(reach) * up
    t = np.arange(-half, half + 1) / up
    inside = np.abs(t) < reach
    window = np.where(inside, np.i0(0.1102 * (120 - 8.7) * np.sqrt(np.clip(1 - (t / reach) ** 2, 0, None))), 0)
    taps = np.sinc(lower * (1 + 0.913) / 2 * t) * window
    for phase in range(up):
        taps[phase::up] /= taps[phase::up].sum()
    full = scipy.signal.upfirdn(taps, samples.astype("float64"), up, 1)[half:]
    return full[::down][: math.ceil(len(samples) * target / source)]


def level(signal, rate):
    """dB of the middle half against a sine at full scale."""
    middle = signal[len(signal) // 4 : -len(signal) // 4].astype("float64")
    return float(10 * np.log10(2 * np.mean(middle**2) + 1e-30))


def main():
    cases = []
    for source, target in PAIRS:
        lower = min(source, target)
        x = noise(3000, 0.5)
        y = tones(source, 6000, lower)
        cases.append(
            {
                "from": source,
                "to": target,
                "noise": summary(polyphase(x, source, target)),
                "tones": summary(soxr.resample(y, source, target, quality="HQ")),
            }
        )
    levels = {}
    for f in (0.5, 0.9, 0.913, 0.95, 1.0, 1.05, 1.3):
        tone = np.sin(2 * np.pi * f * 8000 * np.arange(88200) / 44100).astype("float32")
        levels[str(f)] = round(level(soxr.resample(tone, 44100, 16000, quality="HQ"), 16000), 2)
    golden = {
        "program": f"scipy {scipy.__version__}, soxr {soxr.__version__}",
        "script": "scripts/golden/audio_resample.py",
        "how": "noise: 3000 samples of the generator at 0.5, by scipy's upfirdn with the same filter; tones: 6000 samples of "
        "0.2 sin(2 pi f lower t + f) for f of .01 .11 .27 .43, by soxr HQ; soxrLevels: dB of a tone at f * 8 kHz from 44.1 to 16 kHz",
        "soxrLevels": levels,
        "cases": cases,
    }
    with open(TARGET, "w") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


main()
