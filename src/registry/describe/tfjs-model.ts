/** TensorFlow.js: a model.json with the layers or the graph, and the manifest of its weight files. */
import * as z from 'zod';
import { type Description, type LocalFile, malformed, stillUnknown } from './description.js';
import { readJson } from './file-bytes.js';
import { describeGraphModel } from './tfjs-graph.js';
import { describeLayers } from './tfjs-layers.js';
import { readManifest } from './tfjs-weights.js';

/** Far above the largest topologies (some megabytes), small enough to parse at once. */
export const MAX_MODEL_JSON = 64 * 2 ** 20;

const modelSchema = z.looseObject({
  format: z.string().nullish(),
  generatedBy: z.string().nullish(),
  convertedBy: z.string().nullish(),
  signature: z.unknown().optional(),
  userDefinedMetadata: z.looseObject({ signature: z.unknown().optional() }).nullish(),
  modelTopology: z.looseObject({}),
  weightsManifest: z.unknown(),
});

/** True when parsed JSON is a model.json, whatever its file is called. */
export function isTfjsModel(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'modelTopology' in json && 'weightsManifest' in json;
}

export async function describeTfjs(file: LocalFile, others: readonly LocalFile[]): Promise<Description> {
  const read = modelSchema.safeParse(await readJson(file, MAX_MODEL_JSON, 'a model.json'));
  if (!read.success) throw malformed(file.path, 'it has no topology and no weights manifest');
  const model = read.data;
  const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
  const manifest = readManifest(model.weightsManifest, file, folder, others);
  const topology = model.modelTopology;
  const isGraph = Array.isArray(topology.node);
  const signature = model.signature ?? model.userDefinedMetadata?.signature;
  const found = isGraph
    ? describeGraphModel(topology, signature, manifest.weights, file)
    : // tf.LayersModel.save writes the network itself, the converter puts it into model_config.
      describeLayers(topology.model_config ?? topology, manifest.weights, file);
  const { input, output, features } = found;
  const present = new Set(others.map((other) => other.path));
  const missing = manifest.paths.map((path) => folder + path).filter((path) => !present.has(path));
  const roles: Description['roles'] = { [file.path]: 'topology' };
  for (const path of manifest.paths) if (present.has(folder + path)) roles[folder + path] = 'weights';
  const detail = [
    `model.json and ${manifest.paths.length} weight ${manifest.paths.length === 1 ? 'file' : 'files'}`,
    'count' in found ? `${found.count} layers` : `${found.nodes} nodes`,
    model.convertedBy ?? undefined,
    writer(model.generatedBy, topology.keras_version, isGraph),
    model.format ? undefined : 'old layout without a "format" key',
  ];
  return {
    format: {
      name: isGraph ? 'tfjs-graph' : 'tfjs-layers',
      detail: detail.filter((part) => part !== undefined).join(', '),
      ...(manifest.quantised ? { quantised: manifest.quantised } : {}),
    },
    ...(manifest.parameters > 0 ? { parameters: manifest.parameters } : {}),
    ...(input ? { input } : {}),
    ...(output ? { output } : {}),
    ...(features ? { features } : {}),
    roles,
    unknown: [
      ...(missing.length > 0
        ? [
            `files: model.json needs ${missing.length} weight files that are not here: ${missing.slice(0, 3).join(', ')}`,
          ]
        : []),
      ...stillUnknown({ input, output, features, parameters: manifest.parameters }),
    ],
  };
}

function writer(
  generatedBy: string | null | undefined,
  keras: unknown,
  isGraph: boolean,
): string | undefined {
  if (typeof keras === 'string') return `Keras ${keras.slice(0, 40)}`;
  if (!generatedBy) return undefined;
  return isGraph && /^\d/.test(generatedBy) ? `TensorFlow ${generatedBy}` : generatedBy;
}
