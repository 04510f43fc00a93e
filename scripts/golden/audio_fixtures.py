"""Writes tests/fixtures/audio: tones and sweeps of our own in every kind of file that is read, each encoded by
libsndfile (and the FLAC in Ogg by the flac program, where it is installed), and what these programs decode them to.

    python scripts/golden/audio_fixtures.py          needs numpy, soundfile
"""
import json
import os
import shutil
import subprocess

import numpy as np
import soundfile

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "../../tests/fixtures/audio")
GOLDEN = os.path.join(HERE, "../../tests/golden/audio-decode.json")


def sweep(rate, seconds, low, high):
    """A tone whose pitch rises evenly from low to high, at half of full scale."""
    t = np.arange(int(rate * seconds)) / rate
    return 0.5 * np.sin(2 * np.pi * (low * t + (high - low) * t * t / (2 * seconds)))


def stereo(rate, seconds):
    return np.stack([sweep(rate, seconds, 100, 3000), 0.5 * sweep(rate, seconds, 2000, 300)], 1)


WAV = [
    ("pcm8.wav", "WAV", "PCM_U8"),
    ("pcm16.wav", "WAV", "PCM_16"),
    ("pcm24.wav", "WAV", "PCM_24"),
    ("pcm32.wav", "WAV", "PCM_32"),
    ("float32.wav", "WAV", "FLOAT"),
    ("float64.wav", "WAV", "DOUBLE"),
    ("a-law.wav", "WAV", "ALAW"),
    ("mu-law.wav", "WAV", "ULAW"),
    ("extensible24.wav", "WAVEX", "PCM_24"),
    ("rf64.wav", "RF64", "PCM_16"),
]
COMPRESSED = [
    ("mono.flac", "FLAC", "PCM_16", 22050, 1, 0.25),
    ("stereo24.flac", "FLAC", "PCM_24", 44100, 2, 0.05),
    ("mono-vorbis.ogg", "OGG", "VORBIS", 16000, 1, 0.5),
    ("stereo-vorbis.ogg", "OGG", "VORBIS", 22050, 2, 0.25),
    ("mono-opus.opus", "OGG", "OPUS", 16000, 1, 0.5),
    ("stereo-opus.opus", "OGG", "OPUS", 48000, 2, 0.25),
    ("mono.mp3", "MP3", "MPEG_LAYER_III", 16000, 1, 0.5),
    ("stereo.mp3", "MP3", "MPEG_LAYER_III", 44100, 2, 0.25),
]


def described(name, exact):
    samples, rate = soundfile.read(os.path.join(FOLDER, name), dtype="float32", always_2d=True)
    flat = samples.astype("float64")
    middle = len(samples) // 2
    return {
        "file": name,
        "exact": exact,
        "sampleRate": rate,
        "samples": len(samples),
        "channels": [
            {
                "middle": [float(v) for v in samples[middle : middle + 16, c]],
                "sum": float(flat[:, c].sum()),
                "l2": float(np.sqrt((flat[:, c] ** 2).sum())),
            }
            for c in range(samples.shape[1])
        ],
    }


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for name, kind, subtype in WAV:
        soundfile.write(os.path.join(FOLDER, name), sweep(8000, 0.05, 100, 3500), 8000, format=kind, subtype=subtype)
    soundfile.write(os.path.join(FOLDER, "stereo16.wav"), stereo(44100, 0.01), 44100, subtype="PCM_16")
    for name, kind, subtype, rate, channels, seconds in COMPRESSED:
        data = sweep(rate, seconds, 100, 3000) if channels == 1 else stereo(rate, seconds)
        soundfile.write(os.path.join(FOLDER, name), data, rate, format=kind, subtype=subtype)
    cases = [described(name, True) for name, _, _ in WAV] + [described("stereo16.wav", True)]
    cases += [described(name, kind == "FLAC") for name, kind, *_ in COMPRESSED]
    flac = shutil.which("flac")
    path = os.path.join(FOLDER, "flac-in-ogg.oga")
    if flac is not None:
        subprocess.run([flac, "--silent", "--no-padding", "--ogg", "-f", "-o", path, os.path.join(FOLDER, "pcm16.wav")], check=True)
    if os.path.exists(path):
        cases.append({**described("pcm16.wav", True), "file": "flac-in-ogg.oga"})
    golden = {
        "program": f"soundfile {soundfile.__version__}, {soundfile.__libsndfile_version__}",
        "script": "scripts/golden/audio_fixtures.py",
        "how": "decoded as float32; of each channel 16 samples from the middle on, sum and L2 norm in float64",
        "cases": cases,
    }
    with open(GOLDEN, "w") as file:
        json.dump(golden, file, indent=1)
        file.write("\n")


main()
