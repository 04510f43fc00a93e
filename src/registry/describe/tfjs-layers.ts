/** The layers of a TensorFlow.js layers model: the Keras configuration inside its model.json. */
import * as z from 'zod';
import { ZooError } from '../../core/errors.js';
import {
  type DescribedTensor,
  type Description,
  describeInput,
  type LocalFile,
  malformed,
} from './description.js';
import { findHead, type GraphNode } from './head-search.js';
import type { TfjsWeight } from './tfjs-weights.js';

/** Networks inside networks; more is a mistake or an attack. */
const MAX_DEPTH = 16;
const NETWORKS = new Set(['Model', 'Functional', 'Sequential']);
/** Layers that do nothing once a network is trained. */
const DO_NOTHING =
  /^(Dropout|SpatialDropout[123]D|GaussianDropout|AlphaDropout|GaussianNoise|ActivityRegularization|Masking)$/;
/** Layers whose output is one vector an example. */
const GIVE_VECTORS = /^(Global(Average|Max)Pooling[123]D|Flatten|Dense)$/;

const layerSchema = z.looseObject({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.unknown(),
  inbound_nodes: z.array(z.unknown()).optional(),
});
const configSchema = z.looseObject({
  name: z.string().optional(),
  dtype: z.unknown().optional(),
  activation: z.unknown().optional(),
  batch_input_shape: z.array(z.int().nullable()).optional(),
  batch_shape: z.array(z.int().nullable()).optional(),
  target_shape: z.array(z.int().nullable()).optional(),
});
const networkSchema = z.union([
  z.array(layerSchema),
  z.looseObject({
    name: z.string().optional(),
    layers: z.array(layerSchema),
    input_layers: z.unknown().optional(),
    output_layers: z.unknown().optional(),
  }),
]);

interface Layer {
  readonly name: string;
  readonly kind: string;
  readonly config: z.infer<typeof configSchema>;
  readonly inputs: readonly string[];
}

export interface DescribedLayers extends Pick<Description, 'input' | 'output' | 'features'> {
  /** Layers in all, those of networks inside the network included. */
  readonly count: number;
}

/**
 * @param config the object with `class_name` and `config` of the whole network.
 * @throws ZooError `INTEGRITY` for a configuration that makes no sense, `POLICY` for a Lambda layer, which is code.
 */
export function describeLayers(
  config: unknown,
  weights: readonly TfjsWeight[],
  file: LocalFile,
): DescribedLayers {
  const { layers, outputs } = readNetwork(config, file);
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const kernels = kernelShapes(weights);
  const input = describeInput(layers.flatMap(inputOf));
  const count = countLayers(config, file, 0);
  if (outputs.length > 1)
    return { count, ...(input ? { input } : {}), output: { heads: outputs.map((name) => ({ name })) } };
  const [output] = outputs;
  if (output === undefined) return { count, ...(input ? { input } : {}) };
  const head = findHead(
    {
      producer: (name) => nodeOf(byName.get(name)),
      isWeight: () => false,
      multiplies: (node) => productOf(byName.get(node.name)?.kind, kernels.get(node.name)),
    },
    output,
  );
  const own = byName.get(head?.node.name ?? '')?.config.activation;
  const activation = typeof own === 'string' && own !== 'linear' ? own : head?.activation;
  const isVector = GIVE_VECTORS.test(byName.get(head?.features ?? '')?.kind ?? '');
  return {
    count,
    ...(input ? { input } : {}),
    output: { layer: output, ...(head ? { units: head.units } : {}), ...(activation ? { activation } : {}) },
    ...(head
      ? {
          features: {
            layer: head.features,
            width: head.width,
            ...(isVector ? { shape: [null, head.width] } : {}),
            head: head.node.name,
          },
        }
      : {}),
  };
}

function readNetwork(config: unknown, file: LocalFile): { layers: Layer[]; outputs: string[] } {
  const outer = layerSchema.safeParse(config);
  const read = outer.success ? networkSchema.safeParse(outer.data.config) : undefined;
  if (!outer.success || !read?.success) throw malformed(file.path, 'its layers are not described');
  const network = read.data;
  const raw = Array.isArray(network) ? network : network.layers;
  const layers: Layer[] = [];
  for (const each of raw) {
    // A network inside has a configuration of its own form; of its fields only the name matters here.
    const inner = configSchema.safeParse(each.config);
    const settings = inner.success ? inner.data : {};
    const name = each.name ?? settings.name ?? `${each.class_name}_${layers.length}`;
    const before = layers.at(-1)?.name;
    const sequential = outer.data.class_name === 'Sequential' || each.inbound_nodes === undefined;
    const inputs = sequential
      ? before === undefined
        ? []
        : [before]
      : inboundNames(each.inbound_nodes ?? []);
    if (each.class_name === 'Lambda') throw lambda(file, name);
    layers.push({ name, kind: each.class_name, config: settings, inputs });
  }
  const named = Array.isArray(network) ? [] : outputNames(network.output_layers);
  const last = layers.at(-1)?.name;
  return { layers, outputs: named.length > 0 || last === undefined ? named : [last] };
}

