/**
 * Models as plain TensorFlow.js loads them from a folder: its own loaders behind a handler that only reads the files.
 * Nothing of this program's readers has a part in it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs-node';
import { tf } from '../../src/runtime/tensorflow.js';

export function loadPlainLayers(folder: string): Promise<tfjs.LayersModel> {
  return tf.loadLayersModel(handlerOf(folder));
}

export function loadPlainGraph(folder: string): Promise<tfjs.GraphModel> {
  return tf.loadGraphModel(handlerOf(folder));
}

function handlerOf(folder: string): ReturnType<typeof tf.io.withSaveHandler> {
  return {
    load: async () => {
      const json: Parameters<typeof tf.io.getModelArtifactsForJSON>[0] = JSON.parse(
        await readFile(join(folder, 'model.json'), 'utf8'),
      );
      return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
        const paths = manifest.flatMap((group) => group.paths);
        const bytes = Buffer.concat(await Promise.all(paths.map((path) => readFile(join(folder, path)))));
        const data = new Uint8Array(bytes).buffer;
        return [manifest.flatMap((group) => group.weights), data];
      });
    },
  };
}
