/** Builds the layers of a network and gives them the weights of its files. */
import { ZooError } from '../../core/errors.js';
import { malformed } from '../../registry/describe/description.js';
import { type TensorFlow, tf, type Variable } from '../../runtime/tensorflow.js';
import type { TfjsModel } from '../tfjs-model.js';
import { readTfjsWeights, weightTensor } from '../tfjs-weights.js';
import { openRoom } from './room.js';
import { buildable } from './topology.js';

export type LayersModel = InstanceType<TensorFlow['LayersModel']>;
export type Layer = LayersModel['layers'][number];
export type LayerVariable = LayersModel['weights'][number];

/** Numbers that a layer gives for one example; a network that needs more was not made for this program. */
const MAX_OUTPUT = 2 ** 31;

/**
 * @throws ZooError `INTEGRITY` for a configuration that makes no network, or other weights than it needs; `DATA` for
 * layers that TensorFlow.js does not have.
 */
export async function buildLayers(model: TfjsModel): Promise<LayersModel> {
  const { path } = model.file;
  const room = openRoom(model.numbers, path);
  let made: readonly Variable[] = [];
  try {
    const config = buildable(model.topology, room, path);
    const before = new Set(Object.keys(tf.engine().registeredVariables));
    let building: Promise<LayersModel> | undefined;
    // All is built before the first wait; the tidy frees what initial values are put together of.
    tf.tidy(() => {
      building = tf.models.modelFromJSON(config);
    });
    made = Object.entries(tf.engine().registeredVariables).flatMap(([name, variable]) =>
      before.has(name) ? [] : [variable],
    );
    const layers = await building;
    if (layers === undefined || (layers.inputs ?? []).length === 0) {
      throw malformed(path, 'its network does not say the shape of its inputs');
    }
    // A sequence puts off what a graph of layers does at once.
    if (!layers.built) layers.build(layers.inputs.map(({ shape }) => shape));
    refuseHuge(layers, path);
    await setWeights(layers, model);
    return layers;
  } catch (cause) {
    for (const variable of made) variable.dispose();
    if (cause instanceof ZooError) throw cause;
    const text = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new ZooError('INTEGRITY', `${path} is malformed: its layers can't be built`, {
      found: text.slice(0, 300),
      cause,
    });
  } finally {
    room.close();
  }
}

/** All layers, those of networks inside the network included, each once. */
export function allLayers(layers: readonly Layer[]): Layer[] {
  const seen = new Set<Layer>();
  const visit = (layer: Layer) => {
    if (seen.has(layer)) return;
    seen.add(layer);
    for (const inner of innerLayers(layer)) visit(inner);
  };
  for (const layer of layers) visit(layer);
  return [...seen];
}

/** Layers of a network that is itself a layer; none for other layers. */
export function innerLayers(layer: Layer): readonly Layer[] {
  return layer instanceof tf.LayersModel ? layer.layers : [];
}

function refuseHuge(model: LayersModel, path: string): void {
  for (const layer of allLayers(model.layers)) {
    for (const shape of outputShapes(layer)) {
      const size = shape.reduce<number>((product, dimension) => product * (dimension ?? 1), 1);
      if (size <= MAX_OUTPUT && shape.every((dimension) => (dimension ?? 0) >= 0)) continue;
      throw malformed(
        path,
        `its layer ${layer.name} gives an impossible output`,
        undefined,
        `[${shape.join(', ')}]`,
      );
    }
  }
}

/** Output shapes of a layer's last call; none where it was not called. */
export function outputShapes(layer: Layer): readonly (readonly (number | null)[])[] {
  const node = layer.inboundNodes.at(-1);
  return (node?.outputTensors ?? []).map((tensor) => tensor.shape);
}

/** @throws ZooError `INTEGRITY` unless each weight has its numbers and all numbers have their weight. */
async function setWeights(layers: LayersModel, model: TfjsModel): Promise<void> {
  const { path } = model.file;
  const open = new Map<string, LayerVariable>();
  for (const variable of layers.weights) {
    if (open.has(variable.originalName))
      throw malformed(path, 'two weights have one name', undefined, variable.originalName);
    open.set(variable.originalName, variable);
  }
  for await (const weight of readTfjsWeights(model, ({ group }) => group !== 'optimizer')) {
    const name = possibleNames(weight.name).find((candidate) => open.has(candidate));
    const variable = open.get(name ?? '');
    if (name === undefined || variable === undefined) {
      throw malformed(
        path,
        'its files have a weight that no layer needs',
        undefined,
        weight.name.slice(0, 200),
      );
    }
    open.delete(name);
    if (variable.shape.join() !== weight.shape.join() || variable.dtype !== weight.dtype) {
      throw malformed(
        path,
        `the weight ${weight.name.slice(0, 200)} has another shape or type than its layer needs`,
        `${variable.dtype} [${variable.shape.join(', ')}]`,
        `${weight.dtype} [${weight.shape.join(', ')}]`,
      );
    }
    const tensor = weightTensor(weight);
    variable.write(tensor);
    tensor.dispose();
  }
  if (open.size === 0) return;
  const missing = [...open.keys()];
  throw malformed(
    path,
    `${missing.length} weights of its layers are in no file`,
    undefined,
    missing.slice(0, 5).join(', '),
  );
}

/**
 * Names that a weight may have in the network: its own; without the name of the cell, which TensorFlow 2.2 and later
 * put in front of the last part; without the names of the networks around it, which Keras 3 puts in front of all.
 */
export function possibleNames(name: string): string[] {
  const parts = name.split('/');
  const own = (tokens: readonly string[]) => [
    tokens.join('/'),
    ...(tokens.length > 2 ? [[...tokens.slice(0, -2), ...tokens.slice(-1)].join('/')] : []),
    // Of a depthwise convolution, as Keras 2 calls it.
    ...(tokens.at(-1) === 'kernel' ? [[...tokens.slice(0, -1), 'depthwise_kernel'].join('/')] : []),
  ];
  return parts.slice(0, -1).flatMap((_, start) => own(parts.slice(start)));
}