function lambda(file: LocalFile, name: string): ZooError {
  return new ZooError('POLICY', `${file.path} has a Lambda layer, which is code rather than weights`, {
    expected: 'layers that Keras and TensorFlow.js define',
    found: name.slice(0, 100),
  });
}

/** `[["name", 0, 0], …]`, or `["name", 0, 0]` for one. */
function outputNames(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  if (typeof value[0] === 'string') return [value[0]];
  return value.flatMap((item) => (Array.isArray(item) && typeof item[0] === 'string' ? [item[0]] : []));
}

const historySchema = z.looseObject({
  args: z.array(
    z.union([
      z.looseObject({ config: z.looseObject({ keras_history: z.array(z.unknown()) }) }),
      z.array(z.looseObject({ config: z.looseObject({ keras_history: z.array(z.unknown()) }) })),
    ]),
  ),
});

/** Names of the layers that the first call of a layer takes its data from, in Keras 2's form or Keras 3's. */
function inboundNames(nodes: readonly unknown[]): string[] {
  const [first] = nodes;
  if (Array.isArray(first)) return outputNames(first);
  const read = historySchema.safeParse(first);
  if (!read.success) return [];
  return read.data.args
    .flat()
    .flatMap(({ config }) => (typeof config.keras_history[0] === 'string' ? [config.keras_history[0]] : []));
}

function nodeOf(layer: Layer | undefined): GraphNode | undefined {
  if (layer === undefined) return undefined;
  const { name, kind, inputs, config } = layer;
  return { name, op: operationOf(kind, config), inputs };
}

function operationOf(kind: string, config: Layer['config']): string {
  if (DO_NOTHING.test(kind)) return 'Identity';
  if (kind === 'Activation') return config.activation === 'linear' ? 'Identity' : String(config.activation);
  // [1, 1, 256] is the same vector as [256].
  if (kind === 'Reshape' && config.target_shape?.slice(0, -1).every((size) => size === 1)) return 'Identity';
  return kind;
}

function inputOf(layer: Layer): DescribedTensor[] {
  const shape = layer.config.batch_input_shape ?? layer.config.batch_shape;
  if (shape === undefined) return [];
  const { dtype } = layer.config;
  return [{ name: layer.name, shape, ...(typeof dtype === 'string' ? { dtype } : {}) }];
}

/** Shapes of kernels by the name of their layer; a weight is named `layer/kernel`, with more in front inside networks. */
function kernelShapes(weights: readonly TfjsWeight[]): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of weights) {
    const parts = name.split('/');
    const layer = parts.at(-2);
    if (/^kernel(:0)?$/.test(parts.at(-1) ?? '') && layer !== undefined) shapes.set(layer, shape);
  }
  return shapes;
}

function productOf(kind: string | undefined, kernel: readonly number[] | undefined) {
  if (kernel === undefined || (kind !== 'Dense' && kind !== 'Conv1D' && kind !== 'Conv2D')) return undefined;
  const [width, units] = [kernel.at(-2), kernel.at(-1)];
  return width && units ? { width, units } : undefined;
}

function countLayers(config: unknown, file: LocalFile, depth: number): number {
  if (depth > MAX_DEPTH) throw malformed(file.path, 'its networks are nested too deep', MAX_DEPTH);
  const outer = layerSchema.safeParse(config);
  if (!outer.success || !NETWORKS.has(outer.data.class_name)) return 1;
  const read = networkSchema.safeParse(outer.data.config);
  if (!read.success) return 1;
  const layers = Array.isArray(read.data) ? read.data : read.data.layers;
  const inner = layers.find((layer) => layer.class_name === 'Lambda');
  if (inner !== undefined) throw lambda(file, inner.name ?? 'Lambda');
  return layers.reduce((sum, layer) => sum + countLayers(layer, file, depth + 1), 0);
}
