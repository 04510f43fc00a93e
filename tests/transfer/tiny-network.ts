/** Real networks that are tiny: TensorFlow.js layers on disk with a card, as a pull would leave them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs-node';
import { sha256 } from '../../src/core/digest.js';
import { canonicalCard } from '../../src/registry/canonical-card.js';
import type { Card } from '../../src/registry/card.js';
import type { CardInput } from '../../src/registry/card-input.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { sampleCard } from '../support/sample-card.js';
import { temporaryFolder } from '../support/temporary-folder.js';

export interface TinyNetwork {
  readonly folder: string;
  readonly card: Card;
  readonly digest: ReturnType<typeof sha256>;
}

const seeded = (seed: number) => tf.initializers.glorotUniform({ seed });

function chain(input: tfjs.SymbolicTensor, layers: readonly tfjs.layers.Layer[]): tfjs.LayersModel {
  let output = input;
  for (const layer of layers) output = layer.apply(output) as tfjs.SymbolicTensor; // of one symbolic tensor
  return tf.model({ name: 'tiny', inputs: input, outputs: output });
}

/** Writes a model of layers and its card. */
export async function saveTiny(model: tfjs.LayersModel, changes: Partial<Card>): Promise<TinyNetwork> {
  const folder = await temporaryFolder('tiny-network');
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const { modelTopology, weightSpecs = [], weightData } = artifacts;
      const data = tf.io.concatenateArrayBuffers(([weightData ?? []] as ArrayBuffer[][]).flat());
      await writeFile(join(folder, 'weights.bin'), Buffer.from(data));
      const manifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      const json = { format: 'layers-model', modelTopology, weightsManifest: manifest };
      await writeFile(join(folder, 'model.json'), JSON.stringify(json));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  model.dispose();
  const files: Card['files'] = [];
  for (const [path, role] of [
    ['model.json', 'topology'],
    ['weights.bin', 'weights'],
  ] as const) {
    const bytes = await readFile(join(folder, path));
    files.push({
      path,
      role,
      size: bytes.length,
      sha256: sha256(bytes),
      sources: [`https://example.org/${path}`],
    });
  }
  const card = sampleCard({ format: { name: 'tfjs-layers' }, files, ...changes });
  return { folder, card, digest: sha256(canonicalCard(card)) };
}

export const IMAGE_INPUT: CardInput = {
  modality: 'image',
  shape: [null, 8, 8, 3],
  dtype: 'float32',
  layout: 'NHWC',
  colourOrder: 'RGB',
  range: [0, 1],
  resize: { to: [8, 8], method: 'bilinear' },
};

/** 8 x 8 colour pictures to 4 features (mean of 4 filters) to 3 classes. */
export async function tinyImageNetwork(
  changes: Partial<Card> = {},
  size: number | null = 8,
): Promise<TinyNetwork> {
  const input = tf.input({ name: 'x', shape: [size, size, 3] });
  const model = chain(input, [
    tf.layers.conv2d({
      name: 'conv',
      filters: 4,
      kernelSize: 3,
      activation: 'relu',
      kernelInitializer: seeded(1),
    }),
    tf.layers.globalAveragePooling2d({ name: 'pool' }),
    tf.layers.dense({ name: 'classes', units: 3, activation: 'softmax', kernelInitializer: seeded(2) }),
  ]);
  return saveTiny(model, {
    name: 'tiny-eye',
    input: IMAGE_INPUT,
    output: { layer: 'classes', units: 3, activation: 'softmax', labels: ['red', 'green', 'blue'] },
    features: { layer: 'pool', width: 4, head: 'classes', pooling: 'none' },
    ...changes,
  });
}

/** Windows of 400 samples at 8 kHz to 6 features to 2 classes. */
export async function tinyAudioNetwork(changes: Partial<Card> = {}): Promise<TinyNetwork> {
  const input = tf.input({ name: 'x', shape: [400] });
  const model = chain(input, [
    tf.layers.dense({ name: 'hear', units: 6, activation: 'tanh', kernelInitializer: seeded(3) }),
    tf.layers.dense({ name: 'classes', units: 2, kernelInitializer: seeded(4) }),
  ]);
  return saveTiny(model, {
    name: 'tiny-ear',
    modality: 'audio',
    task: 'sound-classification',
    input: {
      modality: 'audio',
      shape: [null, 400],
      dtype: 'float32',
      sampleRate: 8000,
      window: { samples: 400 },
    },
    output: { layer: 'classes', units: 2, activation: 'none (logits)', labels: ['low', 'high'] },
    features: { layer: 'hear', width: 6, head: 'classes', pooling: 'average' },
    ...changes,
  });
}
