/** A TensorFlow.js model on disk: its model.json, checked against the weight files beside it, and its tensors. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { hasCode, ZooError } from '../core/errors.js';
import { unsafePathReason } from '../core/safe-path.js';
import type { Card } from '../registry/card.js';
import { type LocalFile, malformed } from '../registry/describe/description.js';
import { readJson } from '../registry/describe/file-bytes.js';
import { MAX_MODEL_JSON } from '../registry/describe/tfjs-model.js';
import { readManifest } from '../registry/describe/tfjs-weights.js';

const modelSchema = z.looseObject({
  signature: z.unknown().optional(),
  userDefinedMetadata: z.looseObject({ signature: z.unknown().optional() }).nullish(),
  modelTopology: z.looseObject({}),
  modelInitializer: z.looseObject({}).nullish(),
  initializerSignature: z.looseObject({}).nullish(),
  weightsManifest: z.unknown(),
});

const quantizationSchema = z.looseObject({
  dtype: z.string(),
  scale: z.number().optional(),
  min: z.number().optional(),
});
const groupsSchema = z.array(
  z.looseObject({
    paths: z.array(z.string()),
    weights: z.array(
      z.looseObject({
        name: z.string(),
        shape: z.array(z.number()),
        dtype: z.string(),
        group: z.string().optional(),
        quantization: quantizationSchema.optional(),
      }),
    ),
  }),
);

export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** `optimizer` for an optimiser's own numbers; left out for the network's. */
  readonly group?: string | undefined;
  readonly quantization?: z.infer<typeof quantizationSchema> | undefined;
}

/** Tensors one behind the other in files one behind the other. */
export interface WeightGroup {
  readonly files: readonly LocalFile[];
  readonly weights: readonly WeightEntry[];
}

export interface TfjsModel {
  /** The model.json. */
  readonly file: LocalFile;
  readonly topology: Readonly<Record<string, unknown>>;
  readonly signature: unknown;
  readonly initializer: Readonly<Record<string, unknown>> | undefined;
  readonly initializerSignature: Readonly<Record<string, unknown>> | undefined;
  readonly groups: readonly WeightGroup[];
  /** Numbers in all tensors of the manifest; strings are not numbers. */
  readonly numbers: number;
}

/**
 * Reads and checks the model.json of a folder: the file that the card calls its topology, or `model.json`.
 * No weights are read, and nothing is allocated by what the manifest claims.
 * @throws ZooError `INTEGRITY` when it is malformed, names files that are not there, or needs other bytes than they have.
 */
export async function readTfjsModel(folder: string, card: Card): Promise<TfjsModel> {
  const topologies = card.files.filter((file) => file.role === 'topology').map((file) => file.path);
  const path = topologies.find((name) => /(^|\/)model\.json$/.test(name)) ?? topologies[0] ?? 'model.json';
  const file = await localFile(folder, path);
  const read = modelSchema.safeParse(await readJson(file, MAX_MODEL_JSON, 'a model.json'));
  if (!read.success) throw malformed(path, 'it has no topology and no weights manifest');
  const model = read.data;
  const inside = path.slice(0, path.lastIndexOf('/') + 1);
  // The schema of paths and tensors is checked before their names are used.
  readManifest(model.weightsManifest, file, inside, []);
  const groups = groupsSchema.safeParse(model.weightsManifest);
  if (!groups.success) throw malformed(path, 'its weightsManifest is not described as tensors in files');
  const found: WeightGroup[] = [];
  for (const group of groups.data) {
    const files = await Promise.all(group.paths.map((name) => localFile(folder, inside + name)));
    found.push({ files, weights: group.weights });
  }
  const present = found.flatMap((group) => group.files);
  const { parameters } = readManifest(model.weightsManifest, file, inside, present);
  refuseTwins(path, found);
  return {
    file,
    topology: model.modelTopology,
    signature: model.signature ?? model.userDefinedMetadata?.signature,
    initializer: model.modelInitializer ?? undefined,
    initializerSignature: model.initializerSignature ?? undefined,
    groups: found,
    numbers: parameters,
  };
}

async function localFile(folder: string, path: string): Promise<LocalFile> {
  const reason = unsafePathReason(path);
  if (reason !== undefined) {
    throw new ZooError('INTEGRITY', `model.json names a file whose path is refused: ${reason}`, {
      found: path.slice(0, 100),
    });
  }
  const file = join(folder, path);
  try {
    const { size } = await stat(file);
    return { path, file, size };
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw malformed(path, 'it is not there', path, `no such file in ${folder}`);
  }
}

function refuseTwins(path: string, groups: readonly WeightGroup[]): void {
  const seen = new Set<string>();
  for (const { name } of groups.flatMap((group) => group.weights)) {
    if (seen.has(name)) throw malformed(path, 'two tensors have one name', undefined, name.slice(0, 100));
    seen.add(name);
  }
}
