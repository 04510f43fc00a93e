/** One function a format: writes the files of an export into a folder and compares what they give with the model. */
import { join } from 'node:path';
import { ZooError } from '../core/errors.js';
import { writeSafetensors } from '../formats/safetensors/write-safetensors.js';
import { writeTfjsGraph } from '../formats/tfjs-graph/write-tfjs-graph.js';
import { writeTfjsLayers } from '../formats/tfjs-layers/write-tfjs-layers.js';
import { type StoredWeight, storedWeight } from '../formats/tfjs-weights.js';
import type { Weight } from '../formats/weight.js';
import { DEFAULT_SIGNATURE } from '../graph/native-graph.js';
import { writeSavedModel } from '../graph/saved-model.js';
import { baseGraph, type WrittenGraph } from './base-graph.js';
import { baseLayers, requireLayers } from './base-layers.js';
import { compareGraph } from './compare.js';
import type { WrittenExport } from './export-card.js';
import type { Exportable, ExportFormat } from './exportable.js';
import { inFileLayout } from './file-layout.js';
import { HEAD } from './output-name.js';
import { type Pack, type Packing, packingOf } from './packing.js';
import { tracedGraph } from './traced-graph.js';
import { tracedJson } from './traced-json.js';

export interface WriteOptions {
  /** In the formats of TensorFlow.js only. */
  readonly quantisation?: Packing | undefined;
  /** Goes into the model.json. */
  readonly metadata: object;
  readonly signal?: AbortSignal | undefined;
}

export type Written = WrittenExport & {
  /** Largest difference from the model on an example; undefined where the folder is still to be opened. */
  readonly difference?: number;
};

type Writer = (exportable: Exportable, folder: string, options: WriteOptions) => Promise<Written>;

export const WRITERS: Readonly<Record<ExportFormat, Writer>> = {
  async 'tfjs-graph'(exportable, folder, options) {
    const pack = await packingOf(exportable, 'tfjs-graph', options.quantisation);
    const { features, output, ...content } = await graphContent(exportable);
    const { count, packing } = counting(pack);
    const names = await writeTfjsGraph(folder, content, { ...options, pack: packing });
    return { files: tfjsFiles(names), ...count(), features, output };
  },
  async 'tfjs-layers'(exportable, folder, options) {
    const base = requireLayers(exportable);
    const pack = await packingOf(exportable, 'tfjs-layers', options.quantisation);
    const content = await baseLayers(exportable, base);
    const { count, packing } = counting(pack);
    const names = await writeTfjsLayers(folder, content, { ...options, pack: packing });
    return { files: tfjsFiles(names), ...count(), features: content.features, output: content.output };
  },
  async 'saved-model'(exportable, folder, options) {
    refuseQuantisation('saved-model', options);
    const { graph } = tracedGraph(exportable);
    try {
      writeSavedModel(folder, graph, { [DEFAULT_SIGNATURE]: graph });
      let parameters = 0;
      for (const { value } of graph.nodes.values()) if (value?.dtype === 'float32') parameters += value.size;
      const difference = await compareGraph(exportable, graph);
      const files = [{ path: 'saved_model.pb', role: 'weights' }] as const;
      return { files, parameters, difference, features: undefined, output: undefined, quantised: undefined };
    } finally {
      graph.dispose();
    }
  },
  async safetensors(exportable, folder, options) {
    refuseQuantisation('safetensors', options);
    const weights = await inFileLayout(exportable, await allWeights(exportable));
    await writeSafetensors(
      join(folder, 'model.safetensors'),
      weights,
      headMetadata(exportable),
      options.signal,
    );
    let parameters = 0;
    for (const { data } of weights.values()) parameters += data.length;
    const files = [{ path: 'model.safetensors', role: 'weights' }] as const;
    return { files, parameters, features: undefined, output: undefined, quantised: undefined };
  },
};

/** The file's own graph where the base has one: it says also what can't be traced. */
function graphContent(exportable: Exportable): Promise<WrittenGraph> {
  const { base, folder } = exportable;
  if (base.format.name === 'tfjs-graph' && folder !== undefined) return baseGraph(exportable, folder);
  return tracedJson(exportable);
}

function tfjsFiles(names: readonly string[]) {
  return names.map((path) => ({ path, role: path === 'model.json' ? 'topology' : 'weights' }) as const);
}

/** Counts what goes through it. */
function counting(pack: Pack) {
  let parameters = 0;
  const types = new Set<string>();
  const packing = (weight: StoredWeight) => {
    const packed = pack(weight);
    if (weight.dtype === 'float32') parameters += weight.data.length;
    if (packed.entry.quantization !== undefined) types.add(packed.entry.quantization.dtype);
    return packed;
  };
  const count = () => ({
    parameters,
    quantised: types.size === 0 ? undefined : [...types].toSorted().join(', '),
  });
  return { packing, count };
}

function refuseQuantisation(format: ExportFormat, { quantisation }: WriteOptions): void {
  if (quantisation === undefined) return;
  throw new ZooError('USAGE', `Weights are not quantised in the format ${format}`, {
    expected: 'tfjs-graph or tfjs-layers',
    found: format,
    hint: 'Leave the quantisation out, or choose a format of TensorFlow.js.',
  });
}

/** By their names in the network, and those of the head. Texts and the like are no weights. */
async function allWeights({ network, tail }: Exportable): Promise<Map<string, Weight>> {
  const weights = new Map<string, Weight>();
  for (const { name, value } of network.parameters.values()) {
    if (value.dtype === 'string' || value.dtype === 'complex64') continue;
    const stored = await storedWeight(name, value);
    if (stored.dtype !== 'string') weights.set(name, stored);
  }
  for (const [name, weight] of tail?.fitted.parameters ?? []) weights.set(`${HEAD}/${name}`, weight);
  return weights;
}

/** How the head's tensors are meant. */
function headMetadata({ base, tail }: Exportable): Record<string, string> {
  if (tail === undefined) return { format: 'zoo-export', base: base.name };
  const { head } = tail.fitted;
  return {
    format: 'zoo-export',
    base: base.name,
    cut: tail.cut,
    pooling: tail.pooling,
    scaling: head.scaling === 'standardise' ? 'none' : head.scaling,
    head: JSON.stringify(head.describe()),
    activation: head.activation,
    labels: JSON.stringify(head.labels),
  };
}
