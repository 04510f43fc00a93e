"""Writes tests/golden/audio-features.json: spectra, mel filters, spectrograms and cepstra of a sweep and of noise by
librosa and TensorFlow, and what networks' own preparations give.

    TF_CPP_MIN_LOG_LEVEL=3 python scripts/golden/audio_features.py     needs librosa, tensorflow, numpy
"""
import json
import os

import librosa
import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "../../tests/golden/audio-features.json")
RATE = 16000


def noise(count, size):
    state, values = 1, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        values.append(size * (2 * state / 2**32 - 1))
    return np.array(values, dtype="float32")


def sweep(count, low, high, size):
    t = np.arange(count) / RATE
    seconds = count / RATE
    return (size * np.sin(2 * np.pi * (low * t + (high - low) * t * t / (2 * seconds)))).astype("float32")


SIGNALS = {
    "sweep": sweep(16000, 50, 7500, 0.6),
    "noise": noise(16000, 0.3),
    "long": np.concatenate([sweep(20000, 100, 4000, 0.02), noise(15000, 0.01)]),
    "short": sweep(5000, 300, 900, 0.4),
}


def summary(array):
    array = np.asarray(array)
    flat = array.reshape(-1).astype("float64")
    stride = max(1, len(flat) // 61)
    return {
        "shape": list(array.shape),
        "stride": stride,
        "values": [float(f"{v:.8g}") for v in flat[::stride]],
        "sum": float(flat.sum()),
        "l2": float(np.sqrt((flat**2).sum())),
        "max": float(flat.max()),
    }


def tf_mel(bands, bins, low, high, dtype=tf.float32):
    return tf.signal.linear_to_mel_weight_matrix(bands, bins, RATE, low, high, dtype=dtype)


def keyword_spotting(samples, dtype="float32"):
    """MLPerf Tiny, benchmark/training/keyword_spotting/get_dataset.py, as the catalogue describes it."""
    window = samples[:16000] / np.max(samples[:16000])
    window = np.pad(window, (0, 16000 - len(window))).astype(dtype)
    spectrum = tf.abs(tf.signal.stft(window, 480, 320))
    mel = tf.tensordot(spectrum, tf_mel(40, 257, 20.0, 4000.0, spectrum.dtype), 1)
    return tf.signal.mfccs_from_log_mel_spectrograms(tf.math.log(mel + 1e-6))[..., :10][None, ..., None]


def yamnet(samples, dtype="float32"):
    """TensorFlow's models/research/audioset/yamnet/features.py: log mel frames, before they are cut into patches."""
    spectrum = tf.abs(tf.signal.stft(samples.astype(dtype), 400, 160, 512))
    return tf.math.log(tf.matmul(spectrum, tf_mel(64, 257, 125.0, 7500.0, spectrum.dtype)) + 0.001)


def in_both_precisions(front_end, samples):
    """In double precision, and how far TensorFlow's own single precision is from it: in quiet bands, the logarithm
    shows the rounding of its Fourier transform."""
    double, single = (np.asarray(front_end(samples, dtype)) for dtype in ("float64", "float32"))
    typical = np.sqrt(np.mean(double**2))
    error = np.abs(double - single) / np.maximum(np.abs(double), typical)
    return {**summary(double), "singlePrecisionError": float(error.max())}


def resemblyzer(samples):
    """resemblyzer/audio.py: normalize_volume(-30 dBFS, increase only) and wav_to_mel_spectrogram, in slices of 160."""
    level = 20 * np.log10(np.sqrt(np.mean((samples * 32767) ** 2)) / 32767)
    if level < -30:
        samples = samples * 10 ** ((-30 - level) / 20)
    count = max(1, -(-len(samples) // 25600))
    samples = np.pad(samples, (0, count * 25600 - len(samples)))
    mel = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=400, hop_length=160, n_mels=40)
    mel = mel.astype("float32").T
    return np.stack([mel[160 * i : 160 * (i + 1)] for i in range(count)])


def crepe(samples):
    """crepe/core.py, get_activation without centring, step 10 ms; the last frame that is half real is filled up."""
    starts = list(range(0, len(samples) - 1024 + 1, 160)) + [160 * (1 + (len(samples) - 1024) // 160)]
    if starts[-1] + 1024 - 160 == len(samples):
        starts.pop()
    samples = np.pad(samples, (0, 1024))
    frames = np.stack([samples[s : s + 1024] for s in starts])
    frames -= np.mean(frames, axis=1)[:, None]
    frames /= np.clip(np.std(frames, axis=1)[:, None], 1e-8, None)
    return frames


def speech_embedding(samples):
    """The network melspectrogram.onnx of openWakeWord, whose weights equal these of librosa to the last bit or two."""
    window = np.pad(librosa.filters.get_window("hann", 400), 56)
    count = 1 + (len(samples) - 512) // 160
    frames = np.stack([samples[160 * i : 160 * i + 512] * 32768.0 * window for i in range(count)])
    power = np.abs(np.fft.rfft(frames)) ** 2
    mel = power @ librosa.filters.mel(sr=RATE, n_fft=512, n_mels=32, fmin=60, fmax=3800).T
    return librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=80) / 10 + 2


def main():
    cases = {}
    for name in ("sweep", "noise"):
        x = SIGNALS[name]
        cases[f"librosa stft 400 centred zeros, magnitude, {name}"] = np.abs(librosa.stft(x, n_fft=400, hop_length=160)).T
        cases[f"librosa stft 512 of 400, reflect, power, {name}"] = (
            np.abs(librosa.stft(x, n_fft=512, win_length=400, hop_length=128, pad_mode="reflect")).T ** 2
        )
        cases[f"librosa stft 512 not centred, symmetric Hann, magnitude, {name}"] = np.abs(
            librosa.stft(x, n_fft=512, hop_length=256, center=False, window=np.hanning(512))
        ).T
        cases[f"tensorflow stft 480 in 512, magnitude, {name}"] = tf.abs(tf.signal.stft(x, 480, 320))
        cases[f"librosa mel power in dB within 80, {name}"] = librosa.power_to_db(
            librosa.feature.melspectrogram(y=x, sr=RATE, n_fft=1024, hop_length=256, n_mels=64), top_db=80
        ).T
        cases[f"librosa mfcc, {name}"] = librosa.feature.mfcc(
            y=x, sr=RATE, n_mfcc=13, n_fft=1024, hop_length=256, n_mels=64
        ).T
        cases[f"yamnet, {name}"] = in_both_precisions(yamnet, x)
        cases[f"speech embedding, {name}"] = speech_embedding(x)
        cases[f"keyword-spotting-dscnn, {name}"] = in_both_precisions(keyword_spotting, x)
        cases[f"resemblyzer, {name}"] = resemblyzer(x)
        cases[f"crepe-tiny, {name}"] = crepe(x)
    cases["keyword-spotting-dscnn, short"] = in_both_precisions(keyword_spotting, SIGNALS["short"])
    cases["resemblyzer, long"] = resemblyzer(SIGNALS["long"])
    cases["resemblyzer, short"] = resemblyzer(SIGNALS["short"])
    filters = {}
    for scale, htk in (("slaney", False), ("htk", True)):
        for norm in (None, "slaney"):
            filters[f"librosa {scale} {norm or 'none'}"] = librosa.filters.mel(
                sr=RATE, n_fft=512, n_mels=40, fmin=20, fmax=7600, htk=htk, norm=norm
            )
    filters["tensorflow"] = tf.transpose(tf_mel(40, 257, 20.0, 7600.0))
    golden = {
        "program": f"librosa {librosa.__version__}, TensorFlow {tf.__version__}, numpy {np.__version__}",
        "script": "scripts/golden/audio_features.py",
        "how": "signals at 16 kHz: sweep 16000 samples 50 to 7500 Hz at 0.6; noise 16000 at 0.3; "
        "long: sweep 20000 samples 100 to 4000 Hz at 0.02, then noise 15000 at 0.01; short: 5000 samples 300 to 900 Hz at 0.4",
        "filters": {name: summary(array) for name, array in filters.items()},
        "cases": {name: case if isinstance(case, dict) else summary(case) for name, case in cases.items()},
    }
    with open(TARGET, "w") as file:
        json.dump(golden, file, indent=None, separators=(",", ":"))
        file.write("\n")


main()
