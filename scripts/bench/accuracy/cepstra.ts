/** What recordings are compared with: 20 mel-frequency cepstral coefficients, as their mean and deviation over time. */
import { resample } from '../../../src/data/audio/resample.js';
import { type SpectrogramSettings, spectrogram } from '../../../src/data/audio/spectrogram.js';
import { toMono } from '../../../src/data/audio/to-mono.js';
import type { Dataset, Example } from '../../../src/data/dataset.js';
import type { LabelledFeatures } from '../../../src/training/solve/fit-options.js';

const COEFFICIENTS = 20;

/** librosa's way, in frames of 25 ms every 10 ms. */
function settings(sampleRate: number): SpectrogramSettings {
  return {
    sampleRate,
    stft: {
      frame: Math.round(0.025 * sampleRate),
      hop: Math.round(0.01 * sampleRate),
      fft: 2 ** Math.ceil(Math.log2(0.025 * sampleRate)),
      hann: 'periodic',
      place: 'centre',
      edges: 'zeros',
      power: 2,
    },
    mel: {
      bands: 40,
      lowest: 0,
      highest: sampleRate / 2,
      scale: 'slaney',
      straightOver: 'hertz',
      norm: 'slaney',
    },
    log: { kind: 'decibel', floor: 1e-10, range: 80 },
    cepstrum: { coefficients: COEFFICIENTS, norm: 'ortho' },
  };
}

/** @param sampleRate Hz, that recordings are converted to. */
export async function cepstraTable(dataset: Dataset, sampleRate: number): Promise<LabelledFeatures> {
  const width = 2 * COEFFICIENTS;
  const { examples } = dataset;
  const features = new Float32Array(examples.length * width);
  for (const [at, example] of examples.entries()) {
    features.set(await momentsOf(example, sampleRate), at * width);
  }
  return {
    names: examples.map(({ name }) => name),
    labels: examples.map(({ labels }) => labels),
    targets: examples.map(({ target }) => target),
    features,
    width,
  };
}

/** The mean of each coefficient, then the deviation of each. */
async function momentsOf(example: Example, sampleRate: number): Promise<Float32Array> {
  const raw = await example.load();
  if (raw.kind !== 'audio') throw new Error(`${example.name} is no recording`);
  const { frames, width, data } = spectrogram(
    resample(toMono(raw), raw.sampleRate, sampleRate),
    settings(sampleRate),
  );
  const moments = new Float32Array(2 * width);
  for (let coefficient = 0; coefficient < width; coefficient++) {
    const values = Array.from({ length: frames }, (_, frame) => data[frame * width + coefficient] ?? 0);
    const mean = values.reduce((sum, value) => sum + value, 0) / frames;
    moments[coefficient] = mean;
    moments[width + coefficient] = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / frames,
    );
  }
  return moments;
}
