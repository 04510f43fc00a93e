/**
 * Writes a layers model: a Keras network as JSON with its weights in files beside it, for `tf.loadLayersModel` of plain
 * TensorFlow.js and for `openTfjsLayers`.
 */
import { ZooError } from '../../core/errors.js';
import { type StoredWeight, storedWeight } from '../tfjs-weights.js';
import { packWeight, type WriteTfjsOptions, writeTfjsModel } from '../write-tfjs-model.js';
import type { LayersModel } from './build-layers.js';
import { asRecord } from './keras-json.js';

export interface LayersContent {
  /** Keras JSON: `{ class_name, config }` of the network, as `layersContent` gives it. */
  readonly topology: object;
  /** By the names of the layers' weights: `conv1/kernel`. */
  readonly weights: readonly StoredWeight[];
}

/**
 * Each file appears whole or not at all, the model.json last.
 * @param folder that is there.
 * @returns the names of the files, the model.json first.
 * @throws RangeError for data that don't have the length of their shape; the system's error (ENOSPC, EACCES …).
 */
export async function writeTfjsLayers(
  folder: string,
  { topology, weights }: LayersContent,
  { pack = packWeight, metadata, signal }: WriteTfjsOptions = {},
): Promise<string[]> {
  const document = {
    format: 'layers-model',
    modelTopology: topology,
    userDefinedMetadata: metadata,
  } as const;
  return writeTfjsModel(
    folder,
    document,
    weights.map((weight) => pack(weight)),
    signal,
  );
}

/**
 * What is to be written of a model in memory. Initialisers, regularisers and constraints are left out: what is written
 * is trained.
 * @param model stays the caller's.
 * @throws ZooError `DATA` when two weights have one name, as then no file can tell them apart.
 */
export async function layersContent(model: LayersModel): Promise<LayersContent> {
  const weights = new Map<string, StoredWeight>();
  for (const variable of model.layers.flatMap((layer) => layer.weights)) {
    const name = variable.originalName;
    if (weights.has(name)) {
      throw new ZooError('DATA', 'Two weights of the network have one name', {
        expected: 'layers with names of their own',
        found: name,
      });
    }
    weights.set(name, await storedWeight(name, variable.read()));
  }
  const topology: unknown = model.toJSON(undefined, false);
  return { topology: asRecord(withoutTraining(topology)) ?? {}, weights: [...weights.values()] };
}

/** @param configuration any value of it. */
function withoutTraining(configuration: unknown): unknown {
  if (Array.isArray(configuration)) return configuration.map(withoutTraining);
  const object = asRecord(configuration);
  if (object === undefined) return configuration;
  const entries = Object.entries(object).map(([key, value]) => {
    if (/_(regularizer|constraint)$/.test(key)) return [key, null];
    // Zeros are made at once; what a file of weights fills needs no other.
    if (key.endsWith('_initializer') && value !== null) return [key, { class_name: 'Zeros', config: {} }];
    return [key, withoutTraining(value)];
  });
  return Object.fromEntries(entries);
}
