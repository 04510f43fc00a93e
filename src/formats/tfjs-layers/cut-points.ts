/** Where a network of layers can be cut: at the output of each of its layers, also of those in networks inside it. */
import { tf } from '../../runtime/tensorflow.js';
import type { LayerInfo } from '../network.js';
import { innerLayers, type Layer, type LayersModel, outputShapes } from './build-layers.js';

export type SymbolicTensor = LayersModel['inputs'][number];

export interface CutPoint {
  readonly layer: Layer;
  readonly info: LayerInfo;
  /** The output in the graph of the whole network; undefined where there is not exactly one. */
  output(): SymbolicTensor | undefined;
}

/** By name, in the order of the forward pass; a layer of a network inside is called `network/layer`. */
export function findCutPoints(model: LayersModel): Map<string, CutPoint> {
  const points = new Map<string, CutPoint>();
  addPoints(model.layers, '', (layer) => singleOutput(layer), points);
  return points;
}

function addPoints(
  layers: readonly Layer[],
  prefix: string,
  outputOf: (layer: Layer) => SymbolicTensor | undefined,
  points: Map<string, CutPoint>,
): void {
  for (const layer of layers) {
    const name = prefix + layer.name;
    const inner = innerLayers(layer);
    // The layers of a network inside come before it, as it is what they give.
    addPoints(inner, `${name}/`, (each) => throughNetwork(layer, each, outputOf), points);
    if (points.has(name)) continue;
    const own = singleOutput(layer);
    const shapes = outputShapes(layer);
    const info: LayerInfo = {
      name,
      kind: layer.getClassName(),
      shape: shapes.length === 1 ? shapes[0] : undefined,
      parameters: inner.length > 0 ? [] : layer.weights.map((variable) => variable.originalName),
      cut: own !== undefined,
    };
    points.set(name, { layer, info, output: () => outputOf(layer) });
  }
}

/**
 * What a layer gives, if it is called once and gives one tensor. The first call of a network inside is its own inner
 * graph; it is in the graph around it only as the first layer of a sequence.
 */
function singleOutput(layer: Layer): SymbolicTensor | undefined {
  const calls = wasCalledAnew(layer) ? layer.inboundNodes.slice(1) : layer.inboundNodes;
  const outputs = calls[0]?.outputTensors ?? [];
  return calls.length === 1 && outputs.length === 1 ? outputs[0] : undefined;
}

function wasCalledAnew(layer: Layer): boolean {
  return layer instanceof tf.LayersModel && layer.inboundNodes.length > 1;
}

/** The output of a layer of an inner network, in the graph around it: the inner network up to there, called anew. */
function throughNetwork(
  network: Layer,
  layer: Layer,
  outputOf: (layer: Layer) => SymbolicTensor | undefined,
): SymbolicTensor | undefined {
  const inner = singleOutput(layer);
  if (!wasCalledAnew(network)) return inner;
  const whole = outputOf(network);
  if (!(network instanceof tf.LayersModel) || inner === undefined || whole === undefined) return undefined;
  const part = tf.model({ inputs: network.inputs, outputs: inner });
  const output = part.apply(whole.inputs);
  return output instanceof tf.SymbolicTensor ? output : undefined;
}

/** The inputs that an output depends on, and so the layers that it needs. */
export function needs(outputs: readonly SymbolicTensor[]): {
  tensors: Set<SymbolicTensor>;
  layers: Set<Layer>;
} {
  const tensors = new Set<SymbolicTensor>();
  const layers = new Set<Layer>();
  const stack = [...outputs];
  for (let tensor = stack.pop(); tensor !== undefined; tensor = stack.pop()) {
    if (tensors.has(tensor)) continue;
    tensors.add(tensor);
    layers.add(tensor.sourceLayer);
    stack.push(...tensor.inputs);
  }
  return { tensors, layers };
}
