/** What pictures are compared with: their own grey values, and a small convnet that knows nothing before. */
import type { Dataset } from '../../../src/data/dataset.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import type { LabelledFeatures } from '../../../src/training/solve/fit-options.js';
import { convnetFromScratch, type PixelRow, pixelsOf } from '../../demo/baselines.mjs';
import type { Contestant } from './trial.js';

/** Grey values, 0 to 1. @param dataset grey pictures of one size. */
export async function pixelTable(dataset: Dataset): Promise<LabelledFeatures> {
  const rows = await pixelsOf(dataset);
  const width = rows[0]?.row.length ?? 0;
  const features = new Float32Array(rows.length * width);
  rows.forEach(({ row }, at) => {
    features.set(row, at * width);
  });
  const { examples } = dataset;
  return {
    names: examples.map(({ name }) => name),
    labels: examples.map(({ labels }) => labels),
    targets: examples.map(({ target }) => target),
    features,
    width,
  };
}

/**
 * For test parts with equally many of each class.
 * @param times pictures are enlarged by this: two convolutions and poolings need 10 pixels and more.
 */
export function convnet(times: number, most: number): Contestant {
  return {
    name: 'small convnet from scratch',
    most,
    async run({ train, test, seed }) {
      const [learnt, tested] = [await pixelsOf(train), await pixelsOf(test)];
      const enlarged = (rows: PixelRow[]) => rows.map((row) => enlarge(row, times));
      const options = { classes: train.labels.length, seed };
      return { accuracy: await convnetFromScratch(tf, enlarged(learnt), enlarged(tested), options) };
    },
  };
}

/** Each pixel becomes a square. */
export function enlarge({ row, label, width, height }: PixelRow, times: number): PixelRow {
  const wide = width * times;
  const large = Float32Array.from({ length: row.length * times ** 2 }, (_, at) => {
    const y = Math.floor(Math.floor(at / wide) / times);
    const x = Math.floor((at % wide) / times);
    return row[y * width + x] ?? 0;
  });
  return { row: large, label, width: wide, height: height * times };
}
