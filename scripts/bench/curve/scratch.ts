/** What learns from nothing but the examples: a small convnet for pictures and spectrograms, word weights for texts. */
import { resample } from '../../../src/data/audio/resample.js';
import { spectrogram } from '../../../src/data/audio/spectrogram.js';
import { toMono } from '../../../src/data/audio/to-mono.js';
import type { Dataset } from '../../../src/data/dataset.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { convnetFromScratch, type PixelRow, pixelsOf } from '../../demo/baselines.mjs';
import { HEADS, headContestant } from '../accuracy/learn-rows.js';
import { enlarge } from '../accuracy/pixels.js';
import type { Draw } from '../accuracy/trial.js';
import { wordRows } from '../accuracy/words.js';

export type Scratch = (draw: Draw) => Promise<number>;

const BATCH = 10;
const EPOCHS = 60;
const MOST_STEPS = 6000;

/** @param rows of the examples of a data set, in their order. */
function convnet(rows: (dataset: Dataset) => Promise<PixelRow[]>): Scratch {
  return async ({ train, test, seed }) => {
    const perEpoch = Math.ceil(train.examples.length / BATCH);
    const epochs = Math.min(EPOCHS, Math.max(1, Math.floor(MOST_STEPS / perEpoch)));
    const options = { classes: train.labels.length, seed, epochs };
    return convnetFromScratch(tf, await rows(train), await rows(test), options);
  };
}

/** @param times pictures are enlarged by this: two convolutions and poolings need 10 pixels and more. */
export function picturesFromScratch(times: number): Scratch {
  return convnet(async (dataset) => (await pixelsOf(dataset)).map((row) => enlarge(row, times)));
}

const RATE = 16_000;
const BANDS = 40;
/** 0.8 s: nearly all spoken digits are shorter. */
const FRAMES = 80;
/** Decibels below the loudest of a recording that are told apart. */
const RANGE = 80;

/** 40 mel bands in frames of 25 ms every 10 ms, in decibels below the loudest; the first 0.8 s, or silence behind. */
export function spectrogramsFromScratch(): Scratch {
  const known = new Map<string, Float32Array>();
  return convnet(async ({ examples, labels }) => {
    const rows: PixelRow[] = [];
    for (const example of examples) {
      const row = known.get(example.name) ?? (await levels(example));
      known.set(example.name, row);
      rows.push({ row, label: labels.indexOf(example.labels[0] ?? ''), width: BANDS, height: FRAMES });
    }
    return rows;
  });
}

/** [frames, bands], 0 to 1. */
async function levels(example: Dataset['examples'][number]): Promise<Float32Array> {
  const raw = await example.load();
  if (raw.kind !== 'audio') throw new Error(`${example.name} is no recording`);
  const { data } = spectrogram(resample(toMono(raw), raw.sampleRate, RATE), {
    sampleRate: RATE,
    stft: { frame: 400, hop: 160, fft: 512, hann: 'periodic', place: 'centre', edges: 'zeros', power: 2 },
    mel: {
      bands: BANDS,
      lowest: 0,
      highest: RATE / 2,
      scale: 'slaney',
      straightOver: 'hertz',
      norm: 'slaney',
    },
    log: { kind: 'decibel', floor: 1e-10, range: RANGE },
  });
  const loudest = data.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const row = new Float32Array(FRAMES * BANDS);
  for (let at = 0; at < Math.min(row.length, data.length); at++) {
    row[at] = 1 + ((data[at] ?? 0) - loudest) / RANGE;
  }
  return row;
}

/** @param everything all texts, whose words are read once; weights are those of each draw alone. */
export function wordsFromScratch(everything: Dataset): Scratch {
  const { run } = headContestant('TF-IDF', wordRows(everything), HEADS['linear, unit length']);
  return async (draw) => {
    const { accuracy } = await run(draw);
    return accuracy;
  };
}
