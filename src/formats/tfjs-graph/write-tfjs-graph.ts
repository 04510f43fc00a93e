/** Writes a graph model: a GraphDef as JSON with its constants in files beside it, for `tf.loadGraphModel` and `openTfjsGraph`. */
import type { StoredWeight } from '../tfjs-weights.js';
import { packWeight, type WriteTfjsOptions, writeTfjsModel } from '../write-tfjs-model.js';

export interface GraphContent {
  /** GraphDef as JSON: `{ node: […], library, versions }`. */
  readonly modelTopology: object;
  /** `{ inputs, outputs }` by name, each with the name of its tensor, type and shape. */
  readonly signature: object;
  /** Fills tables, with its own signature; for graphs that have such. */
  readonly modelInitializer?: object | undefined;
  readonly initializerSignature?: object | undefined;
  /** Values of all `Const` nodes by their names. */
  readonly weights: readonly StoredWeight[];
}

/**
 * Each file appears whole or not at all, the model.json last.
 * @param folder that is there.
 * @returns the names of the files, the model.json first.
 * @throws RangeError for data that don't have the length of their shape; the system's error (ENOSPC, EACCES …).
 */
export async function writeTfjsGraph(
  folder: string,
  { weights, ...content }: GraphContent,
  { pack = packWeight, metadata, signal }: WriteTfjsOptions = {},
): Promise<string[]> {
  const document = { format: 'graph-model', ...content, userDefinedMetadata: metadata } as const;
  return writeTfjsModel(
    folder,
    document,
    weights.map((weight) => pack(weight)),
    signal,
  );
}
