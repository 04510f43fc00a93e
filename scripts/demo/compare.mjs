// The last part of the demo: the same 50 digits learnt from in other ways, and all of them in one table.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { chooseExamples, openZoo } from '../../dist/index.js';
import { openTensorFlow } from '../../dist/runtime/tensorflow.js';
import { convnetFromScratch, nearestPixels, pixelsOf } from './baselines.mjs';

/**
 * @param options.adapted folders of adapted models by what the table calls them.
 * @returns the rows: what learnt, accuracy, seconds.
 */
export async function compare({ home, data, perClass, validation, seed, adapted }) {
  const zoo = await openZoo({ home });
  try {
    const { tf } = openTensorFlow({ home });
    const dataset = await zoo.data(data);
    const parts = chooseExamples(dataset, { perClass, validation, seed });
    const [train, test] = [await pixelsOf(parts.train), await pixelsOf(parts.validation)];
    const rows = [];
    const timed = async (name, measure) => {
      const begun = performance.now();
      const accuracy = await measure();
      rows.push([name, accuracy, (performance.now() - begun) / 1000]);
    };
    await timed('nearest neighbour on raw pixels', () => nearestPixels(train, test));
    await timed('small convnet, trained from scratch', () =>
      convnetFromScratch(tf, train, test, { classes: dataset.labels.length, seed }),
    );
    for (const [name, { folder, seconds }] of Object.entries(adapted)) {
      const { metrics, data: learnt } = JSON.parse(await readFile(join(folder, 'adapted.json'), 'utf8'));
      if (learnt.examples !== parts.train.examples.length || metrics.evaluation.examples !== test.length) {
        throw new Error(`${folder} has learnt from other examples`);
      }
      rows.push([name, metrics.evaluation.accuracy, seconds]);
    }
    return { rows, learnt: train.length, tested: test.length };
  } finally {
    await zoo.close();
  }
}
