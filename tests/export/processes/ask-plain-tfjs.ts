/**
 * A process with nothing but `@tensorflow/tfjs` and its backend in JavaScript. Prints as JSON what a model says of a
 * picture out of a formula. Arguments: `graph` or `layers`, folder, side of the picture.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

const [kind = '', folder = '', side = ''] = process.argv.slice(2);
const handler: tf.io.IOHandler = {
  load: async () => {
    const json: tf.io.ModelJSON = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
    return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
      const paths = manifest.flatMap((group) => group.paths);
      const bytes = Buffer.concat(await Promise.all(paths.map((path) => readFile(join(folder, path)))));
      return [manifest.flatMap((group) => group.weights), new Uint8Array(bytes).buffer];
    });
  },
};
await tf.setBackend('cpu');
const model = kind === 'graph' ? await tf.loadGraphModel(handler) : await tf.loadLayersModel(handler);
const size = Number(side);
const picture = tf.sin(tf.range(0, 3 * size * size)).reshape([1, size, size, 3]);
const answer = model.predict(picture);
if (!(answer instanceof tf.Tensor)) throw new Error('not one tensor');
process.stdout.write(JSON.stringify({ backend: tf.getBackend(), scores: Array.from(await answer.data()) }));
